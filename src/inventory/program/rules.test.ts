import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { claimedFile } from '../../../test/fixtures/claimed-file.ts';
import { buildElf } from '../../../test/fixtures/executable-builder.ts';
import { openExecutable } from '../executable/open-executable.ts';
import { toBody } from '../file-body.ts';
import { programCataloguer } from './cataloguer.ts';
import { RuleIndex } from './match-name.ts';
import { MAX_CONTEXT_BYTES } from './rule.ts';
import { PROGRAM_RULES } from './rules.ts';
import { scan } from './scan.ts';

const INDEX = new RuleIndex(PROGRAM_RULES);

const read = (name: string, bytes: Buffer) => {
  const executable = openExecutable(toBody(bytes));
  return executable && programCataloguer.read(claimedFile(`usr/local/bin/${name}`, bytes), executable)?.packages;
};
const readText = (name: string, text: string) =>
  read(name, buildElf([{ name: '.rodata', bytes: Buffer.from(`\0before\0${text}\0after`, 'latin1') }]));

/** Each row: a file name, what stands among its constants (`|` for NUL), and what that makes. */
const rows: readonly (readonly [file: string, text: string, found: string, why?: string])[] = [
  ['node', ']/json|node.js/v22.9.0|(delegate_)', 'node 22.9.0'],
  ['node', 'status == 0|node v0.10.48|FATAL', 'node 0.10.48', 'before io.js'],
  ['node', '-v|v0.12.18|--enable-ssl2|--help', 'node 0.12.18', 'the last of the old line'],
  ['node', 'agent.|v4.9.1|moduleLoadList|http_parser|1.2.11|zlib', 'node 4.9.1', 'versions of libraries stand near'],
  ['python3.11', 'pymalloc_debug|3.11.2|strict', 'python 3.11.2'],
  ['libpython3.7m.so.1.0', 'linux|3.7.4|%.80s (%.80s) %.80s|2.9.9', 'python 3.7.4'],
  [
    'libpython3.10.so.1.0',
    '/opt/versions/3.10.13|lib/python3.10',
    'python 3.10.13',
    'the linker merged it into a path',
  ],
  ['python3.13', 'x|3.13.0rc2|y', 'python 3.13.0rc2', 'a release candidate'],
  ['python', 'PYTHONIOENCODING|3.6.3|<prefix>/lib/pythonX.X|Python %s', 'python 3.6.3', 'no version in the name'],
  ['libpypy3.9-c.so', '[PyPy 7.3.14 with GCC', 'pypy 7.3.14'],
  ['libruby-3.1.so.3.1.2', '|ruby 3.1.2p20 (2022-04-12 revision 4491bb740a) [x86_64-linux]', 'ruby 3.1.2'],
  ['ruby', 'ruby 1.9.3p551 (2014-11-13 revision 48407)', 'ruby 1.9.3p551', 'then the patch level told releases apart'],
  ['ruby', 'ruby 3.4.0preview1 (2024-05-16 master', 'ruby 3.4.0preview1'],
  ['perl', 'SEED|v5.36.0|panic', 'perl 5.36.0'],
  ['perl', '/usr/local/lib/perl5/5.20.0|-e', 'perl 5.20.0', 'without the other'],
  ['php-fpm8.2', '%s,%s|X-Powered-By: PHP/8.2.1|index', 'php 8.2.1'],
  ['libphp.so', 'X-Powered-By: PHP/8.4.0RC1|', 'php 8.4.0RC1'],
  ['beam.smp', 'Erlang/OTP 26%s [erts-14.1.1] [jit:ns%s]\n|26.1.2|x', 'erlang 26.1.2'],
  ['beam.smp', '|26.1.2|||||Erlang/OTP 26%s', 'erlang 26.1.2', 'in the other order'],
  ['erlexec', '/usr/src/otp_src_25.3.2.6/erts/lib_src', 'erlang 25.3.2.6'],
  ['erlexec', '/usr/local/src/otp-25.3.2.7/erts/x', 'erlang 25.3.2.7'],
  ['deno', "flag ''|Deno/1.41.0cli/worker.rs", 'deno 1.41.0'],
  ['deno', 'deno-74064c9d8c222b33b2a552ea0af1054f57002a96release/v1.28.3windows', 'deno 1.28.3'],
  ['deno', 'deno-ab286750a8c87215a9651efb11fcc620f29140051.16.4release/vdl', 'deno 1.16.4'],
  ['deno', 'installed|1.10.31567c1013cc8ff12cf039137792da66a1d0015b5DENO_UNSTABLE_COVERAGE_DIR', 'deno 1.10.3'],
  ['bun', 'Bun v1.1.0|bun-1.1.0', 'bun 1.1.0'],
  ['dart', 'GC"|3.5.2 (stable) (Wed Aug 28', 'dart 3.5.2'],
  ['dart', 'GC"|3.6.0-216.1.beta (beta) (Wed', 'dart 3.6.0-216.1.beta'],
  ['libjulia-internal.so.1.12.6', '__init__|1.12.6|branch|commit', 'julia 1.12.6'],
  ['libjulia.so.1', '`%s`|1.8.5|julia version %s', 'julia 1.8.5'],
  ['libjulia-internal.so', '__init__|1.10.11|verify_methods|', 'julia 1.10.11'],
  ['libjulia-internal.so', 'serialized|1.9.0-alpha1|BigInt|', 'julia 1.9.0-alpha1'],
  ['libstd-c6192dd4c4d410ac.so', '|clang LLVM (rustc version 1.67.1 (d5a82bbd2 2023-02-07))', 'rust 1.67.1'],
  ['libstd-c6192dd4c4d410ac.so', 'value/usr/src/rustc-1.63.0/library/alloc', 'rust 1.63.0', 'as Debian builds it'],
  ['libstd-16f2b65e77054c42.dylib', 'ec 1.67.1 (d5a82bbd2 2023-02-07)', 'rust 1.67.1'],
  ['x86_64-linux-gnu-gcc-12', 'zstd|12.2.0|(Debian 12.2.0-14+deb12u1) |gcc version %s %s', 'gcc 12.2.0'],
  ['gcc', 'GCC: (GNU) 12.3.0|', 'gcc 12.3.0'],
  ['nginx', '"|nginx version: nginx/1.25.1\n', 'nginx 1.25.1'],
  ['nginx', 'nginx version: openresty/1.21.4.3\n', 'openresty 1.21.4.3, nginx 1.21.4', 'both are what advisories name'],
  ['nginx', 'nginx version: freenginx/1.27.0\n', 'freenginx 1.27.0'],
  ['apache2', 'mailto:|Apache/2.4.54| Server at', 'httpd 2.4.54'],
  ['haproxy', 'HA-Proxy version 1.5.14 2015/07/02', 'haproxy 1.5.14'],
  ['haproxy', ' version 2.6.12-1+deb12u4, released 2026/10/17|', 'haproxy 2.6.12'],
  ['haproxy', '2024/05/29|3.1-dev0-1eb0f22||HAProxy version follows', 'haproxy 3.1-dev0'],
  ['lighttpd', '|lighttpd/1.4.76|server', 'lighttpd 1.4.76'],
  ['envoy', 'signing|1.18.6-dev|Unable to convert YAML as JSON: ', 'envoy 1.18.6-dev'],
  ['envoy', 'zlib|1.2.11|inflate', '', 'the version of something else'],
  ['proftpd', "'%s'|ProFTPD Version 1.3.8b|LANG", 'proftpd 1.3.8b'],
  [
    'redis-server',
    '%llx|7.0.14buildkitsandbox-1702957741000000000|',
    'redis 7.0.14',
    'built in a sandbox of a known name',
  ],
  ['redis-server', '|4.0.11841ce7054bd9-1542359302000000000|', 'redis 4.0.11', 'the host name begins with a digit'],
  ['redis-check-rdb', '|7.0.151790282056000000000|%llx', 'redis 7.0.15', 'a reproducible build has no host name'],
  ['redis-server', 'Server started, Redis version 2.8.23\n', 'redis 2.8.23'],
  ['valkey-server', 'valkey9.0.0buildkitsandbox-1764887574000000000|', 'valkey 9.0.0'],
  ['memcached', 'listen|memcached 1.6.18|udp', 'memcached 1.6.18'],
  ['postgres', '".|PostgreSQL 15.1 (Debian 15.1-1.pgdg110+1) on x86', 'postgresql 15.1'],
  ['postgres', 'PostgreSQL 9.6.24 on x86_64', 'postgresql 9.6.24'],
  ['postgres', '|PostgreSQL 15beta4 (Debian', 'postgresql 15beta4'],
  ['mysqld', '../../mysql-9.7.0/sql/log.cc', 'mysql 9.7.0'],
  ['mysql', 'shutdown|8.0.37|||mysql_real_escape_string_quote|', 'mysql 8.0.37'],
  ['mysql', '/usr/src/BUILD/percona-server-8.0.35-27/x|../mysql-8.0.35/y', 'percona-server 8.0.35', 'built from MySQL'],
  ['mysql', 'BUILD/Percona-XtraDB-Cluster-8.0.34/sql', 'percona-xtradb-cluster 8.0.34'],
  ['xtrabackup', 'BUILD/percona-xtrabackup-8.0.35-30', 'percona-xtrabackup 8.0.35'],
  ['mysqld', '-cluster-gpl|5.7.33-ndb-7.6.17|x86_64', 'mysql-cluster 7.6.17, mysql 5.7.33'],
  ['ndbd', 'BUILD/mysql-cluster-gpl-9.7.0/storage', 'mysql-cluster 9.7.0'],
  ['mysqld', 'gnu|10.6.15-MariaDB|readline|../mysql-5.5.5/x', 'mariadb 10.6.15', 'MariaDB goes by its old name'],
  ['mariadb', '/usr/src/debug/mariadb-11.8.5-2-redhat-x86_64/storage', 'mariadb 11.8.5'],
  ['mongod', 'Config|6.0.27|tcmalloc|', 'mongodb 6.0.27'],
  ['mongod', 'Setup|7.0.28|heap_size|', 'mongodb 7.0.28'],
  ['mongod', 'Documents|8.0.17|cppdefines|', 'mongodb 8.0.17'],
  ['arangosh', 'curl|3.12.5-2 enterprise [linux]|', 'arangodb 3.12.5-2'],
  ['consul', '<!-- CONSUL_VERSION: 1.15.2 -->', 'consul 1.15.2'],
  ['fluent-bit', 'type: |3.0.2|%sFluent Bit v%s', 'fluent-bit 3.0.2'],
  ['openssl', '|OpenSSL 1.1.1zb  16 Oct 2024|', 'openssl 1.1.1zb'],
  ['libcrypto.so.3', '|OpenSSL 3.0.19 27 Jan 2026|3.0.19|', 'openssl 3.0.19'],
  ['libcrypto.so.10', '|OpenSSL 1.0.2k-fips  26 Jan 2017|', 'openssl 1.0.2k'],
  ['openssl', '|OpenSSL 1.1.1 (compatible; AWS-LC 1.69.0)|', 'aws-lc 1.69.0', 'it only claims to be compatible'],
  ['openssl', '|LibreSSL 3.8.2|', 'libressl 3.8.2'],
  ['libcurl.so.4.8.0', '|libcurl/7.88.1|zlib/%s', 'curl 7.88.1'],
  ['bash', '|@(#)Bash version 5.2.15(1) release GNU|', 'bash 5.2.15'],
  ['[', 'memory|BusyBox v1.36.1 (2023-12-04 19:44:32 UTC)|', 'busybox 1.36.1', 'the first of its hard links'],
  ['getopt', '%s from %s\n|util-linux 2.37.4|', 'util-linux 2.37.4'],
  ['gzip', '%s: %s: file size changed while zipping\n|1.12|', 'gzip 1.12'],
  ['gzip', 'bad pack level|1.12|%s %s\n', 'gzip 1.12'],
  ['xz', 'chain: %s\n|xz (XZ Utils) 5.6.2|liblzma', 'xz 5.6.2'],
  ['zstd', 'Enabled|v1.5.6|Zstandard CLI|', 'zstd 1.5.6'],
  ['jq', '%s|1.7.1|DEBUG:|jq: error (at %s): %s', 'jq 1.7.1'],
  ['ffmpeg', '"%s"\n|%s version 7.1.1| Copyright', 'ffmpeg 7.1.1'],
  ['libavcodec.so.59.37.100', '|FFmpeg version 5.1.4|', 'ffmpeg 5.1.4'],
  ['libQt6Core.so.6.5.0', '||Qt 6.5.0 (x86_64-little_endian', 'qt 6.5.0'],
  ['libQtCore.so.4.8.6', 'This is the QtCore library version 4.8.6\n', 'qt 4.8.6'],
  ['libkrb5.so.3.3', '|KRB5_BRAND: krb5-1.18.4-final 1.18.4 20210722|', 'krb5 1.18.4'],
  ['libkrb5.so.26.0.0', '@(#)$Version: Heimdal 7.8.0 $|', 'heimdal 7.8.0'],
  ['slapd', '@(#) $OpenLDAP: slapd 2.6.10 (May 23', 'openldap 2.6.10'],
  ['sqlcipher', '|community|4.5.5|%s %s', 'sqlcipher 4.5.5'],
  ['chrome', 'Videos|126.0.6478.182|Default|', 'chrome 126.0.6478.182'],
];

