/** Builds that come by themselves: one for several causes, none for what was dealt with, ever more seldom while they fail. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Caller } from '#access/caller.ts';
import { createProject } from '#project/manage-project.ts';
import { newObjectId } from '#project/object-id.ts';
import { DEFAULT_RULES } from '#project/project-context.ts';
import { type BuildRecord, type BuildState, listBuilds, updateBuild } from '#store/build.ts';
import type { Store } from '#store/database.ts';
import { insertProjectImage } from '#store/project-image.ts';
import { createSealer } from '#store/seal.ts';
import { emptyStore } from '#store/testing/empty-store.ts';
import { describeStores } from '#store/testing/stores.ts';
import { type BuiltImage, makeImage, makeLayer } from '../../test/fixtures/image-builder.ts';
import { type RegistryServer, startRegistryServer } from '../../test/fixtures/registry-server.ts';
import type { BuildWorkContext } from './build-context.ts';
import { configureBuilds } from './configure-build.ts';
import { addBuild, tagOf } from './queue-build.ts';
import { watchForRebuilds } from './rebuild-watch.ts';

const HOUR_MS = 3_600_000;
const DELAY_SECONDS = 600;
const signal = new AbortController().signal;

describeStores('the rebuild watch', open => {
  let store: Store;
  let registry: RegistryServer;
  let context: BuildWorkContext;
  let projectId: string;
  let published: BuildRecord;
  let aheadMs: number;
  let problems: string[];

  beforeAll(async () => {
    store = await open();
    registry = await startRegistryServer({});
  });
  afterAll(async () => {
    await registry[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await emptyStore(store);
    aheadMs = 0;
    problems = [];
    const namespaceId = randomUUID();
    const at = new Date();
    await store.db
      .insertInto('namespace')
      .values({ id: namespaceId, name: 'acme', displayName: 'Acme', createdAt: at })
      .execute();
    const operator: Caller = {
      principal: { name: 'ci', by: 'api-key', namespaces: new Map([[namespaceId, 'operator']]) },
    };
    context = {
      store,
      queue: { send: async () => {} } as never,
      sealer: createSealer('a secret of at least 32 characters for tests'),
      now: () => new Date(Date.now() + aheadMs),
      vulnerabilities: undefined as never,
      rules: DEFAULT_RULES,
      world: { env: {}, allowsPrivateAddresses: true, userAgent: 'test' },
      hosted: { url: 'http://plimsoll.example', host: 'plimsoll.example' },
      blobs: undefined as never,
      bell: { wait: async () => {} },
      hosting: undefined as never,
      publicUrl: 'http://plimsoll.example',
      version: '0.0.0',
      findPackageUpdates: async () => ({ updates: [], problems: [] }),
    };
    const change = { name: 'pilot', isHosted: true, distributionMethod: 'rhcc' };
    const project = await createProject(context, operator, { namespaceId, change });
    projectId = project.id;
    await configureBuilds(context, operator, projectId, {
      change: {
        isEnabled: true,
        source: { url: 'https://git.example/acme/pilot.git' },
        autoRebuild: true,
        rebuildDelaySeconds: DELAY_SECONDS,
      },
    });
    const base = await pushBase('first');
    const added = await addBuild(context, operator, projectId, { tag: '1.0-1' });
    const digest = `sha256:${'a'.repeat(64)}`;
    published = await finish(added, 'succeeded', {
      result: {
        commit: 'b'.repeat(40),
        digest,
        manifests: [{ platform: 'linux/amd64', digest }],
        baseImages: [{ reference: `${registry.host}/acme/base:1`, digest: base.digest }],
        dockerfileSha256: 'c'.repeat(64),
        startedAt: at.toISOString(),
        finishedAt: at.toISOString(),
      },
    });
    await store.db.transaction().execute(trx =>
      insertProjectImage(trx, {
        id: newObjectId(at),
        projectId,
        digest,
        configDigest: undefined,
        listDigest: undefined,
        architecture: 'amd64',
        isReportedCertified: undefined,
        isVerifiedCertified: true,
        isCertified: true,
        exception: undefined,
        origin: 'push',
        registry: 'plimsoll.example',
        repository: `${project.pid}/pilot`,
        tags: [],
        diffIds: undefined,
        sizeBytes: undefined,
        rawConfig: undefined,
        parsed: {},
        scanState: 'completed',
        scanMessage: undefined,
        grade: 'A',
        pushedAt: at.toISOString(),
        publishedAt: at.toISOString(),
        deletedAt: undefined,
        at,
      }),
    );
  });

  const pushBase = async (text: string): Promise<BuiltImage> => {
    const image = makeImage([await makeLayer([{ path: 'etc/motd', content: text }])]);
    registry.hold('acme/base', '1', image);
    return image;
  };
  const finish = async (build: BuildRecord, state: BuildState, more: Parameters<typeof updateBuild>[2] = {}) =>
    await store.db
      .transaction()
      .execute(trx => updateBuild(trx, build.id, { state, finishedAt: context.now().toISOString(), ...more }));
  const watch = async () =>
    await watchForRebuilds(context, {}, { signal, onProblem: ({ message }) => problems.push(message) });
  const newer = async () =>
    (await listBuilds(store.db, { projectId, limit: 10 })).filter(({ id }) => id !== published.id);

  test('nothing is built while nothing has changed', async () => {
    await watch();
    expect([await newer(), problems]).toEqual([[], []]);
  });

  test('a base image that moved is built from under the next number, once its time has come; more causes join it', async () => {
    await pushBase('second');
    await watch();
    await pushBase('third');
    await watch();
    const builds = await newer();
    expect(builds.map(tagOf)).toEqual(['1.0-2']);
    expect(builds[0]).toMatchObject({ cause: 'base-image', requestedBy: 'plimsoll', state: 'queued' });
    const delay = Date.parse(builds[0]?.notBefore ?? '') - Date.parse(builds[0]?.createdAt ?? '');
    expect(delay / 1000).toBeCloseTo(DELAY_SECONDS, 0);
    expect(builds[0]?.considered).toHaveLength(2);
  });

  test('what a build has dealt with makes no other, published or not', async () => {
    await pushBase('second');
    await watch();
    const [build] = await newer();
    if (build === undefined) throw new Error('There is no build');
    await finish(build, 'succeeded');
    await watch();
    expect((await newer()).map(tagOf)).toEqual(['1.0-2']);
    await pushBase('third');
    await watch();
    expect((await newer()).map(tagOf)).toEqual(['1.0-3', '1.0-2']);
  });

  test('a rebuild that failed is tried again under another number, but not at once', async () => {
    await pushBase('second');
    await watch();
    const [build] = await newer();
    if (build === undefined) throw new Error('There is no build');
    await finish(build, 'failed');
    await watch();
    expect((await newer()).map(tagOf)).toEqual(['1.0-2']);
    aheadMs += HOUR_MS + 1000;
    await watch();
    expect((await newer()).map(tagOf)).toEqual(['1.0-3', '1.0-2']);
  });

  test('a base image that cannot be asked is told of, and is no reason to build', async () => {
    await store.db.transaction().execute(trx =>
      updateBuild(trx, published.id, {
        result: {
          ...(published.result as NonNullable<BuildRecord['result']>),
          baseImages: [{ reference: `${registry.host}/acme/nothing:1`, digest: `sha256:${'d'.repeat(64)}` }],
        },
      }),
    );
    await watch();
    expect(await newer()).toEqual([]);
    expect(problems).toHaveLength(1);
  });
});
