import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { buildZip, type ZipInput } from '../../../test/fixtures/zip-builder.ts';
import { toBody } from '../file-body.ts';
import { javaCataloguer } from './cataloguer.ts';

const read = (path: string, bytes: Uint8Array) => {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return javaCataloguer.read({ path, name, sizeBytes: bytes.length, mode: 0o644, body: toBody(bytes) });
};

/** One line per package: where, what, from what evidence. */
const listing = (path: string, bytes: Uint8Array) =>
  (read(path, bytes)?.packages ?? []).map(({ inside, name, version, properties }) => {
    const { identity, shaded } = properties ?? {};
    return `${inside === undefined ? '' : `${inside} `}${name}@${version} ${identity}${shaded ? ' shaded' : ''}`;
  });

const properties = (group: string, artifact: string, version: string): ZipInput => ({
  name: `META-INF/maven/${group}/${artifact}/pom.properties`,
  content: `groupId=${group}\nartifactId=${artifact}\nversion=${version}\n`,
});
const manifest = (attributes: Record<string, string>): ZipInput => ({
  name: 'META-INF/MANIFEST.MF',
  content: Object.entries({ 'Manifest-Version': '1.0', ...attributes })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join(''),
});
const CLASS: ZipInput = { name: 'org/example/A.class', content: 'class' };

test.each([
  { path: 'app/a.jar', sizeBytes: 9, claimed: true, why: 'a library' },
  { path: 'app/A.JAR', sizeBytes: 9, claimed: true, why: 'from Windows' },
  { path: 'jenkins/git.hpi', sizeBytes: 9, claimed: true, why: 'a Jenkins plugin' },
  { path: 'app/a.jar', sizeBytes: 0, claimed: false, why: 'a placeholder' },
  { path: 'usr/lib/jvm/bin/jar', sizeBytes: 9, claimed: false, why: 'the program of that name in every JDK' },
  { path: 'app/a.zip', sizeBytes: 9, claimed: false, why: 'any archive' },
])('$path of $sizeBytes bytes is claimed: $claimed ($why)', ({ path, sizeBytes, claimed }) => {
  expect(javaCataloguer.claims({ path, name: path.slice(path.lastIndexOf('/') + 1), sizeBytes, mode: 0o644 })).toBe(
    claimed,
  );
});