test.each(rows.map(([file, text, found, why = 'as it stands in the program']) => ({ file, text, found, why })))(
  '$file with $text is "$found": $why',
  ({ file, text, found }) => {
    const packages = readText(file, text.replaceAll('|', '\0')) ?? [];
    expect(packages.map(one => `${one.name} ${one.version}`).join(', ')).toBe(found);
  },
);

test('every rule of the table has a row here', () => {
  const covered = new Set(rows.flatMap(([file]) => INDEX.find(file)));
  expect(PROGRAM_RULES.filter(rule => !covered.has(rule)).map(rule => rule.name)).toEqual([]);
});

test('a program goes by its CPE, escaped, and is marked as detected', () => {
  expect(readText('nginx', 'nginx version: nginx/1.25.1\n')).toEqual([
    {
      type: 'generic',
      name: 'nginx',
      version: '1.25.1',
      evidence: 'detected',
      properties: { cpe: 'cpe:2.3:a:f5:nginx:1.25.1:*:*:*:*:*:*:* cpe:2.3:a:nginx:nginx:1.25.1:*:*:*:*:*:*:*' },
    },
  ]);
});

test.each([
  { file: 'python3.11', text: '\x003.9.18\0', why: 'the name says 3.11' },
  { file: 'libfoo.so', text: 'node.js/v22.9.0', why: 'no rule has that name' },
  { file: 'node', text: 'nginx version: nginx/1.25.1', why: 'the text is of another program' },
  { file: 'openssl', text: 'OpenSSL 1.1.1 (compatible; BoringSSL)', why: 'BoringSSL has no versions' },
])('$file with "$text" is nothing: $why', ({ file, text }) => {
  expect(readText(file, text)).toBeUndefined();
});

