/** What must hold for every order: it answers for all texts, agrees with itself, and really is an order. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { alpm } from './alpm.ts';
import { apk } from './apk.ts';
import { bitnami } from './bitnami.ts';
import { composer } from './composer.ts';
import { conda } from './conda.ts';
import { cpan } from './cpan.ts';
import { deb, opam } from './deb.ts';
import { ebuild } from './ebuild.ts';
import { generic } from './generic.ts';
import { go } from './go.ts';
import { jvm } from './jvm.ts';
import { maven } from './maven.ts';
import { nuget } from './nuget.ts';
import { cran, hackage } from './number-list.ts';
import { pep440 } from './pep440.ts';
import { php } from './php.ts';
import { rpm } from './rpm.ts';
import { rubygems } from './rubygems.ts';
import { MAX_VERSION_LENGTH, type VersionScheme } from './scheme.ts';
import { hex, semver, semverWithBuild } from './semver.ts';
import { ORDERLY_TEXTS, VERSION_TEXTS } from './testdata/version-texts.ts';

const schemes: readonly VersionScheme[] = [
  alpm,
  apk,
  bitnami,
  composer,
  conda,
  cpan,
  cran,
  deb,
  ebuild,
  generic,
  go,
  hackage,
  hex,
  jvm,
  maven,
  nuget,
  opam,
  pep440,
  php,
  rpm,
  rubygems,
  semver,
  semverWithBuild,
];

function textsOf(scheme: VersionScheme): fc.Arbitrary<string> {
  return new Map<string, fc.Arbitrary<string>>(Object.entries(VERSION_TEXTS)).get(scheme.id) ?? fc.constant('');
}

/** Versions of a scheme that it can read. */
function versionsOf(scheme: VersionScheme, texts = textsOf(scheme)): fc.Arbitrary<unknown> {
  return texts.map(text => scheme.parse(text)).filter(version => version !== undefined);
}

test('every scheme has generated versions to be tested with', () => {
  expect(Object.keys(VERSION_TEXTS).toSorted()).toEqual(schemes.map(scheme => scheme.id).toSorted());
});

describe.each(schemes)('$id', scheme => {
  test('a version equals itself, and which side comes first does not matter', () => {
    fc.assert(
      fc.property(versionsOf(scheme), versionsOf(scheme), (a, b) => {
        expect(scheme.compare(a, a)).toBe(0);
        expect(Math.sign(scheme.compare(a, b)) + Math.sign(scheme.compare(b, a))).toBe(0);
      }),
    );
  });

  test('three versions stand in one line, never in a ring', () => {
    const version = versionsOf(scheme, ORDERLY_TEXTS.get(scheme.id));
    fc.assert(
      fc.property(version, version, version, (...versions) => {
        const [a, b, c] = versions.sort((x, y) => scheme.compare(x, y));
        expect(scheme.compare(a, b)).toBeLessThanOrEqual(0);
        expect(scheme.compare(b, c)).toBeLessThanOrEqual(0);
        expect(scheme.compare(a, c)).toBeLessThanOrEqual(0);
        // Equal ones must also be alike to all others.
        if (scheme.compare(a, b) === 0) expect(Math.sign(scheme.compare(a, c))).toBe(Math.sign(scheme.compare(b, c)));
      }),
    );
  });

  test('no text makes it throw', () => {
    const anyText = fc.oneof(
      fc.string({ maxLength: 30 }),
      fc.string({ unit: 'binary-ascii', maxLength: 30 }),
      fc.constantFrom('１.0', '1.é', '1\0', '1.0\u2028', '\u{1f600}'),
      textsOf(scheme),
    );
    fc.assert(
      fc.property(anyText, anyText, (a, b) => {
        const x = scheme.parse(a);
        const y = scheme.parse(b);
        if (x === undefined || y === undefined) return;
        expect(Math.sign(scheme.compare(x, y)) + Math.sign(scheme.compare(y, x))).toBe(0);
        expect(scheme.shorten?.(x)).not.toBe(null);
      }),
    );
  });

  test('text made to waste time is refused or read at once', () => {
    for (const piece of ['1', '1.', '1-', '.', '~', 'a', '1a', '-a1', '_p', '0', '1-a.1']) {
      const text = `1${piece.repeat(MAX_VERSION_LENGTH)}`;
      for (const length of [MAX_VERSION_LENGTH, MAX_VERSION_LENGTH - 1]) {
        const version = scheme.parse(`${text.slice(0, length - 1)}!`) ?? scheme.parse(text.slice(0, length));
        if (version !== undefined) expect(scheme.compare(version, version)).toBe(0);
      }
      expect(scheme.parse(text.slice(0, MAX_VERSION_LENGTH + 1))).toBe(undefined);
    }
  });
});
