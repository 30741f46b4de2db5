import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Advisory } from '#advisory/advisory.ts';
import { PlimsollError } from '#base/errors.ts';
import { type ScratchFolder, scratchFolder } from '../../test/fixtures/scratch-folder.ts';
import { type DatabaseBuild, startBuild } from './database-build.ts';
import { fixedIn, makeAdvisory } from './testing/samples.ts';
import { openDatabase } from './vulnerability-database.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const OPTIONS = { now: NOW, builtBy: '1' };
const FACTS = { origin: 'here', asOf: '2026-11-20', counts: { read: 1, kept: 1, skipped: {}, lost: {} } };
const NPM = { source: 'osv', name: 'npm' };
const PYPI = { source: 'osv', name: 'PyPI' };

let folder: ScratchFolder;
let count = 0;

beforeAll(async () => {
  folder = await scratchFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

/** A place of its own for a database. */
function place(): string {
  count += 1;
  mkdirSync(folder.at(`${count}`));
  return folder.at(`${count}`, 'v.db');
}

function change(path: string, work: (build: DatabaseBuild) => void, options: { isFresh?: boolean } = {}): void {
  using build = startBuild(path, { ...OPTIONS, ...options });
  work(build);
  build.finish();
}

const advisory = (id: string, ecosystem: string, name: string, fixed = '1.0') =>
  makeAdvisory({ id, details: `about ${id}`, affected: [fixedIn(ecosystem, name, fixed)] });
const many = (number: number, fixed = '1.0') =>
  Array.from({ length: number }, (_, at) => advisory(`N-${at}`, 'npm', `package-${at % 7}`, fixed));

/** What the database says of each package: ids and fixes. */
function contents(path: string): Readonly<Record<string, readonly string[]>> {
  using database = openDatabase(path);
  const names = ['npm', 'PyPI'].flatMap(ecosystem =>
    Array.from({ length: 7 }, (_, at) => [ecosystem, `package-${at}`] as const),
  );
  return Object.fromEntries(
    names.map(([ecosystem, name]) => [
      `${ecosystem} ${name}`,
      database.find(ecosystem, name).map(({ advisory: found, affected }) => {
        const [range] = affected.range.ranges;
        return `${found.id} ${range?.at(-1)?.version} ${found.details}`;
      }),
    ]),
  );
}

test('an import adds to what there is, and replaces only its own part', () => {
  const path = place();
  change(path, build => build.replacePart(NPM, [advisory('A', 'npm', 'package-0')], () => FACTS));
  change(path, build => build.replacePart(PYPI, [advisory('B', 'PyPI', 'package-0')], () => FACTS));
  change(path, build => build.replacePart(NPM, [advisory('C', 'npm', 'package-1')], () => FACTS));
  const found = contents(path);
  expect(found['npm package-0']).toEqual([]);
  expect(found['npm package-1']).toEqual(['C 1.0 about C']);
  expect(found['PyPI package-0']).toEqual(['B 1.0 about B']);
  using database = openDatabase(path);
  expect(database.show('A')).toEqual([]);
});

test('a fresh start forgets everything', () => {
  const path = place();
  change(path, build => build.replacePart(NPM, many(5), () => FACTS));
  change(path, build => build.replacePart(PYPI, [], () => FACTS), { isFresh: true });
  using database = openDatabase(path);
  expect(database.status().parts.map(({ name }) => name)).toEqual(['PyPI']);
  expect(database.covers('npm')).toBe(false);
});

test('a source that breaks off leaves the part as it was', () => {
  const path = place();
  change(path, build => build.replacePart(NPM, [advisory('A', 'npm', 'package-0')], () => FACTS));
  change(path, build => {
    function* broken() {
      yield advisory('B', 'npm', 'package-1');
      throw new PlimsollError('FILE_INVALID', 'cut off');
    }
    expect(() => build.replacePart(NPM, broken(), () => FACTS)).toThrow('cut off');
    build.replacePart(PYPI, [advisory('C', 'PyPI', 'package-0')], () => FACTS);
  });
  const found = contents(path);
  expect(found['npm package-0']).toEqual(['A 1.0 about A']);
  expect(found['npm package-1']).toEqual([]);
  expect(found['PyPI package-0']).toEqual(['C 1.0 about C']);
});

test('a source that has far fewer advisories than before is not believed', () => {
  const path = place();
  change(path, build => {
    build.replacePart(NPM, many(200), () => FACTS);
    expect(() => build.replacePart(NPM, many(150), () => FACTS)).toThrow(
      expect.objectContaining({ code: 'ADVISORY_INVALID', message: expect.stringContaining('Keeping the 200') }),
    );
    expect(build.parts()).toMatchObject([{ name: 'npm', advisories: 200 }]);
    build.replacePart(NPM, many(195), () => FACTS);
    build.replacePart(NPM, many(3), () => FACTS, { mayShrink: true });
    build.replacePart(NPM, [], () => FACTS);
    const scores = many(200).map(({ id }) => ({ cve: id, score: 0.1, percentile: 0.2 }));
    const epss = { source: 'epss', name: '' };
    build.setProbabilities(epss, scores, FACTS);
    expect(() => build.setProbabilities(epss, scores.slice(0, 10), FACTS)).toThrow('Keeping the 200');
  });
  using database = openDatabase(path);
  expect(database.epss('N-199')).toMatchObject({ score: 0.1 });
});

test('whatever changes one after the other, the database has what a model of it has', () => {
  const one = fc.record({ id: fc.nat(9), name: fc.nat(6), fixed: fc.nat(3) });
  const step = fc.record({
    isWhole: fc.boolean(),
    remove: fc.array(fc.nat(9), { maxLength: 3 }),
    add: fc.uniqueArray(one, { selector: ({ id }) => id, maxLength: 6 }),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 4 }), steps => {
      const path = place();
      let model = new Map<string, Advisory>();
      for (const { isWhole, remove, add } of steps) {
        const all = add.map(({ id, name, fixed }) => advisory(`A-${id}`, 'npm', `package-${name}`, `${fixed}`));
        const ids = remove.map(id => `A-${id}`);
        change(path, build => {
          if (isWhole) build.replacePart(NPM, all, () => FACTS);
          else build.changePart(NPM, { remove: ids, add: all }, FACTS);
        });
        if (isWhole) model = new Map();
        for (const id of ids) model.delete(id);
        for (const next of all) model.set(next.id, next);
        const wanted = [...model.values()]
          .map(({ id, affected }) => `${affected[0]?.name} ${id} ${affected[0]?.range.ranges[0]?.at(-1)?.version}`)
          .sort();
        const found = Object.entries(contents(path)).flatMap(([key, list]) =>
          list.map(text => `${key.replace('npm ', '')} ${text.replace(/ about.*/, '')}`),
        );
        expect(found.sort()).toEqual(wanted);
        using database = openDatabase(path);
        expect(database.status().parts.map(part => part.advisories)).toEqual([model.size]);
      }
    }),
    { numRuns: 20 },
  );
});

