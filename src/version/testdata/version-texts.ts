/**
 * Version texts to test orders with, per scheme: from few building blocks, so that two of them often agree for a while, with the nasty
 * blocks of each ecosystem among the ordinary ones. Plain generators of text would hardly ever make a readable version.
 */
import fc from 'fast-check';

const number = fc.constantFrom('0', '1', '1', '2', '9', '10', '11', '20240115', '4294967296');
const anyNumber = fc.oneof(
  { weight: 8, arbitrary: number },
  { weight: 1, arbitrary: fc.constantFrom('00', '01', '010', '0001') },
  { weight: 1, arbitrary: fc.constantFrom('18446744073709551616', '99999999999999999999') },
);

/** The pieces in a row; a string stands for itself. */
function row(...pieces: readonly (fc.Arbitrary<string> | string)[]): fc.Arbitrary<string> {
  return fc
    .tuple(...pieces.map(piece => (typeof piece === 'string' ? fc.constant(piece) : piece)))
    .map(all => all.join(''));
}

/** The piece, or in about one of three nothing. */
function maybe(piece: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.option(piece, { nil: '', freq: 3 });
}

/** Seldom the piece. */
function rarely(piece: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.oneof({ weight: 7, arbitrary: fc.constant('') }, { weight: 1, arbitrary: piece });
}

/** From `min` to `max` of the piece with separators between. */
function joined(
  piece: fc.Arbitrary<string>,
  separator: fc.Arbitrary<string> | string,
  size: { readonly min: number; readonly max: number },
): fc.Arbitrary<string> {
  const more = fc.array(row(separator, piece), { minLength: size.min - 1, maxLength: size.max - 1 });
  return fc.tuple(piece, more).map(([first, rest]) => first + rest.join(''));
}

/** Words, numbers and separators in any order. */
function soup(words: readonly string[], separators: readonly string[], max: number): fc.Arbitrary<string> {
  const piece = fc.oneof(
    { weight: 3, arbitrary: anyNumber },
    { weight: 2, arbitrary: fc.constantFrom(...words) },
    { weight: 3, arbitrary: fc.constantFrom(...separators) },
  );
  return fc.array(piece, { minLength: 0, maxLength: max }).map(all => all.join(''));
}

const semverPre = joined(
  fc.oneof(number, fc.constantFrom('alpha', 'beta', 'rc', 'rc1', 'rc10', 'Beta', 'a', 'b', 'x-y', '-', 'r100', 'r2')),
  '.',
  { min: 1, max: 4 },
);
const semverBuild = joined(fc.constantFrom('1', '2', '10', 'a', 'build', 'a9', '900'), '.', { min: 1, max: 3 });
const three = joined(number, '.', { min: 3, max: 3 });

const goTime = fc.constantFrom('20190101000000', '20200101000000', '20220315160706', '20220101000000');
const goHash = fc.constantFrom('aaaaaaaaaaaa', 'abcdefabcdef', '000000000000', '3147a52a75dd');

