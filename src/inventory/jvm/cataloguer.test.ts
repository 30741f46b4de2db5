import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fileEntry, readClaimed } from '../../../test/fixtures/claimed-file.ts';
import { jvmCataloguer } from './cataloguer.ts';
import { toJavaVersion } from './parse-release.ts';

const read = (text: string | Uint8Array) => readClaimed(jvmCataloguer, 'opt/java/openjdk/release', text);

const TEMURIN = `IMPLEMENTOR="Eclipse Adoptium"
IMPLEMENTOR_VERSION="Temurin-21.0.2+13"
JAVA_RUNTIME_VERSION="21.0.2+13-LTS"
JAVA_VERSION="21.0.2"
MODULES="java.base java.xml"
SOURCE=".:git:cda0a1776184"
FULL_VERSION="21.0.2+13-LTS"
IMAGE_TYPE="JRE"
`;

test('a Java runtime is named for its builder', () => {
  expect(read(TEMURIN)).toEqual({
    packages: [
      {
        type: 'generic',
        name: 'eclipse-adoptium/jdk',
        version: '21.0.2+13',
        vendor: 'Eclipse Adoptium',
        properties: { cpe: 'cpe:2.3:a:oracle:openjdk:21.0.2:*:*:*:*:*:*:*', 'image-type': 'JRE' },
      },
    ],
  });
});

test.each([
  { implementor: 'Azul Systems, Inc.', name: 'azul/jdk' },
  { implementor: 'Amazon.com Inc.', name: 'amazon/jdk' },
  { implementor: 'Oracle Corporation', name: 'oracle/jdk' },
  { implementor: 'BellSoft', name: 'bellsoft/jdk' },
  { implementor: 'IBM Corporation', name: 'ibm/jdk' },
  { implementor: 'Microsoft', name: 'microsoft/jdk' },
  { implementor: 'SAP SE', name: 'sap/jdk' },
  { implementor: 'Red Hat, Inc.', name: 'redhat/jdk' },
  { implementor: 'Debian', name: 'openjdk/jdk' },
])('built by $implementor it is $name', ({ implementor, name }) => {
  expect(read(`IMPLEMENTOR="${implementor}"\nJAVA_VERSION="17.0.1"\n`)?.packages?.[0]?.name).toBe(name);
});

test.each([
  { text: '1.8.0_302-b08', version: '8.0.302+8', why: 'the older scheme in the newer one' },
  { text: '1.8.0_302', version: '8.0.302', why: 'without build' },
  { text: '1.7.0', version: '7.0.0', why: 'without update' },
  { text: '1.8.0_292-heroku-b10', version: '8.0.292+10', why: 'with a vendor in the middle' },
  { text: '17.0.15+6-Debian-1deb12u1', version: '17.0.15+6', why: 'the vendor’s suffix is left out' },
  { text: '25.0.3+9-LTS', version: '25.0.3+9', why: 'so is LTS' },
  { text: '11.0.20.1+1', version: '11.0.20.1+1', why: 'a fourth number' },
  { text: '22-ea+5', version: '22', why: 'an early build' },
  { text: 'unknown', version: undefined, why: 'no version' },
])('Java $text is $version: $why', ({ text, version }) => {
  expect(toJavaVersion(text)).toBe(version);
});

test('Java 8 goes by its update in CPE, under both names', () => {
  const text = 'JAVA_VERSION="1.8.0_302"\nIMPLEMENTOR="Oracle Corporation"\n';
  expect(read(text)?.packages?.[0]?.properties?.['cpe']).toBe(
    'cpe:2.3:a:oracle:jdk:1.8.0:update302:*:*:*:*:*:* cpe:2.3:a:oracle:jre:1.8.0:update302:*:*:*:*:*:*',
  );
  expect(read('JAVA_VERSION="1.8.0_302"\n')?.packages?.[0]?.properties?.['cpe']).toBe(
    'cpe:2.3:a:oracle:openjdk:8:update302:*:*:*:*:*:*',
  );
});

test('other files of that name are none of ours', () => {
  expect(read('VERSION="1.2.3"\n')).toBeUndefined();
  expect(read('JAVA_VERSION="next"\n')).toBeUndefined();
  expect(jvmCataloguer.claims(fileEntry('usr/share/release', { sizeBytes: 10_000_000 }))).toBe(false);
});

test('no bytes make it throw', () => {
  const line = fc
    .tuple(fc.constantFrom('JAVA_VERSION', 'JAVA_RUNTIME_VERSION', 'X'), fc.string())
    .map(pair => pair.join('="'));
  const text = fc.array(line).map(lines => Buffer.from(lines.join('\n')));
  fc.assert(fc.property(fc.oneof(text, fc.uint8Array()), bytes => void read(bytes)));
});

for (const path of globSync('/usr/lib/jvm/*/release')) {
  test.skipIf(!existsSync(`${dirname(path)}/bin/java`))(
    `the Java in ${dirname(path)} has the version that it prints`,
    () => {
      const printed = execFileSync(`${dirname(path)}/bin/java`, ['--version'], { encoding: 'utf8' });
      const version = read(readFileSync(path))?.packages?.[0]?.version ?? 'none';
      expect(printed).toContain(`(build ${version}`);
    },
  );
}
