import { expect, test } from 'vitest';
import { FactLimits } from '../fact-limits.ts';
import { toPackage, toSource } from './package.ts';
import { parseManifest } from './parse-manifest.ts';

test.each([
  { epoch: undefined, version: '1.2-3', why: 'no epoch' },
  { epoch: 0, version: '0:1.2-3', why: 'an epoch of 0 is shown, as rpm shows it' },
  { epoch: 2, version: '2:1.2-3', why: 'an epoch' },
])('the version is $version: $why', ({ epoch, version }) => {
  expect(toPackage({ name: 'a', version: '1.2', release: '3', epoch }).version).toBe(version);
});

test.each([
  { file: 'bash-5.1.8-6.el9_1.src.rpm', source: { name: 'bash', version: '5.1.8-6.el9_1' }, why: 'the common form' },
  {
    file: 'java-17-openjdk-17.0.2-1.src.rpm',
    source: { name: 'java-17-openjdk', version: '17.0.2-1' },
    why: 'hyphens in the name',
  },
  {
    file: 'sles-release-15.3-55.4.1.nosrc.rpm',
    source: { name: 'sles-release', version: '15.3-55.4.1' },
    why: 'without sources',
  },
  { file: 'strange.src.rpm', source: undefined, why: 'no version' },
  { file: '-1-2.src.rpm', source: undefined, why: 'no name' },
  { file: 'bash-5.1.8-6.x86_64.rpm', source: undefined, why: 'not a source package' },
])('the source of $file: $why', ({ file, source }) => {
  expect(toSource(file)).toEqual(source);
});

test.each([
  {
    label: 'nodejs:18:9020020230301143018:rhel9',
    module: 'nodejs:18',
    why: 'name and stream are the key of advisories',
  },
  { label: 'perl', module: undefined, why: 'half a label names no stream' },
  { label: undefined, module: undefined, why: 'not of a module' },
])('the module of label $label is $module: $why', ({ label, module }) => {
  expect(toPackage({ name: 'a', version: '1', release: '2', moduleLabel: label }).module).toBe(module);
});

test('the package list of a distroless image is read, line by line', () => {
  const lines = [
    'mariner-release\t2.0-12.cm2\t1653816591\t1653753130\tMicrosoft Corporation\t(none)\t580\tnoarch\t0\tmariner-release-2.0-12.cm2.src.rpm',
    'openssl-libs\t1.1.1k-15.cm2\t1653816591\t1653753130\tMicrosoft Corporation\t1\t580\tx86_64\t1\topenssl-1.1.1k-15.cm2.src.rpm\r',
    'gpg-pubkey\t3135ce90-5e6fda74\t1\t1\t(none)\t(none)\t0\t(none)\t0\t(none)',
    'half a line',
    '',
  ];
  const limits = new FactLimits();
  const packages = parseManifest(Buffer.from(lines.join('\n')), limits).map(toPackage);
  expect(packages).toEqual([
    {
      type: 'rpm',
      name: 'mariner-release',
      version: '2.0-12.cm2',
      arch: 'noarch',
      source: { name: 'mariner-release', version: '2.0-12.cm2' },
      vendor: 'Microsoft Corporation',
    },
    {
      type: 'rpm',
      name: 'openssl-libs',
      version: '1:1.1.1k-15.cm2',
      arch: 'x86_64',
      source: { name: 'openssl', version: '1.1.1k-15.cm2' },
      vendor: 'Microsoft Corporation',
    },
    { type: 'rpm', name: 'gpg-pubkey', version: '3135ce90-5e6fda74', properties: { 'imported-key': 'true' } },
  ]);
  expect(limits.gaps()).toEqual(['1 line(s) that are no package']);
});
