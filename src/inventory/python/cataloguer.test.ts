import fc from 'fast-check';
import { expect, test } from 'vitest';
import { claimedFile, fileEntry, readClaimed } from '../../../test/fixtures/claimed-file.ts';
import { buildZip } from '../../../test/fixtures/zip-builder.ts';
import { pythonArchiveCataloguer } from './archive-cataloguer.ts';
import { pythonCataloguer } from './cataloguer.ts';

const SITE = 'usr/lib/python3/dist-packages';
const PATH = `${SITE}/requests-2.28.1.dist-info/METADATA`;
const HEAD = 'Metadata-Version: 2.1\nName: requests\nVersion: 2.28.1\n';
const FOUND = { type: 'pypi', name: 'requests', version: '2.28.1' };
const read = (content: string, path = PATH, companions = {}) =>
  readClaimed(pythonCataloguer, path, content, companions);

test.each([
  { path: PATH, claimed: true, why: 'a wheel' },
  { path: `${SITE}/requests-2.28.1.egg-info/PKG-INFO`, claimed: true, why: 'setuptools before wheels' },
  { path: `${SITE}/six-1.16.0.egg-info`, claimed: true, why: 'distutils and Debian: the metadata is the file' },
  { path: `${SITE}/foo-1-py3.8.egg/EGG-INFO/PKG-INFO`, claimed: true, why: 'an unpacked egg' },
  { path: `${SITE}/~equests-2.28.1.dist-info/METADATA`, claimed: false, why: 'left by an interrupted removal' },
  { path: `${SITE}/~ix-1.16.0.egg-info`, claimed: false, why: 'the same of a file' },
  { path: `${SITE}/requests-2.28.1.dist-info/RECORD`, claimed: false, why: 'another file of it' },
  { path: 'srv/docs/METADATA', claimed: false, why: 'another program’s' },
  { path: 'srv/foo/PKG-INFO', claimed: false, why: 'an unpacked source archive' },
  { path: `${SITE}/pip/_vendor/vendor.txt`, claimed: false, why: 'a list of wishes' },
])('$path is claimed: $claimed ($why)', ({ path, claimed }) => {
  expect(pythonCataloguer.claims(fileEntry(path))).toBe(claimed);
});

test.each([
  { content: `${HEAD}\n`, found: FOUND, why: 'no licence' },
  { content: HEAD.replaceAll('\n', '\r\n'), found: FOUND, why: 'lines of Windows' },
  { content: `\ufeff${HEAD}`, found: FOUND, why: 'a byte order mark' },
  { content: HEAD.toUpperCase().replaceAll('REQUESTS', 'requests'), found: FOUND, why: 'headers in capitals' },
  {
    content: `${HEAD}License-Expression: Apache-2.0\nLicense: Apache\n`,
    found: { ...FOUND, licenses: ['Apache-2.0'] },
    why: 'the expression is the newest form',
  },
  {
    content: `${HEAD}License: Apache 2.0\nClassifier: License :: OSI Approved :: MIT License\n`,
    found: { ...FOUND, licenses: ['Apache 2.0'] },
    why: 'the header before the classifiers',
  },
  {
    content: `${HEAD}License: UNKNOWN\nClassifier: License :: OSI Approved :: MIT License\nClassifier: License :: OSI Approved\n`,
    found: { ...FOUND, licenses: ['MIT License'] },
    why: 'setuptools writes UNKNOWN for nothing',
  },
  {
    content: `${HEAD}License: Copyright 2020\n        Permission is granted\nClassifier: License :: OSI Approved :: MIT License\n`,
    found: { ...FOUND, licenses: ['MIT License'] },
    why: 'a whole licence text is no name of one',
  },
  {
    content: `${HEAD}License: The licence\n        in two lines\n`,
    found: { ...FOUND, licenses: ['The licence'] },
    why: 'nothing but a text: its first line',
  },
  {
    content: `${HEAD}Description: one\n        \n        two\nLicense: MIT\n`,
    found: { ...FOUND, licenses: ['MIT'] },
    why: 'a folded description has lines of blanks only',
  },
  {
    content: `${HEAD}\nName: other\nLicense: GPL\n`,
    found: FOUND,
    why: 'what follows the first empty line is prose',
  },
  {
    content: 'Name: PyYAML\nVersion: 6.0\n',
    found: { type: 'pypi', name: 'PyYAML', version: '6.0' },
    why: 'case is kept',
  },
])('$why', ({ content, found }) => {
  expect(read(content)?.packages).toEqual([found]);
});

test('the content counts, not the name of the folder', () => {
  expect(read(HEAD, `${SITE}/renamed-9.9.dist-info/METADATA`)?.packages).toEqual([FOUND]);
});

