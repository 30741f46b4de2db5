import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { claimedFile, readClaimed } from '../../../test/fixtures/claimed-file.ts';
import { buildElf, buildMachO, buildPe, words } from '../../../test/fixtures/executable-builder.ts';
import type { FileFact } from '../cataloguer.ts';
import { openExecutable } from '../executable/open-executable.ts';
import { toBody } from '../file-body.ts';
import { goCataloguer } from './cataloguer.ts';
import { goDistributionCataloguer } from './distribution-cataloguer.ts';

const MAGIC = Buffer.from('\xff Go buildinf:', 'latin1');
const SENTINEL_START = Buffer.from('3077af0c9274080241e1c107e6d618e6', 'hex');
const SENTINEL_END = Buffer.from('f932433186182072008242104116d8f2', 'hex');
const LINES = `path\texample.com/tool/cmd/tool
mod\texample.com/tool\t(devel)\t
dep\tgolang.org/x/text\tv0.3.7\th1:olpw=
build\tGOOS=linux
build\tGOARCH=amd64
`;

const wrapped = (lines: string) => Buffer.concat([SENTINEL_START, Buffer.from(lines), SENTINEL_END]);

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}

/** Build information as Go writes it since 1.18. */
function inline(goVersion: string, modules: Buffer): Buffer {
  const header = Buffer.concat([MAGIC, Buffer.from([8, 2]), Buffer.alloc(16)]);
  const version = Buffer.from(goVersion);
  return Buffer.concat([header, varint(version.length), version, varint(modules.length), modules]);
}

const read = (bytes: Buffer): FileFact | undefined => {
  const executable = openExecutable(toBody(bytes));
  return executable && goCataloguer.read(claimedFile('usr/bin/tool', bytes), executable);
};
const readInfo = (lines: string, goVersion = 'go1.22.1') =>
  read(buildElf([{ name: '.go.buildinfo', bytes: inline(goVersion, wrapped(lines)), isWritable: true }]));
const names = (fact: FileFact | undefined) => fact?.packages?.map(one => `${one.type} ${one.name} ${one.version}`);

const EXPECTED = ['golang example.com/tool (devel)', 'golang golang.org/x/text v0.3.7', 'golang stdlib 1.22.1'];
const DATA = Buffer.concat([Buffer.from('sixteen bytes...'), inline('go1.22.1', wrapped(LINES))]);

test.each([
  { bytes: buildElf([{ name: '.go.buildinfo', bytes: inline('go1.22.1', wrapped(LINES)) }]), why: 'an ELF section' },
  {
    bytes: buildElf([{ name: '.go.buildinfo', bytes: inline('go1.22.1', wrapped(LINES)) }], { isBigEndian: true }),
    why: 'inline strings are the same in both byte orders',
  },
  {
    bytes: buildElf([{ name: '.data', bytes: DATA, isWritable: true }], { isStripped: true }),
    why: 'the first writable segment of an ELF file without sections',
  },
  { bytes: buildPe([{ name: '.data', bytes: DATA, isWritable: true }]), why: 'the writable data of a PE file' },
  {
    bytes: buildMachO([{ name: '__go_buildinfo', bytes: inline('go1.22.1', wrapped(LINES)) }]),
    why: 'a Mach-O section',
  },
])('build information since Go 1.18 is found in $why', ({ bytes }) => {
  expect(names(read(bytes))).toEqual(EXPECTED);
});

/** Build information as Go 1.13 to 1.17 wrote it: two pointers to string headers, which point to the strings. */
function pointers(bits: 32 | 64, isBigEndian: boolean) {
  const size = bits === 64 ? 8 : 4;
  const modules = wrapped(LINES);
  const at = { info: 0x500000, headers: 0x510000, version: 0x520000, modules: 0x530000 };
  const info = Buffer.concat([
    MAGIC,
    Buffer.from([size, isBigEndian ? 1 : 0]),
    words([at.headers, at.headers + 2 * size], size, isBigEndian),
  ]);
  return [
    { name: '.go.buildinfo', bytes: Buffer.concat([info, Buffer.alloc(16)]), address: at.info, isWritable: true },
    {
      name: '.data',
      bytes: words([at.version, 8, at.modules, modules.length], size, isBigEndian),
      address: at.headers,
    },
    { name: '.rodata', bytes: Buffer.from('go1.22.1 and more'), address: at.version },
    { name: '.rodata', bytes: modules, address: at.modules },
  ];
}

