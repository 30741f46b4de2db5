/**
 * What no source may do to us, whatever it sends: make a parser throw anything but a PlimsollError, or make it keep what it did not count.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { prepareRange } from '#version/range.ts';
import { schemeFor } from '#version/schemes.ts';
import type { Advisory } from './advisory.ts';
import { parseSecdb } from './alpine-secdb/parse-secdb.ts';
import { parseUpdateinfo } from './amazon/parse-updateinfo.ts';
import { parseDebianList } from './debian-tracker/parse-list.ts';
import { parseDebianTracker } from './debian-tracker/parse-tracker.ts';
import { parseEpss } from './epss/parse-epss.ts';
import { parseKev } from './kev/parse-kev.ts';
import { parseNvd } from './nvd/parse-nvd.ts';
import { parseOracleOval } from './oracle/parse-oval.ts';
import { parseOsvRecord, readOsvRecord } from './osv/parse-record.ts';
import { ReadTally } from './read-tally.ts';
import { parseContainerMap, parseRepositoryMap } from './redhat-vex/parse-maps.ts';
import { parseRedHatVex } from './redhat-vex/parse-vex.ts';

type Parse = (bytes: Uint8Array, tally: ReadTally) => Iterable<unknown> | AsyncIterable<unknown>;

/** Parsers of advisories. */
const ADVISORY_PARSERS: Readonly<Record<string, (...input: Parameters<Parse>) => Parsed>> = {
  osv: (bytes, tally) => [parseOsvRecord(bytes, tally)].filter(one => one !== undefined),
  'debian-tracker': parseDebianTracker,
  'debian-lists': parseDebianList,
  'alpine-secdb': (bytes, tally) => parseSecdb(bytes, tally, { ecosystem: 'Wolfi' }),
  'redhat-vex': (bytes, tally) => [parseRedHatVex(bytes, tally)].filter(one => one !== undefined),
  amazon: (bytes, tally) => parseUpdateinfo([bytes], tally, { release: '2' }),
  oracle: (bytes, tally) => parseOracleOval([bytes], tally),
  nvd: parseNvd,
};
type Parsed = Iterable<Advisory> | AsyncIterable<Advisory>;

const PARSERS: Readonly<Record<string, Parse>> = {
  ...ADVISORY_PARSERS,
  kev: (bytes, tally) => parseKev(bytes, tally).exploited,
  epss: (bytes, tally) => parseEpss(bytes, tally).scores,
  'repository map': parseRepositoryMap,
  'container map': parseContainerMap,
};

/** What was read, nothing after a PlimsollError; anything else that is thrown fails the test. */
async function outcome<T>(
  parse: (bytes: Uint8Array, tally: ReadTally) => Iterable<T> | AsyncIterable<T>,
  bytes: Uint8Array,
): Promise<readonly T[]> {
  const tally = new ReadTally();
  try {
    const found = await Array.fromAsync(parse(bytes, tally));
    const { read, kept, skipped } = tally.counts();
    expect(read).toBe(kept + Object.values(skipped).reduce((sum, count) => sum + count, 0));
    return found;
  } catch (error) {
    if (error instanceof PlimsollError) return [];
    throw error;
  }
}

/** What the database and the matcher may rely on. */
function isSound(advisory: Advisory): boolean {
  for (const { ecosystem, name, range } of advisory.affected) {
    if (ecosystem === '' || name === '') return false;
    const scheme = schemeFor(ecosystem);
    if (scheme !== undefined) prepareRange(range, scheme);
  }
  return (
    advisory.id !== '' && advisory.references.length <= 50 && advisory.references.every(one => /^https?:/.test(one.url))
  );
}

/** Words of the formats, so that random documents get past the first check. */
const KEYS = [
  ...['id', 'affected', 'package', 'ecosystem', 'name', 'ranges', 'type', 'events', 'introduced', 'fixed', 'versions'],
  ...[
    'severity',
    'score',
    'database_specific',
    'ecosystem_specific',
    'binaries',
    'imports',
    'path',
    'symbols',
    'summary',
  ],
  ...[
    'releases',
    'bookworm',
    'status',
    'fixed_version',
    'urgency',
    'nodsa',
    'packages',
    'pkg',
    'secfixes',
    '1.2-r0',
    '0',
  ],
  ...[
    'document',
    'category',
    'csaf_version',
    'tracking',
    'product_tree',
    'branches',
    'product',
    'product_id',
    'relationships',
  ],
  ...['vulnerabilities', 'cve', 'product_status', 'known_affected', 'remediations', 'product_ids', 'threats', 'scores'],
  ...[
    'cveID',
    'dateAdded',
    'catalogVersion',
    'configurations',
    'nodes',
    'cpeMatch',
    'criteria',
    'vulnerable',
    'data',
    'cpes',
  ],
  ...['aliases', 'related', 'references', 'url', 'withdrawn', 'modified', 'CVE-2024-0001', '__proto__', 'constructor'],
];
const VALUES = [
  ...[
    'npm',
    'Debian:12',
    'AlmaLinux:8',
    'Go',
    'SEMVER',
    'GIT',
    '0',
    '1.0',
    '1-1.module_el8',
    'CVE-2024-0001',
    'ALSA-1',
    '',
  ],
  ...[
    'open',
    'resolved',
    'csaf_vex',
    '2.0',
    'cpe:/a:redhat:x',
    'cpe:2.3:a:b:c:1:*:*:*:*:*:*:*',
    'pkg:rpm/redhat/x@1?arch=src',
  ],
  ...['https://example.org', '2024-01-01', 'High', '<= 1.0', 'CVSS:3.1/AV:N', 'constructor'],
];
const json = fc.letrec(tie => ({
  value: fc.oneof(
    { maxDepth: 7, withCrossShrink: true },
    fc.oneof(fc.constantFrom(...VALUES), fc.constantFrom(null, true, 7, -0.5), fc.string({ maxLength: 8 })),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...KEYS), tie('value'), { maxKeys: 6 }),
  ),
})).value;

