/** Builds as the server keeps them: who may, which numbers, who has them, what becomes of them when a builder dies; on real databases. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Caller } from '#access/caller.ts';
import type { Role } from '#access/principal.ts';
import { openFolderStore } from '#blob/folder-store.ts';
import { ANONYMOUS, permittedActions } from '#hosting/caller.ts';
import { NO_REGISTRY_KEYS } from '#hosting/registry-key.ts';
import { createProject } from '#project/manage-project.ts';
import { DEFAULT_RULES } from '#project/project-context.ts';
import { type BuildRecord, findBuild } from '#store/build.ts';
import { insertBuilder } from '#store/build-lease.ts';
import type { Store } from '#store/database.ts';
import { listEvents } from '#store/event.ts';
import type { ProjectRecord } from '#store/project.ts';
import { createSealer } from '#store/seal.ts';
import { emptyStore } from '#store/testing/empty-store.ts';
import { describeStores } from '#store/testing/stores.ts';
import type { BuildContext } from './build-context.ts';
import { followBuildLog, readBuildLog } from './build-log.ts';
import type { BuilderPort, LeasedBuild } from './builder-port.ts';
import { addBuilder, authenticateBuilder, listBuilders, removeBuilder } from './builders.ts';
import { configureBuilds, getBuildConfiguration } from './configure-build.ts';
import { buildKeyAuthority } from './push-key.ts';
import { addBuild, cancelBuild, getBuild, listProjectBuilds, proposeTag, retryBuild, tagOf } from './queue-build.ts';
import { backoffMs } from './rebuild-cause.ts';
import { openBuilderPort, takeBackLapsed } from './server-builder-port.ts';

const signal = new AbortController().signal;
const SECRET = 'ghp_a-token-nobody-sees';
const SOURCE = { isEnabled: true, source: { url: 'https://git.example/acme/app.git' } } as const;
const LEASE_MS = 60_000;

describeStores('the build service', open => {
  let store: Store;
  let folder: string;
  let context: BuildContext;
  let project: ProjectRecord;
  let namespaceId: string;
  let aheadMs: number;

  beforeAll(async () => {
    store = await open();
    folder = mkdtempSync(join(tmpdir(), 'plimsoll-build-service-'));
  });
  afterAll(async () => {
    await context.blobs[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    await emptyStore(store);
    aheadMs = 0;
    namespaceId = randomUUID();
    const at = new Date();
    await store.db
      .insertInto('namespace')
      .values({ id: namespaceId, name: 'acme', displayName: 'Acme', createdAt: at })
      .execute();
    context = {
      store,
      queue: { send: async () => {} } as never,
      sealer: createSealer('a secret of at least 32 characters for tests'),
      now: () => new Date(Date.now() + aheadMs),
      vulnerabilities: undefined as never,
      rules: DEFAULT_RULES,
      world: { env: {}, allowsPrivateAddresses: false, userAgent: 'test' },
      hosted: { url: 'http://plimsoll.example', host: 'plimsoll.example' },
      blobs: await openFolderStore(folder),
      bell: { wait: async () => {} },
    };
    project = await createProject(context, caller('operator'), {
      namespaceId,
      change: { name: 'pilot', isHosted: true, distributionMethod: 'rhcc' },
    });
    await configureBuilds(context, caller('operator'), project.id, { change: SOURCE });
  });

  const caller = (role: Role, namespace = namespaceId): Caller => ({
    principal: { name: role, by: 'api-key', namespaces: new Map([[namespace, role]]) },
  });
  const operator = () => caller('operator');
  const add = async (tag: string) => await addBuild(context, operator(), project.id, { tag });
  const builder = async (name: string): Promise<BuilderPort> => {
    const at = context.now();
    return openBuilderPort(context, {
      builder: await insertBuilder(store.db, { name, tokenHash: randomUUID(), at }),
      registryUrl: 'http://plimsoll.example',
      leaseMs: LEASE_MS,
    });
  };
  const lease = async (port: BuilderPort): Promise<LeasedBuild> => {
    const leased = await port.lease({ waitMs: 0, versions: { buildah: '1.0' } }, { signal });
    if (leased === undefined) throw new Error('There is nothing to build');
    return leased;
  };
  const stateOf = async (id: string) => (await findBuild(store.db, id))?.state;
  const logOf = async (id: string) => (await readBuildLog(context, id, { from: 0, signal })).text;
  const kinds = async () =>
    (await listEvents(store.db, { after: 0, limit: 100 }))
      .map(({ kind }) => kind)
      .filter(kind => kind.startsWith('build.'));

  test('a viewer looks and does no more; a stranger is told of nothing', async () => {
    const viewer = caller('viewer');
    const stranger = caller('admin', randomUUID());
    const build = await add('1.0-1');
    expect(await getBuildConfiguration(context, viewer, project.id)).toMatchObject({
      dockerfile: 'Dockerfile',
      imageName: 'pilot',
    });
    expect((await listProjectBuilds(context, viewer, project.id, { limit: 10 })).map(tagOf)).toEqual(['1.0-1']);
    await expect(addBuild(context, viewer, project.id, { tag: '1.0-2' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(cancelBuild(context, viewer, build.id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(configureBuilds(context, viewer, project.id, { change: SOURCE })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    await expect(getBuild(context, stranger, build.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(getBuildConfiguration(context, stranger, project.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('secrets go in and never come out; they stay when they are not given, and with the host that they are for', async () => {
    const change = { ...SOURCE, login: { kind: 'token', token: SECRET } as const, arguments: { KEY: SECRET } };
    const { configuration } = await configureBuilds(context, operator(), project.id, { change });
    expect(configuration).toMatchObject({ login: { kind: 'token' }, argumentNames: ['KEY'] });
    const rows = await store.db.selectFrom('buildConfiguration').selectAll().execute();
    expect(JSON.stringify([configuration, rows])).not.toContain(SECRET);
    await configureBuilds(context, operator(), project.id, { change: SOURCE });
    await add('1.0-1');
    const { request } = await lease(await builder('one'));
    expect(request.source.login).toEqual({ kind: 'token', token: SECRET });
    expect(request.args).toEqual({ KEY: SECRET });
    const elsewhere = { ...SOURCE, source: { url: 'https://evil.example/acme/app.git' } };
    await expect(configureBuilds(context, operator(), project.id, { change: elsewhere })).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
    });
  });

  test('a configuration that is based on an older one is refused', async () => {
    const known = await getBuildConfiguration(context, operator(), project.id);
    await configureBuilds(context, operator(), project.id, { change: SOURCE, revision: known?.revision });
    await expect(
      configureBuilds(context, operator(), project.id, { change: SOURCE, revision: known?.revision }),
    ).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
  });

  test.each([
    { url: 'http://git.example/app.git', why: 'what is cloned in the clear may be anything' },
    { url: 'https://me:secret@git.example/app.git', why: 'a password in an address ends up in logs' },
    { url: 'file:///etc', why: 'the machine of the builder is no source' },
    { url: '--upload-pack=sh', why: 'it would be an option of git' },
    { url: 'ext::sh -c id', why: 'git would run it' },
  ])('$url is refused as a source: $why', async ({ url }) => {
    const refused = configureBuilds(context, operator(), project.id, { change: { isEnabled: true, source: { url } } });
    await expect(refused).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await expect(refused).rejects.not.toThrow(/secret@/);
  });

  test.each([
    { platform: 'linux/nonsense', isTaken: false },
    { platform: 'windows/amd64', isTaken: false },
    { platform: 'linux/x86_64', isTaken: true },
    { platform: 'linux/arm/v7', isTaken: true },
  ])('a platform that is misspelt is refused, and not built as another: $platform', async ({ platform, isTaken }) => {
    const change = { ...SOURCE, platforms: [platform] };
    const configured = configureBuilds(context, operator(), project.id, { change });
    if (isTaken) await expect(configured).resolves.toMatchObject({ configuration: { platforms: [platform] } });
    else await expect(configured).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });

  test('a number is never used again, whatever became of its build, and the next free one is offered', async () => {
    const first = await add('1.0-1');
    await cancelBuild(context, operator(), first.id);
    await expect(add('1.0-1')).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('"1.0-2"') });
    await expect(add('1.0')).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
      message: expect.stringContaining('1.0-1'),
    });
    expect(await proposeTag(context, operator(), project.id, '1.0')).toBe('1.0-2');
    expect(await proposeTag(context, operator(), project.id, '1.0-1')).toBe('1.0-2');
    expect(await proposeTag(context, operator(), project.id, '2.0')).toBe('2.0-1');
    const again = await retryBuild(context, operator(), first.id);
    expect({ tag: tagOf(again), cause: again.cause }).toEqual({ tag: '1.0-2', cause: 'retry' });
  });

  test('nothing is built where builds are switched off, or images are not pushed here', async () => {
    await configureBuilds(context, operator(), project.id, { change: { ...SOURCE, isEnabled: false } });
    await expect(add('1.0-1')).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('switched off'),
    });
    const elsewhere = await createProject(context, operator(), { namespaceId, change: { name: 'elsewhere' } });
    await expect(configureBuilds(context, operator(), elsewhere.id, { change: SOURCE })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
  });

  test('each build is handed to one builder, with a key that pushes to its project alone while the lease is held', async () => {
    const build = await add('1.0-1');
    const [one, two] = [await builder('one'), await builder('two')];
    const leased = await lease(one);
    expect(await two.lease({ waitMs: 0, versions: {} }, { signal })).toBeUndefined();
    const { push } = leased.request;
    expect(push).toMatchObject({ repository: `plimsoll.example/${project.pid}/pilot`, tag: '1.0-1', isInsecure: true });
    const keys = buildKeyAuthority(context, NO_REGISTRY_KEYS);
    const key = await keys.findByText(push.password);
    expect(key).toMatchObject({ space: project.pid, projectId: project.id });
    const place = { name: 'team/app', spaceName: 'team', space: undefined, repository: undefined, namespaceId };
    expect(key === undefined ? ANONYMOUS : [...permittedActions({ kind: 'project', key }, place)]).toEqual([]);
    expect(await keys.findById(key?.id ?? '')).toBeDefined();
    await cancelBuild(context, operator(), build.id);
    expect(await keys.findByText(push.password)).toBeUndefined();
    expect(await keys.findById(key?.id ?? '')).toBeUndefined();
    expect(await one.report(leased.id, { leaseToken: leased.leaseToken, log: 'more\n' }, { signal })).toBe('stop');
    expect(await stateOf(build.id)).toBe('cancelled');
  });

  test('a build whose builder was killed is begun once more elsewhere, and then given up; the first can say nothing any more', async () => {
    const build = await add('1.0-1');
    const [one, two] = [await builder('one'), await builder('two')];
    const dead = await lease(one);
    await one.report(build.id, { leaseToken: dead.leaseToken, state: 'pushing', log: 'half way\n' }, { signal });
    aheadMs += LEASE_MS + 1;
    const next = await lease(two);
    expect(next).toMatchObject({ id: build.id, attempt: 2 });
    const keys = buildKeyAuthority(context, NO_REGISTRY_KEYS);
    expect(await keys.findByText(dead.request.push.password)).toBeUndefined();
    expect(await one.end(build.id, { kind: 'returned', leaseToken: dead.leaseToken }, { signal })).toBe('stop');
    aheadMs += LEASE_MS + 1;
    await takeBackLapsed(context);
    const { failure, state } = (await findBuild(store.db, build.id)) as BuildRecord;
    expect({ state, code: failure?.code }).toEqual({ state: 'failed', code: 'SERVER_UNAVAILABLE' });
    expect(await logOf(build.id)).toMatch(/half way\n.*another begins anew/s);
    expect(await kinds()).toEqual([
      'build.queued',
      'build.started',
      'build.progress',
      'build.queued',
      'build.started',
      'build.failed',
    ]);
  });

  test('a builder is let in by its token until it is removed, and its name is free then', async () => {
    const admin: Caller = { principal: { name: 'root', by: 'api-key', everywhere: 'admin', namespaces: new Map() } };
    const { builder: made, token } = await addBuilder(context, admin, 'one');
    await expect(addBuilder(context, admin, 'one')).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(addBuilder(context, operator(), 'two')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await authenticateBuilder(context, token)).toMatchObject({ id: made.id, name: 'one' });
    await removeBuilder(context, admin, made.id);
    await expect(authenticateBuilder(context, token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(removeBuilder(context, admin, made.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await addBuilder(context, admin, 'one')).builder.id).not.toBe(made.id);
    expect(JSON.stringify(await listBuilders(context, admin))).not.toContain(token);
  });

  test('a builder that stops gives its build back, which costs no attempt', async () => {
    const build = await add('1.0-1');
    const one = await builder('one');
    const leased = await lease(one);
    await one.end(build.id, { kind: 'returned', leaseToken: leased.leaseToken }, { signal });
    expect(await lease(one)).toMatchObject({ id: build.id, attempt: 1 });
  });

  test('what a builder says it pushed is believed when the registry has it', async () => {
    const build = await add('1.0-1');
    const one = await builder('one');
    const { leaseToken } = await lease(one);
    const digest = `sha256:${'a'.repeat(64)}`;
    const at = new Date().toISOString();
    const result = {
      commit: 'b'.repeat(40),
      digest,
      manifests: [{ platform: 'linux/amd64', digest }],
      baseImages: [],
      dockerfileSha256: 'c'.repeat(64),
      startedAt: at,
      finishedAt: at,
      hostKeys: [],
    };
    await one.end(build.id, { kind: 'succeeded', leaseToken, result }, { signal });
    expect(await findBuild(store.db, build.id)).toMatchObject({ state: 'failed', failure: { step: 'push' } });
  });

  test('a log is followed while it grows, and is whole afterwards', async () => {
    const build = await add('1.0-1');
    const one = await builder('one');
    const { leaseToken } = await lease(one);
    const seen: string[] = [];
    const following = (async () => {
      for await (const piece of followBuildLog(
        { ...context, bell: { wait: async () => await new Promise(resolve => setImmediate(resolve)) } },
        build.id,
        { from: 0, signal },
      )) {
        if ('text' in piece) seen.push(piece.text);
      }
    })();
    await one.report(build.id, { leaseToken, log: 'ein Größeres\n' }, { signal });
    await one.report(build.id, { leaseToken, log: 'second\n' }, { signal });
    const failure = { code: 'BUILD_FAILED', message: 'It broke', step: 'build' as const, line: 3, tail: ['second'] };
    await one.end(build.id, { kind: 'failed', leaseToken, failure }, { signal });
    await following;
    const ended = await findBuild(store.db, build.id);
    expect(ended).toMatchObject({ state: 'failed', failure: { line: 3 } });
    expect(ended?.logDigest).toMatch(/^sha256:/);
    expect(await store.db.selectFrom('buildLog').selectAll().execute()).toEqual([]);
    const whole = await logOf(build.id);
    expect(whole).toMatch(/ein Größeres\nsecond\nBuild failed: It broke\n$/);
    expect(seen.join('')).toBe(whole);
    const from = Buffer.byteLength(whole.slice(0, whole.indexOf('second')));
    expect((await readBuildLog(context, build.id, { from, signal })).text).toBe('second\nBuild failed: It broke\n');
  });
});

test('a rebuild that fails again and again is tried ever more seldom', () => {
  const hours = [0, 1, 2, 3, 4, 9].map(failures => backoffMs(failures) / 3_600_000);
  expect(hours).toEqual([0, 1, 4, 16, 64, 84]);
});
