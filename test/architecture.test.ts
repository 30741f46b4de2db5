/**
 * The floors of the house: a file imports from its own folder and from lower floors; same-floor edges are listed here on purpose.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const FLOORS: readonly (readonly string[])[] = [
  ['base'],
  ['oci', 'purl', 'version'],
  ['inventory', 'advisory', 'matching', 'certification', 'report'],
  ['image', 'connector', 'vulndb', 'blob', 'store'],
  ['scan', 'hosting', 'project', 'build', 'access', 'notify'],
  ['http', 'cli'],
  ['main'],
];

/** Edges between folders of one floor. Adding one is a decision: say why in the commit. */
const SAME_FLOOR: ReadonlySet<string> = new Set([
  'report -> inventory',
  'matching -> inventory',
  'matching -> advisory',
  'report -> matching',
  // Severities, their names and their order.
  'report -> advisory',
  // Checks look at packages, and at what layers tell of files; the gate and the grade at findings and their advisories.
  'certification -> inventory',
  'certification -> matching',
  'certification -> advisory',
  'report -> certification',
  // Feeds are fetched, and databases pulled and pushed, over the connections that registries are reached by.
  'vulndb -> image',
  // Use cases of projects: who asks and what they may; images read, stored and reported by what scans are made of; keys and pushes of the
  // hosted registry, whose ports projects serve.
  'project -> access',
  'project -> scan',
  'project -> hosting',
  // Registries are listed over the same connections and log-ins that images are pulled by.
  'connector -> image',
  // The registry has log-ins of its own, by the accounts and keys of all APIs.
  'hosting -> access',
  // What is pushed is scanned.
  'hosting -> scan',
  // Builds are of projects, by whoever may there; they are pushed to the hosted registry with a key of their own, judged as any other push,
  // and builders wait and speak as sensors do.
  'build -> access',
  'build -> project',
  'build -> hosting',
  'build -> scan',
]);

/** Only these read the process's environment or end it. */
const MAY_READ_PROCESS = /^(?:main)\//;

const root = join(import.meta.dirname, '../src');
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(path => path.endsWith('.ts'));
const production = sources.filter(path => !/\.test\.ts$|\/testing\//.test(path));
const floorOf = (folder: string) => FLOORS.findIndex(floor => floor.includes(folder));

test('every folder of src stands on a floor', () => {
  const folders = new Set(sources.map(path => path.split('/')[0] ?? ''));
  expect([...folders].filter(folder => floorOf(folder) === -1)).toEqual([]);
});

test('imports point to the same folder or to a lower floor', () => {
  const wrong: string[] = [];
  for (const path of sources) {
    const from = path.split('/')[0] ?? '';
    for (const to of foldersImportedBy(path)) {
      if (to === from) continue;
      const isAllowed = floorOf(to) < floorOf(from) || SAME_FLOOR.has(`${from} -> ${to}`);
      if (!isAllowed) wrong.push(`${path} imports #${to}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('relative imports stay in their top folder', () => {
  const wrong = sources.filter(path => {
    const depth = path.split('/').length - 2;
    const climbs = [...readSource(path).matchAll(/from '((?:\.\.\/)+)/g)].map(match => (match[1] ?? '').length / 3);
    return climbs.some(climb => climb > depth);
  });
  expect(wrong.filter(path => production.includes(path))).toEqual([]);
});

test('only main reads the environment', () => {
  const readers = production.filter(
    path => !MAY_READ_PROCESS.test(path) && /process\.(?:env|exit\b|argv)/.test(withoutComments(path)),
  );
  expect(readers.filter(path => !/^base\/(?:errors|settings)-page\.ts$/.test(path))).toEqual([]);
});

test('pure floors know no network, disk or clock', () => {
  const effects =
    /from 'node:(?:fs|fs\/promises|net|http|https|http2|tls|dns|child_process|worker_threads)'|Date\.now\(|new Date\(\)/;
  const isPure = (path: string) =>
    floorOf(path.split('/')[0] ?? '') <= 2 && !/^base\/(?:errors|settings)-page\.ts$/.test(path);
  expect(production.filter(path => isPure(path) && effects.test(withoutComments(path)))).toEqual([]);
});

test('what runs on reading threads loads no schema library: each thread would pay 20 MB for it', () => {
  const onThreads = (path: string) =>
    /^inventory\//.test(path) || /^oci\/(?:tar|inflate|zstd|layer-path|digest)/.test(path);
  expect(production.filter(path => onThreads(path) && /from 'zod'/.test(readSource(path)))).toEqual([]);
});

test('there are no barrels and no folders named for nothing', () => {
  expect(sources.filter(path => /(?:^|\/)(?:index|utils?|helpers?|common|types)(?:\.ts$|\/)/.test(path))).toEqual([]);
});

function foldersImportedBy(path: string): readonly string[] {
  return [...readSource(path).matchAll(/(?:from|import)\s*\(?\s*'#([a-z-]+)\//g)].map(match => match[1] ?? '');
}

function readSource(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

function withoutComments(path: string): string {
  return readSource(path)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '');
}
