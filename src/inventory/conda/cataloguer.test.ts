import { expect, test } from 'vitest';
import { fileEntry, readClaimed } from '../../../test/fixtures/claimed-file.ts';
import { condaCataloguer } from './cataloguer.ts';

const PATH = 'opt/conda/conda-meta/numpy-1.26.4-py311h64a7726_0.json';
const NUMPY = {
  name: 'numpy',
  version: '1.26.4',
  build: 'py311h64a7726_0',
  subdir: 'linux-64',
  license: 'BSD-3-Clause',
};
const read = (json: unknown) => readClaimed(condaCataloguer, PATH, JSON.stringify(json));
const found = (properties: Record<string, string>) => ({
  type: 'conda',
  name: 'numpy',
  version: '1.26.4',
  licenses: ['BSD-3-Clause'],
  properties: { build: 'py311h64a7726_0', subdir: 'linux-64', ...properties },
});

test.each([
  { path: PATH, claimed: true, why: 'an installed package' },
  { path: 'opt/conda/envs/x/conda-meta/zlib-1.2.13-0.json', claimed: true, why: 'in another environment' },
  { path: 'opt/conda/conda-meta/history', claimed: false, why: 'the history of the environment' },
  { path: 'opt/conda/conda-meta/state.json', claimed: false, why: 'a file of the tool itself' },
  { path: 'opt/conda/pkgs/numpy-1.26.4/info/index.json', claimed: false, why: 'the cache of downloads' },
  { path: 'srv/my-conda-meta/a-1-0.json', claimed: false, why: 'another folder' },
])('$path is claimed: $claimed ($why)', ({ path, claimed }) => {
  expect(condaCataloguer.claims(fileEntry(path))).toBe(claimed);
});

test.each([
  { channel: 'https://conda.anaconda.org/conda-forge/linux-64', name: 'conda-forge', why: 'the URL of a channel' },
  { channel: 'https://repo.anaconda.com/pkgs/main/linux-64', name: 'pkgs/main', why: 'one of two parts' },
  { channel: 'https://conda.anaconda.org/conda-forge/noarch', name: 'conda-forge', why: 'for all platforms' },
  { channel: 'https://host.example/t/SECRET/team/linux-64', name: 'team', why: 'a token must not be told' },
  { channel: 'https://u:SECRET@host.example/team', name: 'team', why: 'nor a password' },
  { channel: 'conda-forge', name: 'conda-forge', why: 'a bare name' },
])('$channel is $name: $why', ({ channel, name }) => {
  expect(read({ ...NUMPY, channel })?.packages).toEqual([found({ channel: name })]);
});

test('wrong types cost nothing', () => {
  expect(read({ ...NUMPY, channel: 7, license: [] })?.packages?.[0]?.properties).toEqual(found({}).properties);
});

test('a record without a version is refused', () => {
  expect(() => read({ name: 'numpy' })).toThrow(expect.objectContaining({ code: 'FILE_INVALID' }));
});
