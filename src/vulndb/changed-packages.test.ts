import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Advisory, Rating } from '#advisory/advisory.ts';
import { matchInventory } from '#matching/match-inventory.ts';
import { distro, inventoryOf, packageOf } from '#matching/testing/sample.ts';
import { type ScratchFolder, scratchFolder } from '../../test/fixtures/scratch-folder.ts';
import { type DatabaseChanges, findChangedPackages } from './changed-packages.ts';
import { changedSignals } from './changed-signals.ts';
import { type DatabaseBuild, startBuild } from './database-build.ts';
import type { PartKey } from './part-table.ts';
import { fixedIn, makeAdvisory } from './testing/samples.ts';
import { openDatabase } from './vulnerability-database.ts';

const COUNTS = { read: 1, kept: 1, skipped: {}, lost: {} };
const FACTS = { origin: 'here', asOf: '2026-11-20', counts: COUNTS };
const NPM = { source: 'osv', name: 'npm' };
const signal = new AbortController().signal;

let folder: ScratchFolder;
let count = 0;

beforeAll(async () => {
  folder = await scratchFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

/** Makes the next state of the database at `path`, or a new one; @returns its path. */
function build(work: (build: DatabaseBuild) => void, path = place()): string {
  using next = startBuild(path, { now: new Date('2026-11-21T12:00:00Z'), builtBy: '1' });
  work(next);
  next.finish();
  return path;
}

function place(): string {
  count += 1;
  return folder.at(`${count}.db`);
}

/** A database of these advisories, in a part for each source. */
function databaseOf(...advisories: readonly Advisory[]): string {
  return build(next => {
    for (const source of new Set(advisories.map(one => one.source))) {
      const own = advisories.filter(one => one.source === source);
      next.replacePart({ source, name: source === 'osv' ? 'npm' : '' }, own, () => FACTS);
    }
  });
}

async function compare(before: string, after: string): Promise<readonly string[]> {
  return inShort(await findChangedPackages(before, after, { signal }));
}

function inShort({ ecosystems, packages, redHatRepositories, redHatImages }: DatabaseChanges): readonly string[] {
  const named = [...packages].flatMap(([ecosystem, names]) => [...names].map(name => `${ecosystem} ${name}`));
  return [...named.sort(), ...ecosystems.map(one => `all of ${one}`), ...redHatRepositories, ...redHatImages];
}

const vector = (impact: string): Rating => ({
  kind: 'cvss',
  version: '3.1',
  vector: `CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:${impact}/I:N/A:N`,
  origin: 'nvd',
});
const A = makeAdvisory({
  id: 'GHSA-a',
  aliases: ['CVE-2024-0001'],
  title: 'A',
  modified: '2024-01-01',
  affected: [fixedIn('npm', 'left-pad', '1.0'), fixedIn('npm', 'right-pad', '1.0')],
});
const B = makeAdvisory({ id: 'GHSA-b', title: 'B', affected: [fixedIn('npm', 'left-pad', '2.0')] });
const C = makeAdvisory({ id: 'GHSA-c', title: 'C', affected: [fixedIn('npm', 'mid-pad', '2.0')] });
const LEFT = 'npm left-pad';
const RIGHT = 'npm right-pad';
const MID = 'npm mid-pad';

describe('the packages of which another database says something else', () => {
  test.each<{ why: string; before: readonly Advisory[]; after: readonly Advisory[]; changed: readonly string[] }>([
    { why: 'the same again', before: [A, B, C], after: [A, B, C], changed: [] },
    { why: 'the same in another order', before: [A, B, C], after: [C, B, A], changed: [] },
    { why: 'one more', before: [A, B], after: [A, B, C], changed: [MID] },
    { why: 'one more before all others', before: [A, B], after: [C, A, B], changed: [MID] },
    { why: 'one less', before: [A, B, C], after: [B, C], changed: [LEFT, RIGHT] },
    {
      why: 'another one in the same place, of the same range',
      before: [A, B],
      after: [A, { ...B, id: 'GHSA-x' }],
      changed: [LEFT],
    },
    {
      why: 'another range',
      before: [A, B],
      after: [A, { ...B, affected: [fixedIn('npm', 'left-pad', '2.1')] }],
      changed: [LEFT],
    },
    {
      why: 'another state of the fix',
      before: [A, B, C],
      after: [A, B, { ...C, affected: [{ ...fixedIn('npm', 'mid-pad', '2.0'), state: { kind: 'not-fixed' } }] }],
      changed: [MID],
    },
    { why: 'another title', before: [A, B], after: [{ ...A, title: 'Other' }, B], changed: [LEFT, RIGHT] },
    { why: 'another alias', before: [A, B], after: [A, { ...B, aliases: ['CVE-2024-0002'] }], changed: [LEFT] },
    { why: 'another severity', before: [A, C], after: [A, { ...C, ratings: [vector('H')] }], changed: [MID] },
    { why: 'withdrawn', before: [A, C], after: [A, { ...C, withdrawn: '2024-02-02' }], changed: [MID] },
    { why: 'the other way round: no longer', before: [{ ...C, withdrawn: '2024-02-02' }], after: [C], changed: [MID] },
    {
      why: 'other links',
      before: [A, C],
      after: [A, { ...C, references: [{ type: 'WEB', url: 'https://x.example' }] }],
      changed: [MID],
    },
    {
      why: 'only dates and what no finding tells',
      before: [A, B],
      after: [{ ...A, modified: '2024-05-05', published: '2024-01-01', details: 'Long text', cwes: ['CWE-1'] }, B],
      changed: [],
    },
    {
      why: 'without a title the first sentence of the text is told',
      before: [{ ...C, title: '', details: 'One. Two' }].map(({ title: _, ...rest }) => rest),
      after: [{ ...C, title: '', details: 'Other. Two' }].map(({ title: _, ...rest }) => rest),
      changed: [MID],
    },
    {
      why: 'the vector in another record of the same weakness',
      before: [A, B, makeAdvisory({ id: 'CVE-2024-0001', source: 'nvd', ratings: [vector('L')] })],
      after: [A, B, makeAdvisory({ id: 'CVE-2024-0001', source: 'nvd', ratings: [vector('H')] })],
      changed: [LEFT, RIGHT],
    },
    {
      why: 'a first record of a weakness that an erratum fixes',
      before: [{ ...B, upstream: ['CVE-2024-0007'] }],
      after: [
        { ...B, upstream: ['CVE-2024-0007'] },
        makeAdvisory({ id: 'CVE-2024-0007', source: 'nvd', ratings: [vector('H')] }),
      ],
      changed: [LEFT],
    },
    {
      why: 'another ecosystem',
      before: [A],
      after: [A, makeAdvisory({ id: 'PYSEC-1', affected: [fixedIn('PyPI', 'django', '2')] })],
      changed: ['all of PyPI'],
    },
    {
      why: 'another source decides now',
      before: [makeAdvisory({ id: 'DSA-1', affected: [fixedIn('Debian:12', 'curl', '2')] }), A],
      after: [
        makeAdvisory({ id: 'DSA-1', affected: [fixedIn('Debian:12', 'curl', '2')] }),
        makeAdvisory({ id: 'CVE-2024-9', source: 'debian-tracker', affected: [fixedIn('Debian:12', 'curl', '2')] }),
        A,
      ],
      changed: ['all of Debian:12'],
    },
    {
      why: 'a source that does not decide',
      before: [
        makeAdvisory({ id: 'CVE-2024-9', source: 'debian-tracker', affected: [fixedIn('Debian:12', 'curl', '2')] }),
        makeAdvisory({ id: 'DSA-1', affected: [fixedIn('Debian:12', 'curl', '2')] }),
      ],
      after: [
        makeAdvisory({ id: 'CVE-2024-9', source: 'debian-tracker', affected: [fixedIn('Debian:12', 'curl', '2')] }),
        makeAdvisory({ id: 'DSA-1', affected: [fixedIn('Debian:12', 'curl', '3')] }),
      ],
      changed: [],
    },
    { why: 'nothing at all before', before: [], after: [A], changed: ['all of npm'] },
  ])('$why: $changed', async ({ before, after, changed }) => {
    expect(await compare(databaseOf(...before), databaseOf(...after))).toEqual(changed);
    // Put over the other, its part gets another number.
    const [path, copy] = [databaseOf(...before), databaseOf(...before)];
    build(next => {
      for (const key of next.parts()) {
        const own = after.filter(({ source }) => source === key.source);
        next.replacePart(key, own, () => FACTS);
      }
      for (const source of new Set(after.map(one => one.source))) {
        if (next.parts().some(part => part.source === source)) continue;
        const own = after.filter(one => one.source === source);
        next.replacePart({ source, name: source === 'osv' ? 'npm' : '' }, own, () => FACTS);
      }
    }, path);
    expect(await compare(copy, path)).toEqual(changed);
  });

  test('records that were exchanged one by one are found among those that stayed', async () => {
    const others = Array.from({ length: 500 }, (_, at) =>
      makeAdvisory({ id: `N-${at}`, details: 'x'.repeat(100), affected: [fixedIn('npm', `package-${at % 50}`, '1')] }),
    );
    const make = () => build(next => next.replacePart(NPM, [...others, A, B], () => FACTS));
    const [before, after] = [make(), make()];
    build(next => {
      next.changePart(NPM, { remove: ['N-7'], add: [{ ...A, title: 'Other' }, C] }, FACTS);
      // The same again, in another place.
      next.changePart(NPM, { remove: [], add: [B] }, FACTS);
    }, after);
    expect(await compare(before, after)).toEqual([LEFT, MID, 'npm package-7', RIGHT]);
    expect(await compare(after, before)).toEqual([LEFT, MID, 'npm package-7', RIGHT]);
    const rebuilt = build(next =>
      next.replacePart(NPM, [C, B, ...others.toSpliced(7, 1), { ...A, title: 'Other' }], () => FACTS),
    );
    expect(await compare(after, rebuilt)).toEqual([]);
  });

  test('a repository of Red Hat with other ecosystems is named, and an image of other repositories', async () => {
    const keys = ['repositories', 'images'].map(name => ({ source: 'redhat-vex', name })) as [PartKey, PartKey];
    const make = (stream: string) =>
      build(next => {
        next.replacePart(NPM, [A], () => FACTS);
        const repositories = new Map([
          ['rhel-9-baseos', [stream]],
          ['rhel-9-appstream', ['x']],
        ]);
        next.setRedHatRepositories(keys[0], repositories, FACTS);
        next.setRedHatImages(keys[1], new Map([['ubi9', [stream]]]), FACTS);
      });
    expect(await compare(make('a'), make('a'))).toEqual([]);
    expect(await compare(make('a'), make('b'))).toEqual(['rhel-9-baseos', 'ubi9']);
  });

  test('a comparison that is no longer wanted ends', async () => {
    const path = databaseOf(A, B);
    const given = AbortSignal.abort(new Error('no longer wanted'));
    const many = Array.from({ length: 4000 }, (_, at) => ({ ...B, id: `N-${at}` }));
    const large = build(next => next.replacePart(NPM, many, () => FACTS));
    await expect(findChangedPackages(large, path, { signal: given })).rejects.toThrow('no longer wanted');
  });
});

const names = ['left-pad', 'right-pad', 'mid-pad'];
const ids = ['GHSA-a', 'GHSA-b', 'CVE-2024-0001', 'CVE-2024-0002', 'PYSEC-1'];
const anyAdvisory = fc
  .record({
    id: fc.constantFrom(...ids),
    source: fc.constantFrom('osv', 'nvd'),
    aliases: fc.uniqueArray(fc.constantFrom(...ids), { maxLength: 2 }),
    upstream: fc.uniqueArray(fc.constantFrom(...ids), { maxLength: 2 }),
    title: fc.option(fc.constantFrom('one', 'two'), { nil: undefined }),
    details: fc.constantFrom('First. Second', 'Other. Second'),
    modified: fc.constantFrom('2024-01-01', '2024-02-02'),
    isWithdrawn: fc.boolean(),
    ratings: fc.subarray([vector('H'), vector('L')]),
    affected: fc.uniqueArray(
      fc.record({
        ecosystem: fc.constantFrom('npm', 'PyPI'),
        name: fc.constantFrom(...names),
        fix: fc.constantFrom('1', '2'),
      }),
      { maxLength: 3 },
    ),
  })
  .map(({ title, isWithdrawn, affected, ...fields }) =>
    makeAdvisory({
      ...fields,
      ...(title === undefined ? {} : { title }),
      ...(isWithdrawn ? { withdrawn: '2024-03-03' } : {}),
      affected: affected.map(({ ecosystem, name, fix }) => fixedIn(ecosystem, name, fix)),
    }),
  );
const anyAdvisories = fc.uniqueArray(anyAdvisory, {
  selector: ({ id, source }) => `${id} ${source}`,
  maxLength: 6,
});
const IMAGE = inventoryOf(
  names.flatMap(name => [
    packageOf({ type: 'npm', name, version: '0.5' }),
    packageOf({ type: 'pypi', name, version: '1.5' }),
  ]),
  distro('debian', '12'),
);

test('packages that are not named have the findings that they had, whatever changed', async () => {
  await fc.assert(
    fc.asyncProperty(anyAdvisories, anyAdvisories, fc.boolean(), async (olds, news, isEdit) => {
      const before = databaseOf(...olds);
      const after = isEdit ? databaseOf(...olds) : databaseOf(...news);
      if (isEdit) {
        build(next => {
          const osv = news.filter(({ source }) => source === 'osv');
          next.changePart(NPM, { remove: ids.slice(0, 2), add: osv }, FACTS);
        }, after);
      }
      const { ecosystems, packages } = await findChangedPackages(before, after, { signal });
      const match = (path: string) => {
        using database = openDatabase(path);
        const { findings, undetermined } = matchInventory(IMAGE, database, { today: '2026-11-21' });
        return IMAGE.packages.map(one => {
          const own = findings.filter(finding => finding.package === one);
          const doubts = undetermined
            .filter(group => group.packages.includes(one))
            .map(({ why, ids: of }) => [why, of]);
          return JSON.stringify([own, doubts]);
        });
      };
      const [was, is] = [match(before), match(after)];
      for (const [at, one] of IMAGE.packages.entries()) {
        const ecosystem = one.type === 'npm' ? 'npm' : 'PyPI';
        if (ecosystems.includes(ecosystem) || packages.get(ecosystem)?.has(one.name)) continue;
        expect(is[at]).toBe(was[at]);
      }
    }),
    { numRuns: 60 },
  );
});

test('signals are told that came, went, or have other numbers', () => {
  const make = (score: number, added: string | undefined) =>
    build(next => {
      const scores = ['CVE-1', 'CVE-2'].map((cve, at) => ({ cve, score: at === 0 ? score : 0.5, percentile: 0.5 }));
      next.setProbabilities({ source: 'epss', name: '' }, scores, FACTS);
      const known = added === undefined ? [] : [{ cve: 'CVE-3', added, isRansomware: false }];
      next.setKnownExploited({ source: 'kev', name: '' }, known, FACTS);
    });
  using before = openDatabase(make(0.1, undefined));
  using after = openDatabase(make(0.2, '2026-11-20'));
  expect([...changedSignals(before, before, ['CVE-1', 'CVE-2', 'CVE-3', 'CVE-4'])]).toEqual([]);
  expect([...changedSignals(before, after, ['CVE-1', 'CVE-2', 'CVE-3', 'CVE-4'])]).toEqual([
    { cve: 'CVE-1', isEpssChanged: true, isKevChanged: false },
    { cve: 'CVE-3', isEpssChanged: false, isKevChanged: true },
  ]);
});
