import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type BuiltImage,
  makeAttestation,
  makeImage,
  makeIndex,
  makeLayer,
} from '../../../test/fixtures/image-builder.ts';
import {
  type RegistryServer,
  sends,
  startRegistryServer,
  withHeaders,
} from '../../../test/fixtures/registry-server.ts';
import type { Work } from '../task/contract.ts';
import { MemoryPort } from './testing/memory-port.ts';
import { accessTo, startSensor, type TestSensor } from './testing/sensor-world.ts';

type ListWork = Extract<Work, { kind: 'list' }>;

const LIST: ListWork = {
  kind: 'list',
  repository: 'team/app',
  tags: [],
  patternMode: 'wildcard',
  platforms: ['linux/amd64'],
  wantsBuiltAt: false,
};

let server: RegistryServer;
let sensor: TestSensor;
let port: MemoryPort;

beforeEach(async () => {
  server = await startRegistryServer({ maxPageSize: 50, catalog: 'listed' });
  port = new MemoryPort();
  sensor = await startSensor(port);
});
afterEach(async () => {
  await sensor[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function image(name: string, platform = 'linux/amd64'): Promise<BuiltImage> {
  return makeImage([await makeLayer([{ path: name, content: name }])], { platform });
}

async function list(changes: Partial<ListWork> = {}) {
  const task = port.add(accessTo(server), { ...LIST, ...changes });
  const outcome = await port.ended(task);
  return { ...port.record(task), outcome };
}

test('repositories are listed in pages', async () => {
  for (let at = 0; at < 120; at += 1) server.addImage(`team/r${at}`, 'latest');
  const task = port.add(accessTo(server), { kind: 'catalogue' });
  expect(await port.ended(task)).toMatchObject({ kind: 'done' });
  expect(new Set(port.record(task).repositories.map(({ name }) => name)).size).toBe(120);
});

test('a catalogue that the registry refuses is a failure that says so', async () => {
  await using closed = await startRegistryServer({ catalog: 'unknown' });
  const task = port.add(accessTo(closed), { kind: 'catalogue' });
  expect(await port.ended(task)).toMatchObject({ kind: 'failed', code: 'CATALOG_UNSUPPORTED' });
});

test('tags come with digests, by HEAD, and unknown manifests with their configs, by one GET each', async () => {
  const one = await image('one');
  const two = await image('two');
  server.hold('team/app', '1.0', one);
  server.hold('team/app', 'latest', one);
  server.hold('team/app', '2.0', two);
  port.known.add(two.digest);
  const { outcome, tags, manifests } = await list();
  expect(outcome).toMatchObject({ kind: 'done', tagsSeen: 3, tagsMatched: 3, progress: { pulls: 2 } });
  expect(Object.fromEntries(tags.map(({ name, digest }) => [name, digest]))).toEqual({
    '1.0': one.digest,
    '2.0': two.digest,
    latest: one.digest,
  });
  expect(tags.map(({ pushedAtSource }) => pushedAtSource)).toEqual(['unknown', 'unknown', 'unknown']);
  expect(manifests).toEqual([
    {
      digest: one.digest,
      mediaType: one.descriptor.mediaType,
      document: one.bytes.toString('base64'),
      config: one.config.toString('base64'),
    },
  ]);
  expect(server.count(/^GET .*\/manifests\//)).toBe(1);
  expect(server.count(/^GET .*\/blobs\//)).toBe(1);
});

test('of an index the children for the platforms wanted are read, before the index', async () => {
  const amd = await image('amd');
  const arm = await image('arm', 'linux/arm64');
  const armV7 = await image('v7', 'linux/arm/v7');
  const index = makeIndex([amd, makeAttestation(amd), arm, armV7]);
  server.hold('team/app', '1.0', index);
  const first = await list({ platforms: ['linux/amd64', 'linux/arm'] });
  expect(first.manifests.map(({ digest }) => digest)).toEqual([amd.digest, armV7.digest, index.digest]);
  // As the server does for a task with other platforms: the index counts as missing, since a child of it is.
  port.known.delete(index.digest);
  const second = await list({ platforms: ['all'] });
  expect(second.manifests.map(({ digest }) => digest)).toEqual([arm.digest, index.digest]);
});

test('an index without an image for the platforms is listed alone', async () => {
  const index = makeIndex([await image('w', 'windows/amd64')]);
  server.hold('team/app', '1.0', index);
  const { tags, manifests, outcome } = await list();
  expect(manifests.map(({ digest }) => digest)).toEqual([index.digest]);
  expect(tags.map(({ digest }) => digest)).toEqual([index.digest]);
  expect(outcome).toMatchObject({ kind: 'done', progress: { pulls: 1 } });
});

test('a child that the registry does not hold is left out', async () => {
  const here = await image('here');
  const away = await image('away', 'linux/amd64');
  const index = makeIndex([away.descriptor, here]);
  server.hold('team/app', '1.0', index);
  const { manifests, tags } = await list();
  expect(manifests.map(({ digest }) => digest)).toEqual([here.digest, index.digest]);
  expect(tags.length).toBe(1);
});

test.each([
  { depth: 3, problems: 0, why: 'nesting is rare, but legal' },
  { depth: 4, problems: 1, why: 'deeper is a game' },
])('indexes nest $depth deep: $why', async ({ depth, problems }) => {
  let content: Parameters<typeof makeIndex>[0][number] = await image('deep');
  for (let at = 0; at < depth; at += 1) content = makeIndex([content]);
  if (!('blobs' in content)) throw new Error('expected an index');
  server.hold('team/app', '1.0', content);
  const { manifests } = await list();
  expect(manifests.filter(({ problem }) => problem !== undefined).length).toBe(problems);
  expect(manifests.at(-1)?.digest).toBe(content.digest);
});

test('what is no image is listed with the reason', async () => {
  const schema1 = { schemaVersion: 1, name: 'team/app', tag: 'old', fsLayers: [], history: [], signatures: [] };
  server.addManifest('team/app', 'old', schema1, 'application/vnd.docker.distribution.manifest.v1+prettyjws');
  const config = server.addBlob(Buffer.from('{}'), 'application/vnd.cncf.helm.config.v1+json');
  const { mediaType, digest, size } = config;
  const chart = { schemaVersion: 2, config: { mediaType, digest, size }, layers: [] };
  server.addManifest('team/app', 'chart', chart, 'application/vnd.oci.image.manifest.v1+json');
  server.addManifest('team/app', 'broken', Buffer.from('{'), 'application/vnd.oci.image.manifest.v1+json');
  const { manifests, tags } = await list();
  expect(tags.map(({ name }) => name).sort()).toEqual(['broken', 'chart', 'old']);
  const reasons = manifests.map(({ problem }) => /JSON|helm|schema 1/.exec(problem ?? '')?.[0]);
  expect(reasons.sort()).toEqual(['JSON', 'helm', 'schema 1']);
});

test.each([
  { tags: ['1.0'], matched: ['1.0'], why: 'an exact name' },
  { tags: ['1.*'], matched: ['1.0', '1.1'], why: 'a beginning' },
  { tags: ['*.0', 'latest'], matched: ['1.0', '2.0', 'latest'], why: 'an end, and a name' },
  { tags: ['.*'], matched: ['1.0', '1.1', '2.0', 'latest'], why: 'everything' },
  { tags: ['9.9'], matched: [], why: 'a name that is not there' },
])('only tags that match $tags are asked about: $why', async ({ tags, matched }) => {
  for (const tag of ['1.0', '1.1', '2.0', 'latest']) server.hold('team/app', tag, await image(tag));
  const result = await list({ tags });
  expect(result.tags.map(({ name }) => name).sort()).toEqual(matched);
  expect(result.outcome).toMatchObject({ kind: 'done', tagsMatched: matched.length });
  // Named tags may be looked up instead of listed.
  expect(server.count(/^HEAD /)).toBeLessThanOrEqual(Math.max(matched.length, tags.length));
});

test('the date of the config stands in where the registry has none, if wanted', async () => {
  server.hold('team/app', '1.0', await image('one'));
  server.hold('team/app', '2.0', makeIndex([await image('two')]));
  const old = makeImage([await makeLayer([])], { config: { created: '1970-01-01T00:00:00Z' } });
  server.hold('team/app', '3.0', old);
  const { tags } = await list({ wantsBuiltAt: true });
  expect(tags.map(({ name, pushedAt, pushedAtSource }) => ({ name, pushedAt, pushedAtSource }))).toEqual([
    { name: '1.0', pushedAt: '2020-01-02T03:04:05.000Z', pushedAtSource: 'config' },
    { name: '2.0', pushedAt: '2020-01-02T03:04:05.000Z', pushedAtSource: 'config' },
    { name: '3.0', pushedAtSource: 'unknown' },
  ]);
});

test('without HEAD, or without digests in it, the manifest is read once and hashed', async () => {
  const one = await image('one');
  await using nameless = await startRegistryServer({ namesDigests: false });
  nameless.hold('team/app', '1.0', one);
  const task = port.add(accessTo(nameless), LIST);
  expect(await port.ended(task)).toMatchObject({ kind: 'done' });
  expect(port.record(task).tags).toMatchObject([{ name: '1.0', digest: one.digest }]);
  expect(nameless.count(/^GET .*\/manifests\//)).toBe(1);
});

test('a tag that cannot be read is left out and told of; the others are listed', async () => {
  server.hold('team/app', 'good', await image('good'));
  server.hold('team/app', 'gone', await image('gone'));
  server.hold('team/app', 'liar', await image('liar'));
  server.playAlways(/^HEAD .*\/manifests\/gone$/, sends(404));
  server.playAlways(/^HEAD .*\/manifests\/liar$/, withHeaders({}));
  const lied = await image('other');
  server.playAlways(
    new RegExp(`^GET .*/manifests/${(await image('liar')).digest}$`),
    sends(200, {}, lied.bytes.toString()),
  );
  const { tags, outcome } = await list();
  expect(tags.map(({ name }) => name)).toEqual(['good']);
  expect(outcome).toMatchObject({
    kind: 'done',
    tagsSeen: 3,
    tagsMatched: 1,
    problems: [
      { tag: 'gone', code: 'MANIFEST_UNKNOWN' },
      { tag: 'liar', code: 'DIGEST_MISMATCH' },
    ],
  });
});

test('a listing that breaks off in the middle fails as a whole', async () => {
  for (let at = 0; at < 120; at += 1) server.addImage('team/app', `t${at}`);
  server.playAlways(/tags\/list\?.*last=/, sends(500));
  expect((await list()).outcome).toMatchObject({ kind: 'failed', code: 'REGISTRY_UNAVAILABLE' });
});

test('a rate limit ends the task with the time to come back, and what is left is told', async () => {
  server.hold('team/app', '1.0', await image('one'));
  server.playAlways(/^HEAD /, withHeaders({ 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '7;w=21600' }));
  server.playAlways(/^GET .*\/manifests\//, sends(429, { 'retry-after': '3600' }));
  const before = Date.now();
  const { outcome } = await list();
  expect(outcome).toMatchObject({
    kind: 'failed',
    code: 'RATE_LIMITED',
    progress: { rateLimit: { limit: 100, remaining: 7, windowSeconds: 21_600 } },
  });
  const retryAt = outcome.kind === 'failed' ? Date.parse(outcome.retryAt ?? '') : 0;
  expect(retryAt).toBeGreaterThanOrEqual(before + 3_600_000);
  await port.until(() => port.heartbeats.at(-1)?.registries?.[0]?.lastError?.code === 'RATE_LIMITED');
  expect(port.heartbeats.at(-1)?.registries?.[0]).toMatchObject({ rateLimit: { remaining: 7 } });
});

test('the test of a connection gives its steps', async () => {
  server.hold('team/app', '1.0', await image('one'));
  const task = port.add(accessTo(server), { kind: 'probe', repository: 'team/app' });
  const outcome = await port.ended(task);
  expect(outcome).toMatchObject({ kind: 'done' });
  const steps = outcome.kind === 'done' ? (outcome.steps ?? []) : [];
  expect(steps).toContainEqual(expect.objectContaining({ step: 'tags', result: 'ok' }));
});
