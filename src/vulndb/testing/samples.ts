/** Advisories for tests: a plain one to vary, and arbitrary ones for laws. */
import fc from 'fast-check';
import type { Advisory, AffectedPackage, Rating } from '#advisory/advisory.ts';

/** An advisory that says little; `fields` say the rest. */
export function makeAdvisory(fields: Partial<Advisory> & Pick<Advisory, 'id'>): Advisory {
  return {
    source: 'osv',
    kind: 'weakness',
    aliases: [],
    upstream: [],
    ratings: [],
    references: [],
    cwes: [],
    affected: [],
    ...fields,
  };
}

/** A package that is affected before `fixed`. */
export function fixedIn(ecosystem: string, name: string, fixed: string): AffectedPackage {
  return {
    ecosystem,
    name,
    range: {
      ranges: [
        [
          { kind: 'introduced', version: '0' },
          { kind: 'fixed', version: fixed },
        ],
      ],
    },
  };
}

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const filled = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const rating: fc.Arbitrary<Rating> = fc.oneof(
  fc.record({
    kind: fc.constant('word' as const),
    severity: fc.constantFrom('CRITICAL' as const, 'HIGH' as const, 'UNKNOWN' as const),
    origin: text,
  }),
  fc.record({
    kind: fc.constant('cvss' as const),
    version: fc.constantFrom('2' as const, '3.0' as const, '3.1' as const, '4.0' as const),
    vector: text,
    origin: text,
  }),
);

const event = fc.record({
  kind: fc.constantFrom('introduced' as const, 'fixed' as const, 'last-affected' as const, 'limit' as const),
  version: fc.oneof(fc.constantFrom('0', '*', '1.0'), text),
});

const state: fc.Arbitrary<NonNullable<AffectedPackage['state']>> = fc.oneof(
  fc.record({ kind: fc.constantFrom('will-not-fix' as const, 'deferred' as const), reason: text }),
  fc.record({
    kind: fc.constantFrom(
      'not-fixed' as const,
      'end-of-life' as const,
      'under-investigation' as const,
      'unknown' as const,
    ),
  }),
);

/** Anything that the type allows. */
export const anyAffected: fc.Arbitrary<AffectedPackage> = fc
  .record({
    ecosystem: fc.oneof(fc.constantFrom('npm', 'Debian:12', '__proto__'), text),
    name: fc.oneof(fc.constantFrom('openssl', '__proto__'), text),
    nameKind: maybe(fc.constantFrom('source' as const, 'binary' as const, 'either' as const)),
    range: fc
      .record({
        ranges: fc.array(fc.array(event, { maxLength: 4 }), { maxLength: 3 }),
        versions: maybe(fc.array(text)),
      })
      .map(withoutUndefined),
    state: maybe(state),
    isNotAffected: maybe(fc.constant(true as const)),
    module: maybe(text),
    arches: maybe(fc.array(text)),
    operatingSystems: maybe(fc.array(text)),
    ratings: maybe(fc.array(rating, { maxLength: 2 })),
    repository: maybe(text),
    fixedBy: maybe(text),
    fixedOn: maybe(fc.constantFrom('2024-03-01', '2025-11-30')),
    symbols: maybe(fc.dictionary(fc.constantFrom('net/http', 'crypto/tls'), fc.array(text))),
  })
  .map(withoutUndefined) as fc.Arbitrary<AffectedPackage>;

/** Anything that the type allows; ids are different ones. */
export const anyAdvisories: fc.Arbitrary<readonly Advisory[]> = fc.uniqueArray(
  fc
    .record({
      id: filled,
      source: fc.constant('osv'),
      kind: fc.constantFrom('weakness' as const, 'malware' as const, 'notice' as const),
      aliases: fc.array(text, { maxLength: 3 }),
      upstream: fc.array(text, { maxLength: 3 }),
      title: maybe(text),
      details: maybe(text),
      published: maybe(text),
      modified: maybe(text),
      withdrawn: maybe(text),
      ratings: fc.array(rating, { maxLength: 2 }),
      references: fc.array(fc.record({ type: text, url: text }), { maxLength: 2 }),
      cwes: fc.array(text, { maxLength: 2 }),
      affected: fc.array(anyAffected, { maxLength: 4 }),
    })
    .map(withoutUndefined) as fc.Arbitrary<Advisory>,
  { selector: advisory => advisory.id.toLowerCase(), maxLength: 6 },
);

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}