test('a change to a package with many records appends to them, compressed or not', () => {
  const path = place();
  const records = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, at) => advisory(`K-${from + at}`, 'npm', 'package-0'));
  change(path, build => build.replacePart(NPM, records(0, 500), () => FACTS));
  change(path, build => build.changePart(NPM, { remove: ['K-7'], add: records(500, 510) }, FACTS));
  change(path, build => build.changePart(NPM, { remove: [], add: records(505, 520) }, FACTS));
  using database = openDatabase(path);
  const ids = database.find('npm', 'package-0').map(({ advisory: found }) => found.id);
  expect(ids.length).toBe(519);
  expect(new Set(ids).size).toBe(519);
  expect(ids).not.toContain('K-7');
  expect(database.status().parts).toMatchObject([{ advisories: 519, counts: { read: 3, kept: 3 } }]);
});

test('the forms of an advisory that the source has already are found', () => {
  const path = place();
  change(path, build => {
    const old = { ...advisory('A', 'npm', 'package-0'), modified: '2024-01-01' };
    build.replacePart(NPM, [old], () => FACTS);
    build.replacePart({ source: 'nvd', name: '' }, [{ ...old, source: 'nvd' }], () => FACTS);
    expect(build.findAdvisory('osv', 'A')).toEqual([{ name: 'npm', modified: '2024-01-01' }]);
    expect(build.findAdvisory('osv', 'B')).toEqual([]);
  });
});