test.each([
  { bits: 64, isBigEndian: false },
  { bits: 32, isBigEndian: false },
  { bits: 64, isBigEndian: true },
  { bits: 32, isBigEndian: true },
] as const)(
  'build information before Go 1.18 is followed through its pointers: $bits bits, big-endian $isBigEndian',
  kind => {
    expect(names(read(buildElf(pointers(kind.bits, kind.isBigEndian), kind)))).toEqual(EXPECTED);
  },
);

test('in a PE file pointers count from the image base', () => {
  expect(names(read(buildPe(pointers(64, false))))).toEqual(EXPECTED);
});

test('programs that only hold the magic as data are not Go programs', () => {
  expect(read(buildElf([{ name: '.data', bytes: DATA, isWritable: true }]))).toBeUndefined();
  expect(read(buildPe([{ name: '.rdata', bytes: DATA }]))).toBeUndefined();
});

test('a magic without sense before the real one is passed over', () => {
  const decoy = Buffer.concat([MAGIC, Buffer.from([9, 0]), Buffer.alloc(16)]);
  const bytes = buildPe([{ name: '.data', bytes: Buffer.concat([decoy, DATA]), isWritable: true }]);
  expect(names(read(bytes))).toEqual(EXPECTED);
});

test('damaged build information is told, not passed over', () => {
  const cut = inline('go1.22.1', wrapped(LINES)).subarray(0, 60);
  expect(() => read(buildElf([{ name: '.go.buildinfo', bytes: cut }]))).toThrow(
    expect.objectContaining({ code: 'FILE_INVALID' }),
  );
});

test('a replaced module goes by what was built, and says what it replaces', () => {
  const fact = readInfo('mod\ta\tv1.0.0\ndep\tb\tv1.0.0\th1:x=\n=>\tc/fork\tv1.0.1\th1:y=\n');
  expect(fact?.packages?.[1]).toEqual({
    type: 'golang',
    name: 'c/fork',
    version: 'v1.0.1',
    properties: { replaces: 'b@v1.0.0' },
  });
});

test('a module replaced by a folder keeps its name and has no version to match', () => {
  const fact = readInfo('mod\ta\tv1.0.0\ndep\tb\tv1.0.0\n=>\t./local/b\t(devel)\t\n');
  expect(fact?.packages?.[1]).toEqual({
    type: 'golang',
    name: 'b',
    version: '(devel)',
    properties: { 'replaced-by': './local/b' },
  });
});

test.each([
  { lines: 'path\ta\nmod\ta\tv1.2.3+dirty\t\n', main: 'golang a v1.2.3+dirty', why: 'Go 1.24 takes it from the tag' },
  { lines: 'path\ta\nmod\ta\t(devel)\n', main: 'golang a (devel)', why: 'there is nothing better' },
  {
    lines: 'path\ta\nmod\ta\t(devel)\nbuild\t-ldflags="-s -X main.version=1.2.3"\n',
    main: 'golang a v1.2.3',
    why: 'the linker was told',
  },
  {
    lines: 'path\ta\nmod\ta\tv1.2.3\nbuild\t-ldflags="-X main.version=9.9.9"\n',
    main: 'golang a v1.2.3',
    why: 'a real version is better than the linker’s',
  },
  {
    lines: 'path\ta\nmod\ta\t(devel)\nbuild\tvcs.revision=55f4381dce65\nbuild\tvcs.time=2022-08-22T07:32:13Z\n',
    main: 'golang a (devel)',
    why: 'a pseudo-version of v0.0.0 would sort below every fix',
  },
  {
    lines: 'path\tcommand-line-arguments\ndep\tb\tv1.0.0\n',
    main: 'golang b v1.0.0',
    why: 'files alone have no module',
  },
])('the first package is "$main" when $why', ({ lines, main }) => {
  expect(names(readInfo(lines))?.[0]).toBe(main);
});