test('only constants are searched, unless the file has no sections', () => {
  const text = Buffer.from('node.js/v22.9.0\0');
  expect(
    read(
      'node',
      buildElf([
        { name: '.text', bytes: text },
        { name: '.rodata', bytes: Buffer.from('x') },
      ]),
    ),
  ).toBeUndefined();
  expect(read('node', buildElf([{ name: '', bytes: text }], { isStripped: true }))).toHaveLength(1);
});

test('a version is found wherever it stands among windows and regions', () => {
  const [rule] = INDEX.find('jq');
  if (rule === undefined) throw new Error('no rule');
  const text = Buffer.from('\x001.7.1\0DEBUG:\0jq: error (at %s): %s', 'latin1');
  const size = 4 * 1024 * 1024;
  const file = Buffer.alloc(2 * size + 1000);
  const near = fc.integer({ min: -60, max: 60 });
  fc.assert(
    fc.property(fc.constantFrom(100, size, 2 * size), near, (edge, shift) => {
      file.fill(0x2e);
      text.copy(file, edge + shift);
      const found = scan(toBody(file), [{ start: 0, end: file.length }], [{ rule }]);
      expect(found.map(one => one.version)).toEqual(['1.7.1']);
    }),
    { numRuns: 12 },
  );
});

test('a needle repeated without end costs no more than a bounded number of looks', () => {
  const file = buildElf([{ name: '.rodata', bytes: Buffer.from('node.js/v'.repeat(500_000)) }]);
  expect(read('node', file)).toBeUndefined();
});