/** Generators by scheme id. */
export const VERSION_TEXTS = {
  deb: row(
    rarely(row(fc.constantFrom('0', '1', '2'), ':')),
    number,
    soup(['a', 'b', 'rc', 'dfsg', 'ubuntu', 'deb', 'u', 'git', 'z', 'Z'], ['.', '+', '~', '~~', '.', '-', '+'], 7),
    fc.constantFrom('', '-1', '-1', '-1+deb12u1', '-1ubuntu2', '-2~bpo12+1', '-0.1', '-1+b1'),
  ),
  rpm: row(
    rarely(row(fc.constantFrom('0', '1', '2', '01'), ':')),
    number,
    soup(['a', 'b', 'rc', 'git', 'pre', 'Z', 'el'], ['.', '~', '^', '_', '.', '+', '..', '.'], 7),
    fc.constantFrom(
      '',
      '-1',
      '-1.el9',
      '-1.el9_2',
      '-10.el8',
      '-9.el8',
      '-1.module+el8.5.0+1',
      '-229.1.2.el7',
      '-1~rc',
    ),
  ),
  apk: row(
    joined(anyNumber, '.', { min: 1, max: 4 }),
    maybe(fc.constantFrom('a', 'b', 'z')),
    fc
      .array(
        row('_', fc.constantFrom('alpha', 'beta', 'pre', 'rc', 'cvs', 'svn', 'git', 'hg', 'p'), maybe(anyNumber)),
        {
          maxLength: 2,
        },
      )
      .map(all => all.join('')),
    rarely(fc.constantFrom('~1234', '~2345', '~abc', '~a')),
    maybe(row('-r', anyNumber)),
  ),
  alpm: row(
    rarely(row(fc.constantFrom('0', '1', '2'), ':')),
    number,
    soup(['a', 'b', 'rc', 'r', 'gabc', 'beta'], ['.', '_', '+', '~', '.', '..', '.'], 6),
    fc.constantFrom('-1', '-1', '-2', '-1.1', ''),
  ),
  ebuild: row(
    joined(anyNumber, '.', { min: 1, max: 4 }),
    maybe(fc.constantFrom('a', 'b', 'z')),
    fc
      .array(row('_', fc.constantFrom('alpha', 'beta', 'pre', 'rc', 'p'), maybe(number)), { maxLength: 3 })
      .map(all => all.join('')),
    maybe(row('-r', anyNumber)),
  ),
  semver: row(rarely(fc.constantFrom('v', '=')), three, maybe(row('-', semverPre)), rarely(row('+', semverBuild))),
  hex: row(three, maybe(row('-', semverPre)), rarely(row('+', semverBuild))),
  'semver with build': row(three, maybe(row('-', semverPre)), maybe(row('+', semverBuild))),
  go: fc.oneof(
    row('v', three, maybe(row('-', semverPre)), rarely(fc.constantFrom('+incompatible', '+dirty'))),
    row('v', fc.constantFrom('0', '1', '2'), '.0.0-', goTime, '-', goHash),
    row('v1.2.', fc.constantFrom('0', '1', '4'), '-0.', goTime, '-', goHash),
    row('v1.2.', fc.constantFrom('0', '1', '4'), '-rc.1.0.', goTime, '-', goHash, rarely(fc.constant('+incompatible'))),
    fc.constantFrom('v1', 'v1.2', 'v1.2.0', 'v1.2.1', 'v1.2.4', 'v1.2.4-rc.1', 'v1.2.4-rc.2', 'v2.0.0+incompatible'),
  ),
  nuget: row(
    joined(fc.constantFrom('0', '1', '2', '10', '01', '2147483647'), '.', { min: 1, max: 4 }),
    maybe(row('-', semverPre)),
    rarely(row('+', semverBuild)),
  ),
  bitnami: row(joined(number, '.', { min: 1, max: 3 }), maybe(row('-', number))),
  pep440: row(
    rarely(fc.constantFrom('v', '1!', '0!', '2!')),
    joined(anyNumber, '.', { min: 1, max: 4 }),
    maybe(
      row(
        fc.constantFrom('', '.', '-', '_'),
        fc.constantFrom('a', 'b', 'rc', 'c', 'alpha', 'Beta', 'pre', 'preview', 'RC'),
        fc.constantFrom('', '.', '-', '_'),
        maybe(number),
      ),
    ),
    maybe(
      fc.oneof(
        row('-', number),
        row(fc.constantFrom('', '.', '-'), fc.constantFrom('post', 'rev', 'r'), maybe(number)),
      ),
    ),
    rarely(row(fc.constantFrom('', '.', '_'), 'dev', maybe(number))),
    rarely(
      row(
        '+',
        joined(fc.constantFrom('1', '10', 'abc', 'cu118', 'ubuntu', '5', '01'), fc.constantFrom('.', '-', '_'), {
          min: 1,
          max: 3,
        }),
      ),
    ),
  ),
  maven: row(
    fc.constantFrom('1', '1', '2', '10', '0', ''),
    soup(
      [
        'alpha',
        'a',
        'beta',
        'b',
        'm',
        'milestone',
        'rc',
        'cr',
        'SNAPSHOT',
        'ga',
        'Final',
        'release',
        'sp',
        'xyz',
        'jre',
        'x',
      ],
      ['.', '-', '.', '-', '_'],
      7,
    ),
    fc.constantFrom('', '1'),
  ).filter(text => text !== ''),
  rubygems: row(
    joined(number, '.', { min: 1, max: 4 }),
    maybe(
      row(
        '.',
        joined(
          fc.oneof(anyNumber, fc.constantFrom('a', 'b', 'rc1', 'rc10', 'pre', 'beta', 'p194', 'a2', '1a', '0a0')),
          '.',
          {
            min: 1,
            max: 4,
          },
        ),
      ),
    ),
    rarely(row('-', fc.constantFrom('1', 'java', 'x86-mswin', '1.a', '-'))),
  ),
  // PHP's integers end at 2^63, and a separator at the end confuses it.
  php: row(
    number,
    soup(['a', 'alpha', 'b', 'beta', 'RC', 'rc', 'p', 'pl', 'dev', 'foo', 'pre'], ['.', '-', '_', '+', '.'], 7),
  ).filter(text => !/[-_+.]$|\d{17}/.test(text)),
  composer: fc.oneof(
    {
      weight: 8,
      arbitrary: row(
        rarely(fc.constant('v')),
        joined(fc.constantFrom('0', '1', '2', '10', '01', '9999999'), '.', { min: 1, max: 4 }),
        maybe(
          row(
            fc.constantFrom('', '-', '.', '_'),
            fc.constantFrom('alpha', 'a', 'beta', 'b', 'RC', 'rc', 'stable', 'patch', 'pl', 'p'),
            maybe(joined(number, fc.constantFrom('.', '-'), { min: 1, max: 2 })),
          ),
        ),
        rarely(fc.constantFrom('-dev', '.dev', 'dev')),
        rarely(fc.constantFrom('+build', '+1.2')),
      ),
    },
    { weight: 1, arbitrary: row(number, fc.constantFrom('.x-dev', '.x.x-dev', '.1.x-dev', '.*-dev', '-dev')) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('2010.01.02', '20100102', '2010-01-02', '20100102-203040', '2010-01-02.5', '201001'),
    },
  ),
  conda: row(
    rarely(fc.constantFrom('0!', '1!', '2!')),
    number,
    soup(['a', 'b', 'rc', 'dev', 'post', 'z', 'RC', '*'], ['.', '_', '.', '-'], 6),
    rarely(row('+', joined(fc.constantFrom('1', '10', 'abc', 'dev'), '.', { min: 1, max: 2 }))),
  ),
  cran: joined(anyNumber, fc.constantFrom('.', '-'), { min: 1, max: 5 }),
  hackage: joined(anyNumber, '.', { min: 1, max: 5 }),
  cpan: row(
    rarely(fc.constant('v')),
    joined(fc.constantFrom('0', '1', '2', '9', '10', '002', '20', '000001'), '.', { min: 1, max: 4 }),
    rarely(fc.constantFrom('_1', '_20', '.')),
  ),
  opam: row(number, soup(['a', 'rc', 'v', 'beta'], ['.', '~', '+', '-'], 6)),
  jvm: row(
    fc.constantFrom('1.8.0_302', '1.8.0', '8u302', '11.0.20', '11.0.20.1', '17', '17.0.8', '21', '8.0.302'),
    fc.constantFrom('', '-b08', '+7', '-ea', '-ea+5'),
  ),
  generic: row(
    rarely(fc.constant('v')),
    number,
    soup(['a', 'w', 'za', 'rc', 'beta', 'p', 'dev', 'final', 'k', 'm'], ['.', '-', '+', '.'], 6),
  ),
} as const satisfies Readonly<Record<string, fc.Arbitrary<string>>>;