test('what is needed to analyse vulnerabilities is kept', () => {
  const fact = readInfo(
    `${LINES}build\tvcs.revision=55f4381dce65\nbuild\tvcs.modified=false\n`,
    'go1.21.3 (Red Hat 1.21.3-4.el9)',
  );
  const target = { GOARCH: 'amd64', GOOS: 'linux' };
  expect(fact?.packages?.map(one => one.properties)).toEqual([
    { ...target, 'vcs.modified': 'false', 'vcs.revision': '55f4381dce65' },
    target,
    { ...target, toolchain: 'go1.21.3 (Red Hat 1.21.3-4.el9)', 'vendor-toolchain': 'true' },
  ]);
});

test.each([
  { lines: 'path\tcmd/go\n', found: ['golang toolchain 1.22.1', 'generic go 1.22.1'], why: 'the go command' },
  {
    lines: 'path\thelm.sh/helm/v3/cmd/helm\nmod\thelm.sh/helm/v3\tv3.15.2\n',
    found: ['generic helm 3.15.2'],
    why: 'a product by its module',
  },
  {
    lines:
      'path\tgithub.com/docker/cli/cmd/docker\nbuild\t-ldflags="-X github.com/docker/cli/cli/version.Version=28.2.2"\n',
    found: ['generic docker 28.2.2'],
    why: 'a product built without modules',
  },
])('programs that advisories know by another name are named so too: $why', ({ lines, found }) => {
  expect(names(readInfo(lines))?.slice(-found.length)).toEqual(found);
});

test('a pseudo-version makes no product version', () => {
  expect(names(readInfo('mod\thelm.sh/helm/v3\tv0.0.0-20240101000000-abcdefabcdef\n'))?.at(-1)).toBe(
    'golang stdlib 1.22.1',
  );
});

test('a program built without modules says that they are unknown', () => {
  const fact = readInfo('path\tgithub.com/containers/skopeo/cmd/skopeo\nbuild\tGOOS=linux\n');
  expect(names(fact)).toEqual(['golang stdlib 1.22.1']);
  expect(fact?.gaps).toEqual(['Go program built without module information: its modules are unknown']);
  expect(readInfo('path\tcmd/compile\n')?.gaps, 'the Go distribution has no modules').toEqual([]);
});

/** A known product whose linker was told `texts`, which stand between the toolchain's version and other constants. */
function constants(texts: readonly string[]): Buffer {
  const text = `soup of text1.2.3more soup\x40\x5e${texts.join('\0\0\x3f')}\0\x7f\x01go1.22.1\0\0\x40`;
  const info = inline('go1.22.1', wrapped('path\thelm.sh/helm/v3/cmd/helm\nmod\thelm.sh/helm/v3\t(devel)\n'));
  return buildElf([
    { name: '.rodata', bytes: Buffer.from(text, 'latin1') },
    { name: '.go.buildinfo', bytes: info },
  ]);
}

test.each([
  { texts: ['v3.15.2'], version: '3.15.2', why: 'the only one' },
  { texts: ['v3.15.2', 'v3.15.2'], version: '3.15.2', why: 'set twice' },
  { texts: ['release-12.3.2+security-01'], version: '12.3.2', why: 'as Grafana writes it' },
  { texts: ['1.29.0-rc.3'], version: '1.29.0-rc.3', why: 'a release candidate' },
  { texts: ['v3.15.2', 'v1.30.0'], version: undefined, why: 'two of them: one is a library’s' },
  { texts: ['main'], version: undefined, why: 'none' },
])('built with -trimpath, a known product has the version $version that stands beside the toolchain’s: $why', row => {
  const fact = read(constants(row.texts));
  expect(fact?.packages?.[0]).toMatchObject({
    name: 'helm.sh/helm/v3',
    version: row.version === undefined ? '(devel)' : `v${row.version}`,
    ...(row.version === undefined ? {} : { properties: { 'version-from': 'constant' } }),
  });
  expect(fact?.packages?.find(one => one.name === 'helm')?.version).toBe(row.version);
});

test('the Go distribution is known by its VERSION file, as program and as the module of its advisories', () => {
  const fact = readClaimed(goDistributionCataloguer, 'usr/local/go/VERSION', 'go1.22rc1\ntime 2024-02-14T18:19:22Z\n');
  expect(fact?.packages).toEqual([
    { type: 'golang', name: 'toolchain', version: '1.22.0-rc.1' },
    {
      type: 'generic',
      name: 'go',
      version: '1.22.0-rc.1',
      evidence: 'detected',
      properties: { cpe: 'cpe:2.3:a:golang:go:1.22.0-rc.1:*:*:*:*:*:*:*' },
    },
  ]);
  expect(readClaimed(goDistributionCataloguer, 'srv/app/VERSION', '1.2.3\n')).toBeUndefined();
});