test('ten thousand sections over the same bytes are searched once', () => {
  const elf = buildElf([{ name: '.rodata', bytes: Buffer.from('x'.repeat(100)) }]);
  const executable = openExecutable(toBody(elf));
  const [section] = executable?.sections ?? [];
  if (executable === undefined || section === undefined) throw new Error('not opened');
  let readBytes = 0;
  const counted = {
    sizeBytes: elf.length,
    read: (at: number, length: number) => {
      readBytes += length;
      return elf.subarray(at, at + length);
    },
  };
  const many = { ...executable, sections: Array.from({ length: 10_000 }, () => section), body: counted };
  programCataloguer.read(claimedFile('usr/bin/node', elf), many);
  expect(readBytes).toBeLessThan(3 * MAX_CONTEXT_BYTES);
});

test('no text among the constants makes it throw', () => {
  const pieces = fc.constantFrom(
    ...PROGRAM_RULES.flatMap(rule => rule.patterns.map(pattern => pattern.needle)),
    '1.2.3',
    '\0',
    'v',
  );
  const names = fc.constantFrom(...PROGRAM_RULES.flatMap(rule => rule.files.map(file => file.replaceAll('*', '3.1'))));
  fc.assert(
    fc.property(names, fc.array(pieces, { maxLength: 12 }), (name, texts) => {
      for (const found of readText(name, texts.join('')) ?? []) expect(found.version).toMatch(/^\d/);
    }),
    { numRuns: 300 },
  );
});