test.each([
  {
    why: 'Maven left its coordinates',
    path: 'opt/log4j-1.2.17.jar',
    inputs: [properties('log4j', 'log4j', '1.2.17'), manifest({ 'Implementation-Version': '9' })],
    want: ['log4j:log4j@1.2.17 pom.properties'],
  },
  {
    why: 'the pom counts when the properties are missing',
    path: 'opt/a-1.jar',
    inputs: [
      {
        name: 'META-INF/maven/g/a/pom.xml',
        content: '<project><groupId>g</groupId><artifactId>a</artifactId><version>1</version></project>',
      },
    ],
    want: ['g:a@1 pom.xml'],
  },
  {
    why: 'a snapshot keeps its name, whatever the file was renamed to',
    path: 'opt/app-1.0-20210101.120000-1.jar',
    inputs: [properties('com.x', 'app', '1.0-SNAPSHOT')],
    want: ['com.x:app@1.0-SNAPSHOT pom.properties'],
  },
  {
    why: 'others were shaded in',
    path: 'opt/htrace-core4-4.1.0.jar',
    inputs: [properties('com.fasterxml', 'jackson-core', '2.4.0'), properties('org.htrace', 'htrace-core4', '4.1.0')],
    want: [
      'org.htrace:htrace-core4@4.1.0 pom.properties',
      'META-INF/maven/com.fasterxml/jackson-core/pom.properties com.fasterxml:jackson-core@2.4.0 pom.properties shaded',
    ],
  },
  {
    why: 'of several the closest name is the archive',
    path: 'opt/engine-feel-scala-7.jar',
    inputs: [
      properties('o', 'engine', '7'),
      properties('o', 'engine-feel-scala', '7'),
      properties('o', 'engine-feel', '7'),
    ],
    want: [
      'o:engine-feel-scala@7 pom.properties',
      'META-INF/maven/o/engine/pom.properties o:engine@7 pom.properties shaded',
      'META-INF/maven/o/engine-feel/pom.properties o:engine-feel@7 pom.properties shaded',
    ],
  },
  {
    why: 'a single pom that has nothing to do with the name is shaded',
    path: 'opt/my-tool-3.1.jar',
    inputs: [properties('com.google', 'gson', '2.8.6'), manifest({ 'Implementation-Version': '3.1' })],
    want: [
      'my-tool@3.1 manifest',
      'META-INF/maven/com.google/gson/pom.properties com.google:gson@2.8.6 pom.properties shaded',
    ],
  },
  {
    why: 'a renamed archive is what its manifest says',
    path: 'app.jar',
    inputs: [properties('com.x', 'shop', '2'), manifest({ 'Implementation-Title': 'shop' })],
    want: ['com.x:shop@2 pom.properties'],
  },
  {
    why: 'Debian renames archives; the only pom has the version of the manifest',
    path: 'usr/share/java/jetty9-alpn-client.jar',
    inputs: [properties('org.eclipse.jetty', 'jetty-alpn-client', '9.4.57'), manifest({ 'Bundle-Version': '9.4.57' })],
    want: ['org.eclipse.jetty:jetty-alpn-client@9.4.57 pom.properties'],
  },
  {
    why: 'a title is a sentence, the name is not',
    path: 'opt/spring-boot-starter-web-2.5.4.jar',
    inputs: [manifest({ 'Implementation-Title': 'Starter for building web', 'Implementation-Version': '2.5.4' })],
    want: ['spring-boot-starter-web@2.5.4 manifest'],
  },
  {
    why: 'the vendor id is a group',
    path: 'opt/bcprov-jdk15on-1.68.jar',
    inputs: [manifest({ 'Implementation-Vendor-Id': 'org.bouncycastle', 'Implementation-Version': '1.68.0' })],
    want: ['org.bouncycastle:bcprov-jdk15on@1.68 manifest'],
  },
  {
    why: 'a vendor id of a whole organisation is none',
    path: 'opt/jstl-1.2.jar',
    inputs: [manifest({ 'Implementation-Vendor-Id': 'org.apache', 'Implementation-Version': '1.2' })],
    want: ['jstl@1.2 manifest'],
  },
  {
    why: 'the bundle name is group and artifact',
    path: 'opt/scala-reflect-2.13.5.jar',
    inputs: [
      manifest({
        'Bundle-SymbolicName': 'org.scala-lang.scala-reflect;singleton:=true',
        'Bundle-Version': '2.13.5.v2021',
      }),
    ],
    want: ['org.scala-lang:scala-reflect@2.13.5 manifest'],
  },
  {
    why: 'the bundle name is the group alone',
    path: 'opt/velocity-1.7.jar',
    inputs: [manifest({ 'Bundle-SymbolicName': 'org.apache.velocity', 'Bundle-Version': '1.7' })],
    want: ['org.apache.velocity:velocity@1.7 manifest'],
  },
  {
    why: 'Gradle told group and artifact in the title',
    path: 'opt/elasticsearch-core-7.10.2.jar',
    inputs: [manifest({ 'Implementation-Title': 'org.elasticsearch#elasticsearch-core;7.10.2' })],
    want: ['org.elasticsearch:elasticsearch-core@7.10.2 file-name'],
  },
  {
    why: 'the name has no version, the manifest has',
    path: 'tomcat/lib/catalina.jar',
    inputs: [
      manifest({
        'Bundle-SymbolicName': 'org.apache.tomcat-catalina',
        'Implementation-Title': 'Apache Tomcat',
        'Implementation-Version': '9.0.52',
      }),
    ],
    want: ['tomcat-catalina@9.0.52 manifest'],
  },
  {
    why: 'part of the name is no better name',
    path: 'usr/share/java/jetty9-server.jar',
    inputs: [manifest({ 'Bundle-SymbolicName': 'org.eclipse.jetty.server', 'Bundle-Version': '9.4.57' })],
    want: ['jetty9-server@9.4.57 manifest'],
  },
  {
    why: 'OSGi made a snapshot fit',
    path: 'opt/thing.jar',
    inputs: [manifest({ 'Bundle-Version': '1.0.0.SNAPSHOT' })],
    want: ['thing@1.0.0-SNAPSHOT manifest'],
  },
  { why: 'nothing but the name', path: 'opt/xalan-2.7.2.jar', inputs: [CLASS], want: ['xalan@2.7.2 file-name'] },
  {
    why: 'the folders of a Maven repository hold the group',
    path: 'root/.m2/repository/xalan/xalan/2.7.2/xalan-2.7.2.jar',
    inputs: [CLASS],
    want: ['xalan:xalan@2.7.2 file-name'],
  },
  {
    why: 'a Jenkins plugin',
    path: 'plugins/git.jpi',
    inputs: [
      manifest({ 'Short-Name': 'git', 'Plugin-Version': '4.8.2 (private-jane)', 'Implementation-Title': 'git' }),
    ],
    want: ['org.jenkins-ci.plugins:git@4.8.2 manifest'],
  },
  {
    why: 'a NiFi archive',
    path: 'lib/nifi-x-nar-1.2.nar',
    inputs: [manifest({ 'Nar-Group': 'org.apache.nifi', 'Nar-Id': 'nifi-x-nar', 'Nar-Version': '1.2' })],
    want: ['org.apache.nifi:nifi-x-nar@1.2 manifest'],
  },
  {
    why: 'instrumentation is not the library it weaves into',
    path: 'agent/spring-4.0.jar',
    inputs: [manifest({ 'Weave-Classes': 'x', 'Implementation-Version': '1.0' }), CLASS],
    want: [],
  },
  {
    why: 'the runtime’s own classes are no library',
    path: 'jre/lib/rt.jar',
    inputs: [
      manifest({ 'Implementation-Title': 'Java Runtime Environment', 'Implementation-Version': '1.8.0_302' }),
      CLASS,
    ],
    want: [],
  },
  {
    why: 'log4j-api is not log4j-core',
    path: 'opt/log4j-api-2.14.1.jar',
    inputs: [properties('org.apache.logging.log4j', 'log4j-api', '2.14.1')],
    want: ['org.apache.logging.log4j:log4j-api@2.14.1 pom.properties'],
  },
  { why: 'sources run nowhere', path: 'opt/a-1-sources.jar', inputs: [properties('g', 'a', '1')], want: [] },
  {
    why: 'classes under the name of sources do',
    path: 'opt/a-1-sources.jar',
    inputs: [properties('g', 'a', '1'), CLASS],
    want: ['g:a@1 pom.properties'],
  },
  { why: 'tests are not the library', path: 'opt/a-1-tests.jar', inputs: [properties('g', 'a', '1'), CLASS], want: [] },
] as const)('$path is $want: $why', ({ path, inputs, want }) => {
  expect(listing(path, buildZip(inputs))).toEqual(want);
  expect(read(path, buildZip(inputs))?.gaps ?? []).toEqual([]);
});