test.each(['Python', 'wsgiref'])('%s is the interpreter’s own and no package of the index', name => {
  expect(read(`Name: ${name}\nVersion: 2.7.18\n`, `usr/lib/python2.7/${name}.egg-info`)).toBeUndefined();
});

test.each([
  { content: 'Name: UNKNOWN\nVersion: 0.0.0\n', why: 'setuptools without a project name' },
  { content: 'Version: 1\n', why: 'no name' },
  { content: 'Name: a\n\nVersion: 1\n', why: 'no version in the headers' },
  { content: '', why: 'empty' },
])('FILE_INVALID: $why', ({ content }) => {
  expect(() => read(content)).toThrow(expect.objectContaining({ code: 'FILE_INVALID' }));
});

test('copies vendored by another package are marked', () => {
  const path = `${SITE}/setuptools/_vendor/wheel-0.43.0.dist-info/METADATA`;
  expect(read(HEAD, path)?.packages).toEqual([{ ...FOUND, properties: { vendored: 'true' } }]);
});

const FOLDER = `${SITE}/requests-2.28.1.dist-info`;

test.each([
  { file: { INSTALLER: 'conda\n' }, properties: { installer: 'conda' }, why: 'the twin of a conda package' },
  {
    file: { 'direct_url.json': '{"url":"https://u:p@git.example/x.git","vcs_info":{"vcs":"git","commit_id":"0a1b"}}' },
    properties: { 'direct-url': 'https://git.example/x.git', 'vcs-commit': '0a1b' },
    why: 'from Git, without the credentials',
  },
  {
    file: { 'direct_url.json': '{"url":"file:///src","dir_info":{"editable":true}}' },
    properties: { 'direct-url': 'file:///src', editable: 'true' },
    why: 'under development',
  },
  { file: { 'direct_url.json': '{"url":7}' }, properties: undefined, why: 'wrong types' },
])('where it came from: $why', ({ file, properties }) => {
  const companions = Object.fromEntries(Object.entries(file).map(([name, text]) => [`${FOLDER}/${name}`, text]));
  for (const path of Object.keys(companions)) {
    expect(pythonCataloguer.companionOf?.(fileEntry(path))).toBe(PATH);
  }
  expect(read(HEAD, PATH, companions)?.packages).toEqual([{ ...FOUND, ...(properties && { properties }) }]);
});

test('a broken direct_url.json is told and costs nothing', () => {
  const fact = read(HEAD, PATH, { [`${FOLDER}/direct_url.json`]: '{' });
  expect(fact).toEqual({ packages: [FOUND], gaps: ['It is not JSON'] });
});

test.each([
  { path: `${SITE}/foo-1.egg`, claimed: true, why: 'a zipped egg' },
  { path: 'app/run.pex', claimed: true, why: 'a pex file' },
  { path: 'wheels/foo-1-py3-none-any.whl', claimed: false, why: 'a wheel is not installed' },
  { path: 'usr/lib/python3.11/test/test_importlib/data/example-21.12-py3.6.egg', claimed: false, why: 'test data' },
])('$path is claimed: $claimed ($why)', ({ path, claimed }) => {
  expect(pythonArchiveCataloguer.claims(fileEntry(path))).toBe(claimed);
});

test('distributions inside archives are found, a broken one is told', () => {
  const zip = buildZip([
    { name: 'EGG-INFO/PKG-INFO', content: HEAD },
    {
      name: '.deps/six-1.16.0-py2.py3-none-any.whl/six-1.16.0.dist-info/METADATA',
      content: 'Name: six\nVersion: 1.16.0\n',
    },
    { name: '.deps/x.whl/x.dist-info/METADATA', content: 'rubbish' },
    { name: 'requests/__init__.py', content: '' },
  ]);
  const fact = readClaimed(pythonArchiveCataloguer, `${SITE}/requests-2.28.1-py3.8.egg`, zip);
  expect(fact?.packages).toEqual([
    { ...FOUND, inside: 'EGG-INFO/PKG-INFO' },
    {
      type: 'pypi',
      name: 'six',
      version: '1.16.0',
      inside: '.deps/six-1.16.0-py2.py3-none-any.whl/six-1.16.0.dist-info/METADATA',
    },
  ]);
  expect(fact?.gaps).toEqual(['Its metadata has no name or no version']);
});

test('a name and a version are read back whatever else is in the file', () => {
  const word = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,30}$/).filter(text => text !== 'UNKNOWN');
  fc.assert(
    fc.property(word, word, fc.string(), (name, version, prose) => {
      fc.pre(!['python', 'wsgiref'].includes(name.toLowerCase()));
      const text = `Name: ${name}\nVersion: ${version}\n\n${prose}`;
      expect(pythonCataloguer.read(claimedFile(PATH, text))?.packages).toEqual([{ type: 'pypi', name, version }]);
    }),
  );
});