test('two cannot change one database at a time, and the second is told who does', () => {
  const path = place();
  using first = startBuild(path, OPTIONS);
  expect(() => startBuild(path, OPTIONS)).toThrow(
    expect.objectContaining({
      code: 'DATABASE_BUSY',
      message: expect.stringContaining(`process ${process.pid}, since 2026-11-21T12:00:00.000Z, is changing it`),
    }),
  );
  first.replacePart(NPM, many(1), () => FACTS);
  first.finish();
  first[Symbol.dispose]();
  change(path, build => build.replacePart(PYPI, [], () => FACTS));
});

test('a build that is given up leaves nothing but the lock file', () => {
  const path = place();
  change(path, build => build.replacePart(NPM, many(3), () => FACTS));
  const before = readFileSync(path);
  {
    using build = startBuild(path, OPTIONS);
    build.replacePart(NPM, many(9), () => FACTS);
  }
  expect(readFileSync(path)).toEqual(before);
  expect(readdirSync(join(path, '..')).sort()).toEqual(['v.db', 'v.db.lock']);
});

test('what is saved on the way is whole, and the build goes on', () => {
  const path = place();
  using build = startBuild(path, OPTIONS);
  build.replacePart(NPM, many(3), () => FACTS);
  build.save();
  expect(contents(path)['npm package-0']).toEqual(['N-0 1.0 about N-0']);
  build.replacePart(PYPI, [advisory('P', 'PyPI', 'package-0')], () => FACTS);
  expect(contents(path)['PyPI package-0']).toEqual([]);
  build.finish();
  expect(contents(path)['PyPI package-0']).toEqual(['P 1.0 about P']);
});

test('what is there and is no database of ours is not replaced', () => {
  const path = place();
  writeFileSync(path, 'my notes');
  expect(() => startBuild(path, OPTIONS)).toThrow(expect.objectContaining({ code: 'DATABASE_INVALID' }));
  expect(readFileSync(path, 'utf8')).toBe('my notes');
  // The lock is free again.
  change(path, build => build.replacePart(NPM, many(1), () => FACTS), { isFresh: true });
  expect(contents(path)['npm package-0']).toEqual(['N-0 1.0 about N-0']);
});

test('a link to the database stays one', () => {
  const path = place();
  const link = folder.at('link.db');
  symlinkSync(path, link);
  change(path, build => build.replacePart(NPM, many(1), () => FACTS));
  change(link, build => build.replacePart(PYPI, [advisory('P', 'PyPI', 'package-0')], () => FACTS));
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(contents(path)['PyPI package-0']).toEqual(['P 1.0 about P']);
});

test('a place where there can be no file is told', () => {
  writeFileSync(folder.at('file'), '');
  expect(() => startBuild(folder.at('file', 'v.db'), OPTIONS)).toThrow(
    expect.objectContaining({ code: 'FILE_UNKNOWN' }),
  );
  expect(() => startBuild(folder.path, OPTIONS)).toThrow(expect.objectContaining({ code: 'DATABASE_INVALID' }));
});

