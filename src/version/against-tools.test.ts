/**
 * Every order that a tool on this machine defines is held against that tool, on thousands of generated pairs.
 *
 * A missing tool skips its test with a line saying so; under CI it fails, since the set-up installs them all.
 */
import { execFileSync, type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import nodeSemver from 'semver';
import { expect, test } from 'vitest';
import { alpm } from './alpm.ts';
import { composer } from './composer.ts';
import { cpan } from './cpan.ts';
import { deb } from './deb.ts';
import { go } from './go.ts';
import { maven } from './maven.ts';
import { pep440 } from './pep440.ts';
import { php } from './php.ts';
import { rpm } from './rpm.ts';
import { rubygems } from './rubygems.ts';
import type { VersionScheme } from './scheme.ts';
import { semver } from './semver.ts';
import { type VERSION_TEXTS, versionPairs } from './testdata/version-texts.ts';

type Pair = readonly [string, string];
/** What a tool says of a pair: the sign of its comparison, or `?` when it refuses one side. */
type Answer = '-1' | '0' | '1' | '?';

const MAVEN_ARTIFACT = '/usr/share/java/maven-artifact-3.x.jar';
const MAVEN_COMMONS = '/usr/share/java/commons-lang3.jar';
const COMPOSER_SEMVER = '/usr/share/php/Composer/Semver/autoload.php';
const PACMAN_LIBRARY = 'libalpm.so.13';

/** Runs a test only where the tool is; says what is missing otherwise. */
function testWith(tool: string, debianPackage: string, isThere: () => boolean, title: string, body: () => void): void {
  const isMissing = !isThere();
  const mustBeThere = process.env['CI'] === 'true';
  test.skipIf(isMissing && !mustBeThere)(
    isMissing ? `${title} (${tool} is missing: install ${debianPackage})` : title,
    () => {
      if (isMissing) throw new Error(`${tool} is missing: install the Debian package ${debianPackage}`);
      body();
    },
  );
}

function runs(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/** Feeds `a<TAB>b` lines to a program that answers one line each. */
function ask(pairs: readonly Pair[], command: string, args: readonly string[]): string[] {
  const input = pairs.map(pair => `${pair.join('\t')}\n`).join('');
  const { status, stdout, stderr }: SpawnSyncReturns<string> = spawnSync(command, args, {
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new Error(`${command} failed: ${stderr}`);
  return stdout.trimEnd().split('\n');
}

function ours(scheme: VersionScheme, [a, b]: Pair): Answer {
  const x = scheme.parse(a);
  const y = scheme.parse(b);
  return x === undefined || y === undefined ? '?' : (String(Math.sign(scheme.compare(x, y))) as Answer);
}

/** Fails with the pairs on which we and the tool differ. */
function expectAgreement(scheme: VersionScheme, pairs: readonly Pair[], answers: readonly string[]): void {
  expect(answers.length).toBe(pairs.length);
  expect(answers.filter(answer => answer !== '?').length).toBeGreaterThan(pairs.length / 2);
  const differences = pairs
    .map((pair, at) => ({ pair: pair.join(' ? '), ours: ours(scheme, pair), theirs: answers[at]?.replace('-0', '0') }))
    .filter(row => row.ours !== row.theirs);
  expect(differences.slice(0, 20)).toEqual([]);
}

function pairsOf(scheme: keyof typeof VERSION_TEXTS, count = 3000): readonly Pair[] {
  return versionPairs(scheme, count);
}

testWith(
  'dpkg',
  'dpkg',
  () => runs('dpkg', '--version'),
  'Debian versions order as dpkg compares them',
  () => {
    const pairs = pairsOf('deb', 220).filter(pair => ours(deb, pair) !== '?');
    const script = `while IFS="$(printf '\\t')" read -r a b; do
    if dpkg --compare-versions "$a" lt "$b" 2>/dev/null; then echo -1
    elif dpkg --compare-versions "$a" eq "$b" 2>/dev/null; then echo 0; else echo 1; fi; done`;
    expectAgreement(deb, pairs, ask(pairs, 'sh', ['-c', script]));
  },
);

testWith(
  "Perl's Dpkg::Version",
  'libdpkg-perl',
  () => runs('perl', '-MDpkg::Version', '-e', '1'),
  'Debian versions order as the Perl library of dpkg compares them',
  () => {
    const pairs = pairsOf('deb', 5000);
    const script = `while (<STDIN>) { chomp; my ($a, $b) = map { Dpkg::Version->new($_) } split /\\t/;
      print $a && $b ? $a <=> $b : "?", "\\n" }`;
    expectAgreement(deb, pairs, ask(pairs, 'perl', ['-MDpkg::Version', '-e', script]));
  },
);

testWith(
  'rpm',
  'rpm',
  () => runs('rpm', '--version'),
  'rpm versions order as rpm compares them',
  () => {
    const pairs = pairsOf('rpm', 5000);
    const rows = pairs.map(([a, b]) => `{"${a}","${b}"}`).join(',');
    const folder = mkdtempSync(join(tmpdir(), 'plimsoll-rpm-'));
    try {
      const file = join(folder, 'compare.lua');
      writeFileSync(file, `for _, p in ipairs({${rows}}) do io.write(rpm.vercmp(p[1], p[2]), "\\n") end`);
      const output = execFileSync('rpm', ['--eval', `%{lua:dofile("${file}")}`], { encoding: 'utf8' });
      expectAgreement(rpm, pairs, output.trim().split('\n'));
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

testWith(
  'libalpm',
  'libalpm13',
  () => runs('python3', '-c', `import ctypes; ctypes.CDLL("${PACMAN_LIBRARY}")`),
  'Arch Linux versions order as pacman compares them',
  () => {
    const pairs = pairsOf('alpm', 5000);
    const script = `import ctypes, sys
compare = ctypes.CDLL("${PACMAN_LIBRARY}").alpm_pkg_vercmp
for line in sys.stdin:
    result = compare(*[part.encode() for part in line.rstrip("\\n").split("\\t")])
    print((result > 0) - (result < 0))`;
    expectAgreement(alpm, pairs, ask(pairs, 'python3', ['-c', script]));
  },
);

test.each([semver, go])('$id versions order as node-semver compares them in loose mode', scheme => {
  const pairs = pairsOf(scheme === go ? 'go' : 'semver', 5000).filter(
    pair => !pair.some(text => /^v\d+(\.\d+)?$/.test(text)),
  );
  const answers = pairs.map(([a, b]) => {
    const areReadable = nodeSemver.valid(a, { loose: true }) !== null && nodeSemver.valid(b, { loose: true }) !== null;
    return areReadable ? String(nodeSemver.compare(a, b, { loose: true })) : '?';
  });
  expectAgreement(scheme, pairs, answers);
});

testWith(
  "Python's packaging",
  'python3-packaging',
  () => runs('/usr/bin/python3', '-c', 'import packaging.version'),
  'Python versions order as pip compares them',
  () => {
    const pairs = pairsOf('pep440', 5000);
    const script = `import sys
from packaging.version import Version, InvalidVersion
for line in sys.stdin:
    try:
        a, b = [Version(part) for part in line.rstrip("\\n").split("\\t")]
        print((a > b) - (a < b))
    except InvalidVersion:
        print("?")`;
    expectAgreement(pep440, pairs, ask(pairs, '/usr/bin/python3', ['-c', script]));
  },
);

testWith(
  'maven-artifact',
  'libmaven3-core-java libcommons-lang3-java default-jre-headless',
  () => existsSync(MAVEN_ARTIFACT) && existsSync(MAVEN_COMMONS) && runs('java', '-version'),
  'Maven versions order as Maven compares them',
  () => {
    // ComparableVersion's own main compares each argument with the one before it.
    const texts = pairsOf('maven', 3000).flat();
    const pairs = texts.slice(1).map((text, at): Pair => [texts[at] ?? '', text]);
    const main = 'org.apache.maven.artifact.versioning.ComparableVersion';
    const output = execFileSync('java', ['-cp', `${MAVEN_ARTIFACT}:${MAVEN_COMMONS}`, '-Xshare:auto', main, ...texts], {
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    });
    const signs: Readonly<Record<string, string>> = { '<': '-1', '==': '0', '>': '1' };
    const answers =
      output.match(/^ {3}\S+ (?:<|==|>) /gm)?.map(line => signs[line.trim().split(' ')[1] ?? ''] ?? '') ?? [];
    expectAgreement(maven, pairs, answers);
  },
);

testWith(
  'ruby',
  'ruby',
  () => runs('ruby', '--version'),
  'gem versions order as RubyGems compares them',
  () => {
    const pairs = pairsOf('rubygems', 5000);
    const script = `STDIN.each_line do |line|
    a, b = line.chomp.split("\\t").map { |part| Gem::Version.correct?(part) ? Gem::Version.new(part) : nil }
    puts a && b ? a <=> b : "?"
  end`;
    expectAgreement(rubygems, pairs, ask(pairs, 'ruby', ['-e', script]));
  },
);

testWith(
  'php',
  'php-cli',
  () => runs('php', '--version'),
  'PHP versions order as version_compare does',
  () => {
    const pairs = pairsOf('php', 5000);
    const script = `while (($line = fgets(STDIN)) !== false) {
    [$a, $b] = explode("\\t", rtrim($line, "\\n"));
    echo version_compare($a, $b), "\\n";
  }`;
    expectAgreement(php, pairs, ask(pairs, 'php', ['-r', script]));
  },
);

testWith(
  'composer/semver',
  'php-cli php-composer-semver',
  () => existsSync(COMPOSER_SEMVER) && runs('php', '--version'),
  'Composer versions order as Composer normalises and compares them',
  () => {
    const pairs = pairsOf('composer', 5000);
    const script = `require "${COMPOSER_SEMVER}";
    $parser = new Composer\\Semver\\VersionParser();
    while (($line = fgets(STDIN)) !== false) {
      [$a, $b] = explode("\\t", rtrim($line, "\\n"));
      try { echo version_compare($parser->normalize($a), $parser->normalize($b)), "\\n"; }
      catch (UnexpectedValueException $e) { echo "?\\n"; }
    }`;
    expectAgreement(composer, pairs, ask(pairs, 'php', ['-r', script]));
  },
);

testWith(
  "Perl's version",
  'perl',
  () => runs('perl', '-Mversion', '-e', '1'),
  'Perl versions order as perl does',
  () => {
    const pairs = pairsOf('cpan', 5000);
    const script = `no warnings; while (<STDIN>) { chomp; my ($a, $b) = map { scalar eval { version->parse($_) } } split /\\t/;
    print defined $a && defined $b ? $a <=> $b : "?", "\\n" }`;
    expectAgreement(cpan, pairs, ask(pairs, 'perl', ['-Mversion', '-e', script]));
  },
);