/** Programs that most machines have, and what they print about themselves. */
const installed = [
  { path: process.execPath, ask: ['--version'], print: /v(\S+)/ },
  { path: '/usr/bin/python3', ask: ['--version'], print: /Python (\S+)/ },
  { path: '/usr/bin/perl', ask: ['-e', 'print $^V'], print: /v(\S+)/ },
  { path: '/bin/bash', ask: ['--version'], print: /version (\d+\.\d+\.\d+)/ },
  { path: '/usr/bin/openssl', ask: ['version'], print: /OpenSSL (\S+)/ },
  { path: '/usr/bin/curl', ask: ['--version'], print: /curl (\S+)/ },
  { path: '/usr/bin/gcc', ask: ['-dumpfullversion'], print: /(\S+)/ },
  { path: '/usr/bin/getopt', ask: ['--version'], print: /util-linux (\S+)/ },
  { path: '/usr/bin/gzip', ask: ['--version'], print: /gzip (\S+)/ },
  { path: '/usr/bin/xz', ask: ['--version'], print: /Utils\) (\S+)/ },
  { path: '/usr/bin/php', ask: ['--version'], print: /PHP (\d+\.\d+\.\d+)/ },
  {
    path: '/usr/lib/x86_64-linux-gnu/libruby-3.1.so.3.1',
    program: '/usr/bin/ruby',
    ask: ['-e', 'print RUBY_VERSION'],
    print: /(\S+)/,
  },
  { path: '/usr/lib/postgresql/15/bin/postgres', ask: ['--version'], print: /PostgreSQL\) (\S+)/ },
];

for (const { path, program = path, ask, print } of installed) {
  test.skipIf(!existsSync(path) || !existsSync(program))(
    `${basename(path)} of this machine has the version that it prints`,
    () => {
      const real = realpathSync(path);
      const version = print.exec(execFileSync(program, ask, { encoding: 'utf8' }))?.[1];
      expect(read(basename(real), readFileSync(real))?.[0]?.version).toBe(version);
    },
  );
}