test('what only a name tells is detected, has no group and a checksum to look it up', () => {
  const bytes = buildZip([CLASS]);
  expect(read('opt/xalan-2.7.2.jar', bytes)?.packages).toEqual([
    {
      type: 'maven',
      name: 'xalan',
      version: '2.7.2',
      evidence: 'detected',
      properties: { identity: 'file-name', group: 'unknown', sha1: createHash('sha1').update(bytes).digest('hex') },
    },
  ]);
});

test('licences come from the manifest, else from the pom', () => {
  const pom: ZipInput = {
    name: 'META-INF/maven/g/a/pom.xml',
    content: '<project><licenses><license><name>MIT</name></license></licenses></project>',
  };
  const of = (...inputs: ZipInput[]) =>
    read('a-1.jar', buildZip([properties('g', 'a', '1'), ...inputs]))?.packages?.[0]?.licenses;
  expect(of(pom)).toEqual(['MIT']);
  expect(of(pom, manifest({ 'Bundle-License': 'https://l/2.0;description=Apache-2.0' }))).toEqual(['Apache-2.0']);
  expect(of(manifest({ 'Bundle-License': '"https://l/2.0";link=x' }))).toEqual(['https://l/2.0']);
  expect(of(manifest({ 'Bundle-License': 'https://l/2.0, https://m' }))).toEqual(['https://l/2.0', 'https://m']);
  expect(of(manifest({ 'Bundle-License': '<<EXTERNAL>>' }))).toBeUndefined();
});