/**
 * Tamer texts for the two tools that break the laws of order on the wild ones: pacman with several separators in a row, or when only some
 * versions have a release (1-1 = 1 = 1-2, yet 1-1 < 1-2), Maven with words that stand alone behind a dot (1.0.alpha.1 < 1 < 1-xyz < 1.0.alpha.1).
 */
export const ORDERLY_TEXTS: ReadonlyMap<string, fc.Arbitrary<string>> = new Map([
  [
    'alpm',
    row(
      rarely(row(fc.constantFrom('0', '1'), ':')),
      joined(row(number, maybe(fc.constantFrom('a', 'b', 'rc', 'rc1', 'beta2'))), fc.constantFrom('.', '_', '+'), {
        min: 1,
        max: 4,
      }),
      fc.constantFrom('-1', '-2', '-1.1', '-10'),
    ),
  ],
  [
    'maven',
    row(
      joined(anyNumber, '.', { min: 1, max: 4 }),
      maybe(
        row(
          '-',
          fc.constantFrom('alpha', 'beta', 'M', 'rc', 'CR', 'SNAPSHOT', 'Final', 'sp', 'jre', 'android', 'xyz'),
          maybe(number),
        ),
      ),
    ),
  ],
]);

/** `count` pairs of versions of a scheme, always the same ones. */
export function versionPairs(
  scheme: keyof typeof VERSION_TEXTS,
  count: number,
): readonly (readonly [string, string])[] {
  const texts: fc.Arbitrary<string> = VERSION_TEXTS[scheme];
  return fc.sample(fc.tuple(texts, texts), { numRuns: count, seed: 20_260_821 });
}
