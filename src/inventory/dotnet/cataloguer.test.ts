import { expect, test } from 'vitest';
import { fileEntry, readClaimed } from '../../../test/fixtures/claimed-file.ts';
import { dotnetCataloguer } from './cataloguer.ts';

const PATH = 'app/web.deps.json';
const dll = (path: string) => ({ runtime: { [path]: {} } });
const read = (json: unknown, path = PATH) => readClaimed(dotnetCataloguer, path, JSON.stringify(json));
const deps = (
  libraries: Record<string, { type?: unknown; assets?: unknown }>,
  target = '.NETCoreApp,Version=v8.0',
) => ({
  runtimeTarget: { name: target },
  targets: {
    '.NETCoreApp,Version=v8.0': {},
    [target]: Object.fromEntries(Object.entries(libraries).map(([key, { assets }]) => [key, assets ?? {}])),
  },
  libraries: Object.fromEntries(Object.entries(libraries).map(([key, { type }]) => [key, { type, sha512: '' }])),
});

test('packages with files count; projects, references and what was only compiled against do not', () => {
  const fact = read(
    deps({
      'web/1.0.0': { type: 'project', assets: dll('web.dll') },
      'Newtonsoft.Json/13.0.3': { type: 'package', assets: dll('lib/net6.0/Newtonsoft.Json.dll') },
      'SQLitePCLRaw.lib.e_sqlite3/2.1.6': {
        type: 'package',
        assets: { runtimeTargets: { 'runtimes/linux-x64/native/libe_sqlite3.so': { rid: 'linux-x64' } } },
      },
      'Humanizer.Core.fr/2.14.1': {
        type: 'package',
        assets: { resources: { 'lib/net6.0/fr/Humanizer.resources.dll': {} } },
      },
      'Microsoft.NETCore.Platforms/5.0.0': { type: 'package', assets: dll('lib/netstandard1.0/_._') },
      'xunit.analyzers/1.0.0': { type: 'package', assets: { compile: { 'lib/x.dll': {} } } },
      'System.Private.Reference/8.0.0.0': { type: 'reference', assets: dll('System.Private.dll') },
    }),
  );
  expect(fact?.packages).toEqual([
    { type: 'nuget', name: 'Newtonsoft.Json', version: '13.0.3' },
    { type: 'nuget', name: 'SQLitePCLRaw.lib.e_sqlite3', version: '2.1.6' },
    { type: 'nuget', name: 'Humanizer.Core.fr', version: '2.14.1' },
  ]);
  expect(fact?.carriedBy).toEqual([
    [0, ['app/Newtonsoft.Json.dll', 'app/net6.0/Newtonsoft.Json.dll', 'app/lib/net6.0/Newtonsoft.Json.dll']],
    [1, ['app/libe_sqlite3.so', 'app/native/libe_sqlite3.so', 'app/runtimes/linux-x64/native/libe_sqlite3.so']],
    [2, ['app/Humanizer.resources.dll', 'app/fr/Humanizer.resources.dll', 'app/lib/net6.0/fr/Humanizer.resources.dll']],
  ]);
});

test.each([
  {
    path: 'usr/share/dotnet/shared/Microsoft.NETCore.App/8.0.1/Microsoft.NETCore.App.deps.json',
    key: 'Microsoft.NETCore.App.Runtime.linux-x64/8.0.1',
    type: 'package',
    why: 'a shared framework goes by the name that advisories use',
  },
  {
    path: PATH,
    key: 'runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.1',
    type: 'runtimepack',
    why: 'the runtime that a program brings is the same package',
  },
])('$why', ({ path, key, type }) => {
  const json = deps({ [key]: { type, assets: dll('System.Runtime.dll') } }, '.NETCoreApp,Version=v8.0/linux-x64');
  expect(read(json, path)?.packages).toEqual([
    { type: 'nuget', name: 'Microsoft.NETCore.App.Runtime.linux-x64', version: '8.0.1' },
  ]);
});

test('a key that is no name and version is told', () => {
  const fact = read(
    deps({ nonsense: { type: 'package', assets: dll('a.dll') }, 'a/1': { type: 'package', assets: dll('a.dll') } }),
  );
  expect(fact?.packages).toEqual([{ type: 'nuget', name: 'a', version: '1' }]);
  expect(fact?.gaps).toEqual(['1 library key(s) that are not name/version']);
});

test('a file name that climbs does not leave the folder', () => {
  const fact = read(deps({ 'a/1': { type: 'package', assets: dll('../../etc/passwd') } }));
  expect(fact?.carriedBy).toEqual([[0, ['app/passwd', 'app/etc/passwd']]]);
});

test.each([
  { json: {}, why: 'no targets' },
  { json: { targets: {}, libraries: [] }, why: 'libraries of a wrong type' },
  { json: { targets: { __proto__: null }, libraries: 7 }, why: 'the same' },
])('FILE_INVALID: $why', ({ json }) => {
  expect(() => read(json)).toThrow(expect.objectContaining({ code: 'FILE_INVALID' }));
});

test('a target that is not there falls back to the last one', () => {
  const json = {
    ...deps({ 'a/1': { type: 'package', assets: dll('a.dll') } }),
    runtimeTarget: { name: 'constructor' },
  };
  expect(read(json)?.packages).toHaveLength(1);
});

test('only dependency files are claimed', () => {
  expect(dotnetCataloguer.claims(fileEntry('app/web.runtimeconfig.json'))).toBe(false);
});

test('names of files that would multiply into gigabytes are left out, the packages stay', () => {
  const files = (count: number) => ({
    runtime: Object.fromEntries(Array.from({ length: count }, (_, at) => [`${at}.dll`, {}])),
  });
  const folder = 'x'.repeat(4000);
  const libraries = Object.fromEntries(
    Array.from({ length: 20 }, (_, at) => [`a${at}/1`, { type: 'package', assets: files(at === 0 ? 1001 : 100) }]),
  );
  const fact = read(deps(libraries), `${folder}/web.deps.json`);
  expect(fact?.packages).toHaveLength(20);
  expect(fact?.carriedBy?.map(([at]) => at)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
});