test('a build that is killed leaves the old database, and the next one clears up after it', async () => {
  const path = place();
  change(path, build => build.replacePart(NPM, many(3), () => FACTS));
  const module = (name: string) => JSON.stringify(new URL(name, import.meta.url).href);
  const script = `
    const { startBuild } = await import(${module('./database-build.ts')});
    const build = startBuild(${JSON.stringify(path)}, { now: new Date(0), builtBy: '1' });
    const part = build.beginPart({ source: 'osv', name: 'npm' });
    const details = 'x'.repeat(5000);
    for (let number = 0; ; number += 1) {
      const affected = [{ ecosystem: 'npm', name: 'package-' + number, range: { ranges: [] } }];
      part.add({ id: 'K-' + number, source: 'osv', kind: 'weakness', aliases: [], upstream: [], ratings: [], references: [], cwes: [], details, affected });
      if (number === 5000) process.stdout.write('going');
    }`;
  const child = spawn(process.execPath, ['--conditions=plimsoll-source', '--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise(resolve => child.once('exit', resolve));
  await new Promise(resolve => child.stdout.once('data', resolve));
  expect(() => startBuild(path, OPTIONS)).toThrow(expect.objectContaining({ code: 'DATABASE_BUSY' }));
  child.kill('SIGKILL');
  await ended;
  expect(readdirSync(join(path, '..')).filter(name => name.endsWith('.partial'))).toHaveLength(1);
  expect(contents(path)['npm package-0']).toEqual(['N-0 1.0 about N-0']);
  change(path, build => build.replacePart(PYPI, [advisory('P', 'PyPI', 'package-0')], () => FACTS));
  expect(readdirSync(join(path, '..')).sort()).toEqual(['v.db', 'v.db.lock']);
  expect(contents(path)).toMatchObject({
    'npm package-0': ['N-0 1.0 about N-0'],
    'PyPI package-0': ['P 1.0 about P'],
  });
});

const whyNoTmpfs = mountSmallDisk();
if (whyNoTmpfs !== undefined) console.warn(`A full disk is not tried: ${whyNoTmpfs}`);

test.skipIf(whyNoTmpfs !== undefined)('a full disk leaves the old database, and says so', () => {
  const disk = folder.at('disk');
  mkdirSync(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]);
  try {
    const path = join(disk, 'v.db');
    change(path, build => build.replacePart(NPM, many(3), () => FACTS));
    const before = readFileSync(path);
    const big = Array.from({ length: 3000 }, (_, at) => ({
      ...advisory(`B-${at}`, 'npm', `package-${at}`),
      details: Array.from({ length: 200 }, (__, word) => ((at * 7919 + word * 104_729) % 1_000_003).toString(36)).join(
        ' ',
      ),
    }));
    expect(() => change(path, build => build.replacePart(PYPI, big, () => FACTS))).toThrow(
      expect.objectContaining({
        code: 'LIMIT_EXCEEDED',
        message: `Cannot update the vulnerability database "${path}", which stays as it was: no space left on its disk`,
      }),
    );
    expect(readFileSync(path)).toEqual(before);
    expect(readdirSync(disk).sort()).toEqual(['v.db', 'v.db.lock']);
    // Not even room for a copy to work on.
    writeFileSync(join(disk, 'filler'), Buffer.alloc(1));
    try {
      writeFileSync(join(disk, 'filler'), Buffer.alloc(3_000_000));
    } catch {
      // That fills it.
    }
    expect(() => startBuild(path, OPTIONS)).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }));
    rmSync(join(disk, 'filler'));
    expect(contents(path)['npm package-0']).toEqual(['N-0 1.0 about N-0']);
  } finally {
    execFileSync('umount', [disk]);
  }
});

/** Why no small disk can be had here; `undefined` when it can. */
function mountSmallDisk(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can mount a small one';
  return existsSync('/proc/mounts') && readFileSync('/proc/filesystems', 'utf8').includes('tmpfs')
    ? undefined
    : 'there is no tmpfs here';
}