test.each(Object.entries(PARSERS))('%s: no bytes make it throw anything but a PlimsollError', async (_, parse) => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async bytes => void (await outcome(parse, bytes))),
    { numRuns: 60 },
  );
});

test.each(Object.entries(ADVISORY_PARSERS))(
  '%s: no JSON makes it throw anything but a PlimsollError',
  async (_, parse) => {
    await fc.assert(
      fc.asyncProperty(json, async value => {
        const advisories = await outcome(parse, Buffer.from(JSON.stringify(value)));
        expect(advisories.every(isSound)).toBe(true);
      }),
      { numRuns: 150 },
    );
  },
);

test('an OSV record of any shape around a real one is read or skipped', () => {
  const record = fc.record(
    {
      id: fc.constantFrom('GHSA-1', 'ALSA-2023:1', 'MAL-1', 'RUSTSEC-1', 'DEBIAN-CVE-1', 'UBUNTU-CVE-1', 'GO-1'),
      affected: fc.array(
        fc.record(
          {
            package: fc.record({
              ecosystem: fc.constantFrom(...VALUES),
              name: fc.constantFrom('Demo', 'x:y', '\u0000'),
            }),
            ranges: json,
            versions: json,
            severity: json,
            ecosystem_specific: json,
            database_specific: json,
          },
          { requiredKeys: ['package'] },
        ),
        { maxLength: 4 },
      ),
      aliases: json,
      related: json,
      summary: json,
      severity: json,
      references: json,
      database_specific: json,
      withdrawn: json,
    },
    { requiredKeys: ['id', 'affected'] },
  );
  fc.assert(
    fc.property(record, value => {
      const tally = new ReadTally();
      const advisory = readOsvRecord(value, tally);
      expect(tally.counts().read).toBe(1);
      expect(advisory === undefined || isSound(advisory)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

const tag = fc.constantFrom(
  ...[
    '<updates>',
    '</updates>',
    '<update type="security">',
    '</update>',
    '<id>A-1</id>',
    '<package name="x"',
    ' arch="src"/>',
  ],
  ...[
    '<oval_definitions>',
    '<definition class="patch">',
    '<criteria operator="OR">',
    '</criteria>',
    '<![CDATA[',
    ']]>',
    '<!--',
  ],
  ...[
    '<criterion comment="x is earlier than 1-1"/>',
    '&amp;',
    '&x;',
    '<?x?>',
    '<!DOCTYPE x [<!ENTITY x "y">]>',
    '-->',
    'text',
  ],
);
test.each(['amazon', 'oracle'])('%s: no XML makes it throw anything but a PlimsollError', async name => {
  const parse = PARSERS[name] ?? (() => []);
  await fc.assert(
    fc.asyncProperty(fc.array(tag, { maxLength: 12 }), async tags => {
      await outcome(parse, Buffer.from(`<${name === 'amazon' ? 'updates' : 'oval_definitions'}>${tags.join('')}`));
    }),
    { numRuns: 200 },
  );
});

const line = fc.constantFrom(
  ...[
    '[29 Mar 2023] DSA-5380-1 demo - security update',
    '\t{CVE-2023-0001}',
    '\t[bullseye] - demo 1-1',
    '\t[zurg] -',
    '\tNOTE: x',
  ],
  ...['[] DSA', '{', '\t', ' [woody] - demo <unfixed> (x)', 'x'],
);
test('Debian’s lists: no lines make it throw anything but a PlimsollError', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 12 }), async lines => {
      const advisories = await outcome(parseDebianList, Buffer.from(lines.join('\n')));
      expect(advisories.every(isSound)).toBe(true);
    }),
  );
});

test.each([
  { name: 'a list of a million lists', text: '['.repeat(1_000_000) },
  { name: 'millions of values in a small file', text: `[${'{},'.repeat(3_000_000)}{}]` },
])('$name is refused before it fills the memory', async ({ text }) => {
  const tally = new ReadTally();
  expect(parseOsvRecord(text, tally)).toBeUndefined();
  expect(tally.counts().kept).toBe(0);
});