test('lines without a module are counted, the others stay', () => {
  const fact = readInfo('mod\ta\tv1\n=>\ndep\t\tv1\ndep\tb\tv2\nnonsense\n\nbuild\n');
  expect(names(fact)).toEqual(['golang a v1', 'golang b v2', 'golang stdlib 1.22.1']);
  expect(fact?.gaps).toEqual(['2 line(s) of the Go build information without a module']);
});

test('no bytes make it throw anything but a PlimsollError', () => {
  const whole = fc.constantFrom(
    buildElf([{ name: '.go.buildinfo', bytes: inline('go1.22.1', wrapped(LINES)) }]),
    buildElf(pointers(64, false)),
    buildPe([{ name: '.data', bytes: DATA, isWritable: true }]),
  );
  const change = fc.tuple(fc.nat({ max: 900 }), fc.nat({ max: 255 }));
  fc.assert(
    fc.property(whole, fc.array(change, { maxLength: 8 }), (bytes, changes) => {
      const copy = Buffer.from(bytes);
      for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
      try {
        read(copy);
      } catch (error) {
        if (!(error instanceof PlimsollError)) throw error;
      }
    }),
    { numRuns: 500 },
  );
});

const SHARED = process.env['PLIMSOLL_SHARED'] ?? resolve(import.meta.dirname, '../../../../shared');
const MIXED_APP = resolve(SHARED, 'data/images/mixed-app-0.3.1-amd64.oci.tar');

test.skipIf(!existsSync(MIXED_APP))('shared data: lefthook in the image mixed-app has the expected modules', () => {
  const layer = 'blobs/sha256/f751284cec915536433113816186a2cc476fb2018789656f3d60b75c0c004dbe';
  const tar = gunzipSync(execFileSync('tar', ['-xOf', MIXED_APP, layer], { maxBuffer: 1e8 }));
  const program = execFileSync('tar', ['-xOf', '-', 'usr/local/bin/lefthook'], { input: tar, maxBuffer: 1e8 });
  const table = readFileSync(MIXED_APP.replace('.oci.tar', '.packages.tsv'), 'utf8').split('\n');
  const expected = table.filter(line => line.startsWith('golang\t')).map(line => line.split('\t', 3).join(' '));
  expect(expected).toHaveLength(27);
  expect(names(read(program))?.sort()).toEqual(expected.sort());
});

const GO = ['/usr/local/go/bin/go', '/usr/lib/go/bin/go', '/usr/bin/go'].find(path => existsSync(path));
const GO_PROGRAMS = [
  '/usr/bin/skopeo',
  '/usr/bin/podman',
  '/usr/bin/buildah',
  '/usr/local/bin/terraform',
  '/usr/local/go/bin/go',
].filter(path => existsSync(path));

test.skipIf(GO === undefined).each(GO_PROGRAMS)('%s has the modules that go version -m prints', path => {
  const lines = execFileSync(GO ?? 'go', ['version', '-m', path], { encoding: 'utf8' }).split('\n');
  const printed: string[] = [];
  for (const [, kind, name, version] of lines.map(line => line.split('\t'))) {
    if (kind === '=>' && !name?.startsWith('.')) printed.splice(-1, 1, `${name} ${version}`);
    else if (kind === '=>') printed.splice(-1, 1, `${printed.at(-1)?.split(' ')[0]} (devel)`);
    else if (kind === 'mod' || kind === 'dep') printed.push(`${name} ${version}`);
  }
  const found = read(readFileSync(path))?.packages?.filter(one => one.type === 'golang') ?? [];
  const modules = found.filter(one => one.name !== 'stdlib' && one.name !== 'toolchain');
  expect(modules.map(one => `${one.name} ${one.version}`)).toEqual(printed);
  expect(`go${found.find(one => one.name === 'stdlib')?.version}`).toBe(lines[0]?.split(' ')[1]);
});
