/**
 * The table of programs known by version strings.
 *
 * Each pattern was read off programs of the project's own builds, of official images or of Debian, up to August 2026. CPE names are
 * those of NVD.
 */
import type { Pattern, ProgramRule } from './rule.ts';

/** From the build id `VERSION HOST-TIME DIRTY SHA1` of Redis and its heirs, without blanks; releases have a SHA-1 of zeros. */
const REDIS_BUILD_ID: Pattern = {
  needle: '000000000\x00',
  before: 112,
  after: 0,
  version: /(?<![\d.])(\d{1,3}\.\d{1,3}\.\d{1,3}?)(?:(?:[0-9a-f]{12}|[A-Za-z][\w.-]{0,63})-)?[12]\d{9}[01]?0{8}\x00$/,
};

export const PROGRAM_RULES: readonly ProgramRule[] = [
  // Languages
  {
    name: 'node',
    cpe: ['nodejs:node.js'],
    files: ['node', 'node.exe', 'nodejs'],
    patterns: [
      { needle: 'node.js/v', version: /^node\.js\/v(\d+\.\d+\.\d+)/ },
      { needle: '\x00node v0.', version: /^\x00node v(0\.\d+\.\d+)\x00/ },
      { needle: '\x00moduleLoadList\x00', before: 24, version: /\x00v([4-6]\.\d+\.\d+)\x00moduleLoadList/ },
      { needle: '\x00--enable-ssl2\x00', before: 24, version: /\x00v(0\.\d+\.\d+)\x00--enable-ssl2/ },
    ],
  },
  {
    name: 'python',
    cpe: ['python:python', 'python_software_foundation:python'],
    files: ['python*', 'libpython*'],
    nameVersion: /^(?:lib)?python(\d\.\d{1,2})/,
    patterns: [
      { needle: '\x00{name}.', version: /^\x00(\d\.\d+\.\d+(?:(?:a|b|rc)\d+)?)\+?\x00/ },
      // The linker keeps one copy of texts with the same end: the version may be the end of a path.
      { needle: '/{name}.', version: /^\/(\d\.\d+\.\d+(?:(?:a|b|rc)\d+)?)\+?\x00/ },
      { needle: '<prefix>/lib/pythonX.X', before: 64, version: /\x00(\d\.\d+\.\d+(?:(?:a|b|rc)\d+)?)\+?\x00/ },
    ],
  },
  {
    name: 'pypy',
    cpe: ['pypy:pypy'],
    files: ['pypy*', 'libpypy*'],
    patterns: [{ needle: '[PyPy ', version: /^\[PyPy (\d+\.\d+\.\d+)/ }],
  },
  {
    name: 'ruby',
    cpe: ['ruby-lang:ruby'],
    files: ['ruby*', 'libruby*'],
    // Up to 2.0 the patch level tells releases apart; since then it only counts commits.
    patterns: [
      {
        needle: 'ruby ',
        version: /^ruby ((?:1\.\d+|2\.0)\.\d+(?:p\d+)?|\d+\.\d+\.\d+(?:preview\d+|rc\d+|dev)?)(?:p\d+)? \(\d{4}-/,
      },
    ],
  },
  {
    name: 'perl',
    cpe: ['perl:perl'],
    files: ['perl', 'perl5*', 'libperl.so*'],
    patterns: [
      { needle: '\x00v5.', version: /^\x00v(5\.\d+\.\d+)\x00/ },
      { needle: '/lib/perl5/5.', version: /^\/lib\/perl5\/(5\.\d+\.\d+)(?!\d)/ },
    ],
  },
  {
    name: 'php',
    cpe: ['php:php'],
    files: ['php*', 'libphp*', 'mod_php*'],
    patterns: [
      { needle: 'X-Powered-By: PHP/', version: /^X-Powered-By: PHP\/(\d+\.\d+\.\d+(?:(?:alpha|beta|RC)\d+|-dev)?)/ },
    ],
  },
  {
    name: 'erlang',
    cpe: ['erlang:erlang\\/otp'],
    files: ['beam.smp', 'beam', 'erlexec'],
    patterns: [
      {
        needle: 'Erlang/OTP ',
        after: 220,
        version: /^Erlang\/OTP [^\x00]{0,180}\x00+(\d+(?:\.\d+){1,3}(?:-rc\d)?)\x00/,
      },
      { needle: 'Erlang/OTP ', before: 40, version: /\x00(\d+(?:\.\d+){1,3}(?:-rc\d)?)\x00+Erlang\/OTP / },
      { needle: '/otp_src_', version: /^\/otp_src_(\d+(?:\.\d+){1,3}(?:-rc\d)?)\// },
      { needle: '/otp-', version: /^\/otp-(\d+(?:\.\d+){1,3}(?:-rc\d)?)\/erts\// },
    ],
  },
  {
    name: 'deno',
    cpe: ['deno:deno'],
    files: ['deno', 'deno.exe', 'denort'],
    patterns: [
      { needle: 'Deno/', version: /^Deno\/(\d+\.\d+\.\d+)(?:[^\d]|$)/ },
      { needle: 'release/v', before: 48, version: /deno-[0-9a-f]{40}release\/v(\d+\.\d+\.\d{1,2})/ },
      { needle: 'deno-', after: 72, version: /^deno-(?:canary\/)?[0-9a-f]{40}(\d+\.\d+\.\d{1,2})/ },
      { needle: 'DENO_UNSTABLE_COVERAGE_DIR', before: 56, version: /(?<![\d.])(\d+\.\d+\.\d{1,2}?)[0-9a-f]{40}DENO_/ },
    ],
  },
  {
    name: 'bun',
    cpe: ['oven-sh:bun', 'oven:bun'],
    files: ['bun', 'bun.exe', 'bunx'],
    patterns: [
      { needle: 'Bun v', version: /^Bun v(\d+\.\d+\.\d+)/ },
      { needle: 'bun-', version: /^bun-(\d+\.\d+\.\d+)(?!\d)/ },
    ],
  },
  {
    name: 'dart',
    cpe: ['dart:dart_software_development_kit'],
    files: ['dart', 'dart.exe', 'dartaotruntime'],
    patterns: [
      { needle: ' (stable) (', before: 24, version: /\x00(\d+\.\d+\.\d+) \(stable\)/ },
      { needle: ' (beta) (', before: 32, version: /\x00(\d+\.\d+\.\d+-[\d.]+\.beta) \(beta\)/ },
    ],
  },
  {
    name: 'julia',
    cpe: ['julialang:julia'],
    files: ['libjulia.so*', 'libjulia-internal.so*', 'julia'],
    patterns: [
      { needle: '\x00julia version ', before: 24, version: /\x00(\d+\.\d+\.\d+(?:-[a-z]+\d+)?)\x00julia version / },
      { needle: '\x00branch\x00', before: 24, version: /[^\d.](\d+\.\d+\.\d+(?:-[a-z]+\d+)?)\x00branch\x00/ },
      { needle: '\x00verify_methods\x00', before: 24, version: /\x00(\d+\.\d+\.\d+(?:-[a-z]+\d+)?)\x00verify_methods/ },
      { needle: '\x00BigInt\x00', before: 24, version: /\x00(\d+\.\d+\.\d+(?:-[a-z]+\d+)?)\x00BigInt\x00/ },
    ],
  },
  {
    name: 'rust',
    cpe: ['rust-lang:rust'],
    files: ['libstd-*.so', 'libstd-*.dylib', 'librustc_driver-*', 'rustc'],
    patterns: [
      { needle: 'rustc version ', version: /^rustc version (\d+\.\d+\.\d+(?:-(?:nightly|beta(?:\.\d+)?))?) \(/ },
      { needle: '/rustc-', version: /^\/rustc-(\d+\.\d+\.\d+)\// },
      { needle: 'c 1.', version: /^c (1\.\d+\.\d+) \([0-9a-f]{9,12} \d{4}-\d{2}-\d{2}\)/ },
    ],
  },
  {
    name: 'gcc',
    cpe: ['gnu:gcc'],
    files: ['gcc', 'gcc-*', '*-gcc', '*-gcc-*'],
    patterns: [
      {
        needle: '\x00gcc version %s',
        before: 96,
        version: /\x00(\d+\.\d+\.\d+)\x00(?:\([^()\x00]{0,60}\) \x00)?gcc version %s/,
      },
      { needle: 'GCC: (GNU) ', version: /^GCC: \(GNU\) (\d+\.\d+\.\d+)\x00/ },
    ],
  },

  // Web servers and proxies
  {
    name: 'openresty',
    cpe: ['openresty:openresty'],
    files: ['nginx', 'openresty'],
    patterns: [{ needle: 'nginx version: openresty/', version: /^nginx version: openresty\/(\d+(?:\.\d+){2,3})/ }],
  },
  {
    name: 'freenginx',
    cpe: ['freenginx:freenginx'],
    files: ['nginx', 'freenginx'],
    patterns: [{ needle: 'nginx version: freenginx/', version: /^nginx version: freenginx\/(\d+\.\d+\.\d+)/ }],
  },
  {
    name: 'nginx',
    cpe: ['f5:nginx', 'nginx:nginx'],
    files: ['nginx', 'nginx-debug', 'openresty'],
    // OpenResty's first three numbers are those of the nginx in it.
    patterns: [{ needle: 'nginx version: ', version: /^nginx version: (?:nginx|openresty)\/(\d+\.\d+\.\d+)/ }],
  },
  {
    name: 'httpd',
    cpe: ['apache:http_server'],
    files: ['httpd', 'apache2', 'httpd.worker', 'httpd.event'],
    patterns: [{ needle: 'Apache/2.', version: /^Apache\/(\d+\.\d+\.\d+)/ }],
  },
  {
    name: 'haproxy',
    cpe: ['haproxy:haproxy'],
    files: ['haproxy', 'haproxy-*'],
    patterns: [
      { needle: 'HA-Proxy version ', version: /^HA-Proxy version (\d+\.\d+(?:\.\d+|-dev\d+|-rc\d+))/ },
      {
        needle: ', released 20',
        before: 64,
        version: / version (\d+\.\d+(?:\.\d+|-dev\d+|-rc\d+))[^\x00]{0,40}, released 20/,
      },
      {
        needle: 'HAProxy version follows',
        before: 64,
        version: /(?<![\d.])(\d+\.\d+(?:\.\d+|-dev\d+|-rc\d+))[^\x00]{0,40}\x00+HAProxy version follows/,
      },
    ],
  },
  {
    name: 'lighttpd',
    cpe: ['lighttpd:lighttpd'],
    files: ['lighttpd'],
    patterns: [{ needle: 'lighttpd/1.', version: /^lighttpd\/(\d+\.\d+\.\d+)/ }],
  },
  {
    name: 'envoy',
    cpe: ['envoyproxy:envoy'],
    files: ['envoy', 'envoy-static'],
    patterns: [
      {
        needle: '\x001.',
        after: 16,
        version: /^\x00(1\.\d{1,2}\.\d{1,2}(?:-dev)?)\x00/,
        near: /envoy[_./]|ValidationError|EnvoyException|Unable to convert YAML|\x00RELEASE\x00|TLS client|envoy:/,
      },
    ],
  },
  {
    name: 'proftpd',
    cpe: ['proftpd:proftpd'],
    files: ['proftpd'],
    patterns: [{ needle: 'ProFTPD Version ', version: /^ProFTPD Version (\d+\.\d+\.\d+[a-z]?)\x00/ }],
  },

  // Databases
  {
    name: 'redis',
    cpe: ['redis:redis', 'redislabs:redis'],
    files: ['redis-server', 'redis-sentinel', 'redis-check-aof', 'redis-check-rdb'],
    patterns: [REDIS_BUILD_ID, { needle: 'Redis version ', version: /^Redis version (\d+\.\d+\.\d+)/ }],
  },
  {
    name: 'valkey',
    cpe: ['lfprojects:valkey', 'linuxfoundation:valkey', 'valkey-io:valkey'],
    files: ['valkey-server', 'valkey-sentinel', 'valkey-check-aof', 'valkey-check-rdb'],
    patterns: [REDIS_BUILD_ID],
  },
  {
    name: 'memcached',
    cpe: ['memcached:memcached'],
    files: ['memcached'],
    patterns: [{ needle: 'memcached 1.', version: /^memcached (\d+\.\d+\.\d+)/ }],
  },
  {
    name: 'postgresql',
    cpe: ['postgresql:postgresql'],
    files: ['postgres', 'postmaster'],
    patterns: [
      {
        needle: 'PostgreSQL ',
        before: 1,
        version: /(?:^|[^\x20-\x7e]|\?)PostgreSQL (\d+(?:\.\d+){0,2}(?:(?:alpha|beta|rc)\d+)?)(?:[ \x00]|$)/,
      },
    ],
  },
  {
    name: 'percona-server',
    cpe: ['percona:percona_server', 'oracle:mysql'],
    files: ['mysql', 'mysqld'],
    patterns: [{ needle: '/percona-server-', version: /^\/percona-server-(\d+\.\d+\.\d+)/ }],
  },
  {
    name: 'percona-xtradb-cluster',
    cpe: ['percona:xtradb_cluster', 'percona:percona_server', 'oracle:mysql'],
    files: ['mysql', 'mysqld'],
    patterns: [{ needle: '/Percona-XtraDB-Cluster-', version: /^\/Percona-XtraDB-Cluster-(\d+\.\d+\.\d+)/ }],
  },
  {
    name: 'percona-xtrabackup',
    cpe: ['percona:xtrabackup'],
    files: ['xtrabackup'],
    patterns: [{ needle: '/percona-xtrabackup-', version: /^\/percona-xtrabackup-(\d+\.\d+\.\d+)/ }],
  },
  {
    name: 'mysql-cluster',
    cpe: ['oracle:mysql_cluster'],
    files: ['mysql', 'mysqld', 'ndbd', 'ndbmtd', 'ndb_mgmd'],
    patterns: [
      { needle: '/mysql-cluster-gpl-', version: /^\/mysql-cluster-gpl-(\d+\.\d+\.\d+)/ },
      { needle: '-ndb-', before: 16, version: /\x00\d+\.\d+\.\d+-ndb-(\d+\.\d+\.\d+)/ },
    ],
  },
  {
    name: 'mariadb',
    cpe: ['mariadb:mariadb'],
    files: ['mariadb', 'mariadbd', 'mysql', 'mysqld'],
    patterns: [
      { needle: '-MariaDB', before: 16, version: /(?<![\d.])(\d+\.\d+\.\d+)-MariaDB/ },
      { needle: '/mariadb-', version: /^\/mariadb-(\d+\.\d+\.\d+)[-/]/ },
    ],
  },
  {
    name: 'mysql',
    cpe: ['oracle:mysql'],
    files: ['mysql', 'mysqld'],
    patterns: [
      {
        needle: 'mysql_real_escape_string_quote',
        before: 32,
        version: /\x00(\d+\.\d+\.\d+)\x00+mysql_real_escape_string_quote/,
      },
      { needle: '/mysql-', version: /^\/mysql-(\d+\.\d+\.\d+)(?:-[a-z]+)?\// },
      { needle: '-ndb-', before: 16, version: /\x00(\d+\.\d+\.\d+)-ndb-\d/ },
    ],
    unless: ['mariadb', 'percona-server', 'percona-xtradb-cluster'],
  },
  {
    name: 'mongodb',
    cpe: ['mongodb:mongodb'],
    files: ['mongod', 'mongos'],
    patterns: [
      { needle: '\x00tcmalloc\x00', before: 16, version: /\x00(\d+\.\d+\.\d+)\x00tcmalloc/ },
      { needle: '\x00heap_size\x00', before: 16, version: /\x00(\d+\.\d+\.\d+)\x00+heap_size/ },
      { needle: '\x00cppdefines\x00', before: 16, version: /\x00(\d+\.\d+\.\d+)\x00+cppdefines/ },
    ],
  },
  {
    name: 'arangodb',
    cpe: ['arangodb:arangodb'],
    files: ['arangod', 'arangosh'],
    patterns: [
      { needle: ' [linux]', before: 32, version: /(?<![\d.])(\d+\.\d+\.\d+(?:-\d+)?)(?: enterprise)? \[linux\]/ },
    ],
  },

  // Operations
  {
    name: 'consul',
    cpe: ['hashicorp:consul'],
    files: ['consul'],
    patterns: [{ needle: 'CONSUL_VERSION: ', version: /^CONSUL_VERSION: (\d+\.\d+\.\d+)/ }],
  },
  {
    name: 'fluent-bit',
    cpe: ['treasuredata:fluent_bit'],
    files: ['fluent-bit'],
    patterns: [
      {
        needle: 'Fluent Bit v',
        before: 24,
        version: /\x00(\d+\.\d+\.\d+)\x00+(?:\x1b\[1m\x00)?(?:%s)?Fluent Bit v/,
      },
    ],
  },

  // Libraries and tools
  {
    name: 'aws-lc',
    cpe: ['amazon:aws_libcrypto'],
    files: ['openssl', 'bssl', 'libcrypto*'],
    patterns: [{ needle: '(compatible; AWS-LC ', version: /^\(compatible; AWS-LC (\d+\.\d+\.\d+)\)/ }],
  },
  {
    name: 'libressl',
    cpe: ['openbsd:libressl'],
    files: ['openssl', 'libcrypto*', 'libssl*'],
    patterns: [{ needle: 'LibreSSL ', version: /^LibreSSL (\d+\.\d+\.\d+)\x00/ }],
  },
  {
    name: 'openssl',
    cpe: ['openssl:openssl'],
    files: ['openssl', 'libcrypto.so*', 'libcrypto-*', 'libssl.so*', 'libssl-*'],
    // The date tells it from the libraries that claim to be compatible.
    patterns: [
      {
        needle: 'OpenSSL ',
        version:
          /^OpenSSL (\d+\.\d+\.\d+(?:[a-z]{1,2}|-(?:alpha|beta|rc)\d+)?)(?:-fips|-dev)?\+? {1,2}\d{1,2} [A-Z][a-z]{2} \d{4}/,
      },
    ],
  },
  {
    name: 'curl',
    cpe: ['haxx:curl'],
    files: ['curl', 'curl.exe', 'libcurl.so*', 'libcurl-*'],
    patterns: [{ needle: 'curl/', version: /^curl\/(\d+\.\d+\.\d+)/ }],
  },
  {
    name: 'bash',
    cpe: ['gnu:bash'],
    files: ['bash', 'rbash'],
    patterns: [{ needle: '@(#)Bash version ', version: /^@\(#\)Bash version (\d+\.\d+\.\d+)\(/ }],
  },
  {
    name: 'busybox',
    cpe: ['busybox:busybox'],
    // Its hundred names are hard links, and `[` comes first in the alphabet.
    files: ['busybox', 'busybox.static', 'busybox-*', '['],
    patterns: [{ needle: 'BusyBox v', version: /^BusyBox v(\d+\.\d+\.\d+)/ }],
  },
  {
    name: 'util-linux',
    cpe: ['kernel:util-linux'],
    files: ['getopt'],
    patterns: [{ needle: 'util-linux ', version: /^util-linux (\d+\.\d+(?:\.\d+)?)\x00/ }],
  },
  {
    name: 'gzip',
    cpe: ['gnu:gzip'],
    files: ['gzip'],
    patterns: [
      { needle: 'file size changed while zipping', version: /\x00(\d\.\d+)\x00/ },
      { needle: 'bad pack level', version: /\x00(\d\.\d+)\x00/ },
    ],
  },
  {
    name: 'xz',
    cpe: ['tukaani:xz'],
    files: ['xz'],
    patterns: [{ needle: 'xz (XZ Utils) ', version: /^xz \(XZ Utils\) (\d+\.\d+\.\d+(?:alpha|beta)?)/ }],
  },
  {
    name: 'zstd',
    cpe: ['facebook:zstandard'],
    files: ['zstd', 'pzstd'],
    patterns: [{ needle: '\x00Zstandard CLI\x00', before: 24, version: /\x00v(\d+\.\d+\.\d+)\x00Zstandard CLI/ }],
  },
  {
    name: 'jq',
    cpe: ['jqlang:jq'],
    files: ['jq'],
    patterns: [{ needle: 'jq: error (at %s)', before: 40, version: /\x00(\d+\.\d+(?:\.\d+)?(?:rc\d+)?)\x00DEBUG:/ }],
  },
  {
    name: 'ffmpeg',
    cpe: ['ffmpeg:ffmpeg'],
    files: [
      'ffmpeg',
      'ffprobe',
      'libavcodec*',
      'libavformat*',
      'libavutil*',
      'libavfilter*',
      'libswresample*',
      'libswscale*',
    ],
    patterns: [
      { needle: 'FFmpeg version ', version: /^FFmpeg version n?(\d+\.\d+(?:\.\d+)?)(?!\d)/ },
      { needle: '%s version ', version: /^%s version n?(\d+\.\d+(?:\.\d+)?)(?!\d)/ },
    ],
  },
  {
    name: 'qt',
    cpe: ['qt:qt', 'qt:qtbase'],
    files: ['libQtCore.so*', 'libQt5Core.so*', 'libQt6Core.so*'],
    patterns: [
      { needle: 'QtCore library version ', version: /^QtCore library version (?:Qt )?(\d+\.\d+\.\d+)/ },
      { needle: '\x00Qt ', version: /^\x00Qt (\d+\.\d+\.\d+) \(/ },
    ],
  },
  {
    name: 'krb5',
    cpe: ['mit:kerberos_5'],
    files: ['libkrb5.so*'],
    patterns: [{ needle: 'KRB5_BRAND: krb5-', version: /^KRB5_BRAND: krb5-[^ ]{1,40} (\d+(?:\.\d+){1,2}) / }],
  },
  {
    name: 'heimdal',
    cpe: ['heimdal_project:heimdal'],
    files: ['libkrb5.so*'],
    patterns: [{ needle: '$Version: Heimdal ', version: /^\$Version: Heimdal (\d+(?:\.\d+){1,2}) / }],
  },
  {
    name: 'openldap',
    cpe: ['openldap:openldap'],
    files: ['slapd', 'ldapsearch', 'libldap*'],
    patterns: [{ needle: '$OpenLDAP: ', version: /^\$OpenLDAP: [\w.]{1,32} (\d+\.\d+\.\d+)/ }],
  },
  {
    name: 'sqlcipher',
    cpe: ['zetetic:sqlcipher'],
    files: ['sqlcipher', 'libsqlcipher*'],
    patterns: [{ needle: '\x00community\x00', version: /^\x00community\x00(\d+\.\d+\.\d+)\x00/ }],
  },
  {
    name: 'chrome',
    cpe: ['google:chrome'],
    files: ['chrome', 'chromium', 'chrome-headless-shell', 'headless_shell'],
    patterns: [{ needle: '\x00Default', before: 24, version: /\x00(\d+\.\d+\.\d+\.\d+)\x00Default/ }],
  },
];
