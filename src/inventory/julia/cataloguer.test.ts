import { expect, test } from 'vitest';
import { fileEntry, readClaimed } from '../../../test/fixtures/claimed-file.ts';
import { juliaCataloguer } from './cataloguer.ts';

const PATH = 'root/.julia/packages/JSON/93Ea8/Project.toml';
const UUID = '682c06a0-de6a-54ab-a142-c8b1cf79cde6';
const read = (content: string) => readClaimed(juliaCataloguer, PATH, content)?.packages;

test.each([
  { path: PATH, claimed: true, why: 'an installed package' },
  { path: 'root/.julia/environments/v1.10/Project.toml', claimed: false, why: 'an environment' },
  { path: 'usr/local/julia/share/julia/stdlib/v1.10/Dates/Project.toml', claimed: false, why: 'the standard library' },
  { path: 'root/.julia/packages/JSON/93Ea8/docs/Project.toml', claimed: false, why: 'a project inside a package' },
])('$path is claimed: $claimed ($why)', ({ path, claimed }) => {
  expect(juliaCataloguer.claims(fileEntry(path))).toBe(claimed);
});

test('keys before the first table count', () => {
  const project = `name = "JSON"\nuuid = "${UUID}"\nversion = "0.21.4" # newest\n\n[compat]\nversion = "1"\nname = "x"\n`;
  expect(read(project)).toEqual([{ type: 'julia', name: 'JSON', version: '0.21.4', properties: { uuid: UUID } }]);
});

test('a project without a version is no package', () => {
  expect(read(`name = "JSON"\n[deps]\nversion = "1"\n`)).toBeUndefined();
});