test('a Spring Boot archive behind its launch script is read, and every library in it', () => {
  const library = buildZip([properties('org.yaml', 'snakeyaml', '1.18')]);
  const bytes = buildZip(
    [
      properties('com.x', 'shop', '2'),
      { name: 'BOOT-INF/lib/snakeyaml-1.18.jar', content: library, isStored: true },
      { name: 'BOOT-INF/lib/deflated-1.0.jar', content: buildZip([manifest({ 'Bundle-Version': '1.0' })]) },
    ],
    { prefix: '#!/bin/bash\nexec java -jar "$0"\n' },
  );
  expect(listing('app.jar', bytes)).toEqual([
    'com.x:shop@2 pom.properties',
    'BOOT-INF/lib/snakeyaml-1.18.jar org.yaml:snakeyaml@1.18 pom.properties',
    'BOOT-INF/lib/deflated-1.0.jar deflated@1.0 manifest',
  ]);
});

test('an archive on disk costs a handful of reads, however many classes are in it', () => {
  const classes = Array.from({ length: 3000 }, (_, at) => ({ name: `org/example/Class${at}.class`, content: 'x' }));
  const bytes = buildZip([manifest({}), properties('g', 'a', '1'), ...classes]);
  const inMemory = toBody(bytes);
  let reads = 0;
  const body = {
    sizeBytes: bytes.length,
    read: (offset: number, length: number) => {
      reads += 1;
      return Buffer.from(inMemory.read(offset, length));
    },
  };
  const fact = javaCataloguer.read({ path: 'a-1.jar', name: 'a-1.jar', sizeBytes: bytes.length, mode: 0o644, body });
  expect(fact?.packages?.map(one => one.name)).toEqual(['g:a']);
  expect(reads).toBeLessThanOrEqual(5);
});

const nest = (depth: number) => {
  let bytes = buildZip([properties('g', 'core', '1')]);
  for (let level = 0; level < depth; level += 1) {
    bytes = buildZip([{ name: level === 0 ? 'core-1.jar' : 'x.jar', content: bytes, isStored: level % 2 === 0 }]);
  }
  return bytes;
};

test('a library nested 3 deep is found', () => {
  expect(listing('a.ear', nest(3))).toEqual(['x.jar!/x.jar!/core-1.jar g:core@1 pom.properties']);
});

test('a library nested 20 deep is found', () => {
  expect(listing('a.ear', nest(20))).toEqual([`${'x.jar!/'.repeat(19)}core-1.jar g:core@1 pom.properties`]);
});

test('archives nested deeper than anybody needs are told', () => {
  const fact = read('a.jar', nest(300));
  expect(fact?.packages).toEqual([]);
  expect(fact?.gaps).toEqual([
    expect.stringMatching(/^(x\.jar!\/)+.*: Archives nested deeper than 32 levels are not read$/),
  ]);
});

