/** What holds of every image and every set of advisories. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Advisory, Rating } from '#advisory/advisory.ts';
import type { Package } from '#inventory/inventory.ts';
import type { AdvisoryLookup } from './finding.ts';
import { matchInventory } from './match-inventory.ts';
import { memoryLookup } from './testing/memory-lookup.ts';
import { advisory, affects, distro, inventoryOf, packageOf } from './testing/sample.ts';

const DEBIAN = distro('debian', '12');
const today = '2026-11-21';

const version = fc.constantFrom('0.9', '1.0', '1.1', '1.2', '2.0', '2.1', '3.0');
const name = fc.constantFrom('curl', 'zlib');
const id = fc.constantFrom('CVE-2024-0001', 'CVE-2024-0002', 'GHSA-a', 'GHSA-b', 'PYSEC-1', 'X-1', 'X-2');
const bounds = fc.oneof(
  version.map(fix => `<${fix}`),
  fc.tuple(version, version).map(([from, fix]) => `>=${from} <${fix}`),
  version.map(last => `<=${last}`),
  fc.constant('*'),
);
const affected = fc.oneof(
  fc.record({ ecosystem: fc.constant('PyPI'), name, bounds, isNotAffected: fc.constant(false) }),
  fc.record({ ecosystem: fc.constant('Debian:12'), name, bounds, isNotAffected: fc.boolean() }),
);
const record: fc.Arbitrary<Advisory> = fc
  .record({
    id,
    source: fc.constantFrom('osv', 'debian-tracker'),
    aliases: fc.uniqueArray(id, { maxLength: 2 }),
    upstream: fc.uniqueArray(id, { maxLength: 3 }),
    affected: fc.array(affected, { minLength: 1, maxLength: 3 }),
    title: fc.constantFrom(undefined, 'one', 'another'),
    url: fc.constantFrom('https://a.example', 'https://b.example'),
    ratings: fc.subarray<Rating>([
      { kind: 'cvss', version: '3.1', vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N', origin: 'nvd' },
      { kind: 'cvss', version: '3.1', vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', origin: 'ghsa' },
      { kind: 'word', severity: 'LOW', origin: 'debian' },
    ]),
    isWithdrawn: fc.integer({ min: 0, max: 9 }).map(digit => digit === 0),
  })
  .map(({ affected: entries, isWithdrawn, title, url, ...fields }) =>
    advisory({
      ...fields,
      ...(title === undefined ? {} : { title }),
      references: [{ type: 'WEB', url }],
      ...(isWithdrawn ? { withdrawn: today } : {}),
      affected: entries.map(one =>
        affects(one.ecosystem, one.name, one.bounds, one.isNotAffected ? { isNotAffected: true } : {}),
      ),
    }),
  );
const installed: fc.Arbitrary<Package> = fc
  .record({
    type: fc.constantFrom('deb' as const, 'pypi' as const),
    name,
    version: fc.oneof(version, fc.constant('?')),
  })
  .map(found => packageOf(found, found.type === 'deb' ? DEBIAN : undefined));
const image = fc.uniqueArray(installed, { selector: ({ purl }) => purl, maxLength: 6 });
const records = fc.array(record, { maxLength: 8 });

const matched = (packages: readonly Package[], lookup: AdvisoryLookup) =>
  matchInventory(inventoryOf(packages, DEBIAN), lookup, { today });

/** The same things in another order. */
const shuffled = <T>(values: fc.Arbitrary<readonly T[]>) =>
  values.chain(list => fc.tuple(fc.constant(list), fc.shuffledSubarray([...list], { minLength: list.length })));

describe('for any packages and advisories', () => {
  test('the same input gives the same output, and the order of advisories and packages does not matter', () => {
    fc.assert(
      fc.property(shuffled(records), shuffled(image), ([given, reordered], [packages, otherwise]) => {
        const first = JSON.stringify(matched(packages, memoryLookup(given)));
        expect(JSON.stringify(matched(packages, memoryLookup(given)))).toBe(first);
        // Two records of one source and id are one record that a database would have once.
        fc.pre(new Set(given.map(one => `${one.id} ${one.source}`)).size === given.length);
        expect(JSON.stringify(matched(otherwise, memoryLookup(reordered)))).toBe(first);
      }),
    );
  });

  test('the order of aliases does not matter, nor which record names them', () => {
    fc.assert(
      fc.property(records, image, (given, packages) => {
        fc.pre(new Set(given.map(one => `${one.id} ${one.source}`)).size === given.length);
        const reversed = given.map(one => ({
          ...one,
          aliases: one.aliases.toReversed(),
          upstream: one.upstream.toReversed(),
        }));
        expect(matched(packages, memoryLookup(reversed))).toEqual(matched(packages, memoryLookup(given)));
      }),
    );
  });

  test('no weakness is told twice of one package', () => {
    fc.assert(
      fc.property(records, image, (given, packages) => {
        const { findings } = matched(packages, memoryLookup(given));
        const told = findings.map(finding => `${finding.package.purl} ${finding.id}`);
        expect(new Set(told).size).toBe(told.length);
      }),
    );
  });

  test('a version that an advisory calls fixed is no finding of that advisory', () => {
    fc.assert(
      fc.property(version, version, fc.constantFrom('PyPI', 'Debian:12'), (from, fix, ecosystem) => {
        fc.pre(from < fix);
        const given = [advisory({ id: 'CVE-2024-0001', affected: [affects(ecosystem, 'curl', `>=${from} <${fix}`)] })];
        const type = ecosystem === 'PyPI' ? 'pypi' : 'deb';
        const at = (text: string) =>
          matched([packageOf({ type, name: 'curl', version: text }, DEBIAN)], memoryLookup(given));
        expect(at(fix).findings).toEqual([]);
        expect(at(from).findings.map(finding => finding.fix)).toEqual([{ kind: 'fixed', version: fix }]);
      }),
    );
  });

  test('a fix that is told is free of the weakness by every record of a registry', () => {
    fc.assert(
      fc.property(records, image, (given, packages) => {
        const lookup = memoryLookup(given);
        for (const finding of matched(packages, lookup).findings) {
          if (finding.fix.kind !== 'fixed' || finding.package.type !== 'pypi') continue;
          const upgraded = packageOf({ type: 'pypi', name: finding.package.name, version: finding.fix.version });
          const still = matched([upgraded], lookup).findings.find(one => one.id === finding.id);
          // Unless no version is: then the record that knows best names its own fix.
          if (still !== undefined) expect(still.fix).not.toEqual({ kind: 'fixed', version: finding.fix.version });
        }
      }),
    );
  });

  test('nothing is lost: a package in the range of a record is found, told as undetermined, or cleared by a better record', () => {
    fc.assert(
      fc.property(bounds, version, (range, at) => {
        const given = [advisory({ id: 'CVE-2024-0001', affected: [affects('PyPI', 'curl', range)] })];
        const known = matched([packageOf({ type: 'pypi', name: 'curl', version: at })], memoryLookup(given));
        const unknown = matched([packageOf({ type: 'pypi', name: 'curl', version: '?' })], memoryLookup(given));
        const isFound = known.findings.length === 1;
        // What is affected by every version is so by an unreadable one; anything else cannot be said of it.
        expect(unknown.findings.length + unknown.undetermined.length).toBe(1);
        if (unknown.findings.length === 1) expect(isFound).toBe(true);
      }),
    );
  });
});
