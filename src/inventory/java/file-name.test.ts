import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseFileName } from './file-name.ts';

test.each([
  { name: 'commons-io-2.11.0.jar', artifact: 'commons-io', version: '2.11.0', why: 'the usual form' },
  {
    name: 'log4j-1.2-api-2.14.1.jar',
    artifact: 'log4j-1.2-api',
    version: '2.14.1',
    why: 'a number inside the artifact',
  },
  {
    name: 'hibernate-jpa-2.1-api-1.0.0.Final.jar',
    artifact: 'hibernate-jpa-2.1-api',
    version: '1.0.0.Final',
    why: 'again',
  },
  { name: 'bcprov-jdk15on-1.68.jar', artifact: 'bcprov-jdk15on', version: '1.68', why: 'a letter before the number' },
  {
    name: 'kafka_2.13-2.8.0.jar',
    artifact: 'kafka_2.13',
    version: '2.8.0',
    why: 'the Scala version belongs to the artifact',
  },
  { name: 'store-mysql-v1-2.23.2.jar', artifact: 'store-mysql-v1', version: '2.23.2', why: 'v1 is part of the name' },
  { name: 'tool-v1.2.jar', artifact: 'tool', version: 'v1.2', why: 'a version that begins with v' },
  { name: 'app-1.0-SNAPSHOT.jar', artifact: 'app', version: '1.0-SNAPSHOT', why: 'a snapshot is a version' },
  {
    name: 'app-1.0-20210101.120000-1.jar',
    artifact: 'app',
    version: '1.0-20210101.120000-1',
    why: 'a deployed snapshot',
  },
  { name: 'guava-30.1-jre.jar', artifact: 'guava', version: '30.1-jre', why: 'the flavour is part of the version' },
  { name: 'lib-1.0-beta-2.jar', artifact: 'lib', version: '1.0-beta-2', why: 'a qualifier with its number' },
  {
    name: 'netty-4.1.9.Final-linux-x86_64.jar',
    artifact: 'netty',
    version: '4.1.9.Final',
    classifier: 'linux-x86_64',
    why: 'platform',
  },
  { name: 'json-lib-2.4-jdk15.jar', artifact: 'json-lib', version: '2.4', classifier: 'jdk15', why: 'a classifier' },
  { name: 'a-1.0-sources.jar', artifact: 'a', version: '1.0', classifier: 'sources', why: 'sources' },
  { name: 'a-sources.jar', artifact: 'a', classifier: 'sources', why: 'sources without version' },
  {
    name: 'org.eclipse.osgi_3.7.0.v20110110.jar',
    artifact: 'org.eclipse.osgi',
    version: '3.7.0.v20110110',
    why: 'Eclipse',
  },
  { name: 'spring3-core-3.x.jar', artifact: 'spring3-core', why: 'a series is no version' },
  { name: 'catalina.jar', artifact: 'catalina', why: 'no version' },
  { name: '-1.0.jar', artifact: '-1.0', why: 'no artifact' },
  { name: 'noextension', artifact: 'noextension', why: 'nothing to take apart' },
])('$name is $artifact $version: $why', ({ name, artifact, version, classifier }) => {
  const parsed = parseFileName(`opt/lib/${name}`);
  expect([parsed.artifact, parsed.version, parsed.classifier]).toEqual([artifact, version, classifier]);
});

test.each([
  {
    path: 'root/.m2/repository/org/yaml/snakeyaml/1.18/snakeyaml-1.18.jar',
    group: 'org.yaml',
    why: 'a Maven repository',
  },
  { path: 'opt/karaf/system/io/netty/netty-all/4.1/netty-all-4.1.jar', group: 'io.netty', why: 'Karaf' },
  { path: 'x/files-2.1/org.yaml/snakeyaml/1.18/ab12/snakeyaml-1.18.jar', group: 'org.yaml', why: 'the Gradle cache' },
  { path: 'opt/lib/snakeyaml/1.18/snakeyaml-1.18.jar', group: undefined, why: 'no known root above' },
  { path: 'repository/snakeyaml/1.18/snakeyaml-1.18.jar', group: undefined, why: 'no group between' },
  { path: 'opt/repository/snakeyaml-1.18.jar', group: undefined, why: 'no repository layout' },
])('the group of $path is $group: $why', ({ path, group }) => {
  expect(parseFileName(path).group).toBe(group);
});

test('no name makes it throw', () => {
  const part = fc.constantFrom('-', '_', '.', '/', '1', 'v', 'x', 'beta', 'jdk', '\n', '', 'sources', '2.0');
  fc.assert(fc.property(fc.array(part), parts => void parseFileName(parts.join(''))));
  parseFileName(`${'-1.a'.repeat(100_000)}.jar`);
});