test('a nested archive that is damaged is told, the others count', () => {
  const bytes = buildZip([
    { name: 'lib/broken-1.jar', content: 'no zip' },
    { name: 'lib/locked-1.jar', content: 'x', isEncrypted: true },
    { name: 'lib/empty.jar', content: '', isStored: true },
    { name: 'lib/data.rar', content: 'Rar!' },
    { name: 'lib/good-1.jar', content: buildZip([CLASS]) },
  ]);
  expect(listing('a.war', bytes)).toEqual(['lib/good-1.jar good@1 file-name']);
  expect(read('a.war', bytes)?.gaps).toEqual([
    'lib/broken-1.jar: It is no zip archive, or its end is missing',
    'lib/locked-1.jar: Cannot read entry "lib/locked-1.jar": it is encrypted',
  ]);
});

test('a library of classes that nothing names is told', () => {
  expect(read('opt/lib.jar', buildZip([CLASS]))).toEqual({
    packages: [],
    gaps: ['Nothing in the archive tells which library and version it is'],
  });
  expect(read('opt/lib.jar', buildZip([{ name: 'a.txt', content: '' }]))).toBeUndefined();
});

test.each([
  { path: 'a.jar', code: 'FILE_INVALID', why: 'a jar must be a zip' },
  { path: 'a.rar', code: undefined, why: 'another format has that extension, too' },
])('text named $path gives $code: $why', ({ path, code }) => {
  let got: unknown;
  try {
    got = read(path, Buffer.from('plain text'));
  } catch (error) {
    got = error instanceof PlimsollError ? error.code : error;
  }
  expect(got).toBe(code);
});

test('a directory that lies about sizes hides nothing', () => {
  const lying: ZipInput = { ...properties('g', 'a', '1'), lie: { sizeBytes: 0, storedBytes: 0 } };
  expect(listing('a-1.jar', buildZip([lying], { lie: { directoryBytes: 1 } }))).toEqual(['g:a@1 pom.properties']);
});

test('a bomb under the name of a pom is told and not inflated', () => {
  const bytes = buildZip([{ name: 'META-INF/maven/g/a/pom.properties', content: Buffer.alloc(8 << 20) }, CLASS]);
  expect(read('a-1.jar', bytes)?.gaps).toEqual([
    'Cannot read entry "META-INF/maven/g/a/pom.properties": it is larger than the limit of 1048576 bytes',
  ]);
});

test('names that would steer a terminal or leave the archive stay text', () => {
  const bytes = buildZip([{ name: '../../\u001b[31m.jar', content: 'x' }]);
  expect(read('a.jar', bytes)?.gaps).toEqual(['../../\\x1b[31m.jar: It is no zip archive, or its end is missing']);
});

test('thousands of damaged archives give a few lines', () => {
  const bytes = buildZip(
    Array.from({ length: 2000 }, (_, at) => ({ name: `${at}.jar`, content: 'x', isStored: true })),
  );
  expect(read('a.jar', bytes)?.gaps).toHaveLength(51); // 50 and how many more
  expect(read('a.jar', bytes)?.gaps?.at(-1)).toBe('1950 more parts could not be read');
});

test('no bytes make it throw anything but a PlimsollError', () => {
  const attempt = (bytes: Uint8Array) => {
    try {
      read('opt/a-1.jar', bytes);
    } catch (error) {
      if (!(error instanceof PlimsollError)) throw error;
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), attempt));
  const valid = buildZip([
    manifest({ 'Bundle-SymbolicName': 'a.b', 'Bundle-Version': '1' }),
    { ...properties('g', 'a', '1'), isStored: true },
    { name: 'lib/b-1.jar', content: buildZip([properties('g', 'b', '1')]), isStored: true },
    { name: 'lib/c-1.jar', content: buildZip([CLASS]) },
  ]);
  const changes = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(changes, fc.nat(valid.length), (edits, cut) => {
      const bytes = Buffer.from(valid);
      for (const [at, value] of edits) bytes[at] = value;
      attempt(bytes);
      attempt(bytes.subarray(cut));
    }),
    { numRuns: 500 },
  );
});
