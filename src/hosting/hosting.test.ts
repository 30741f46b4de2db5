/** Who may do what, and what stays: the registry as its users and its operator see it, over HTTP, on real storage. */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hashPassword } from '#access/password.ts';
import { openFolderStore } from '#blob/folder-store.ts';
import { digestOf } from '#oci/digest.ts';
import { findAccount, updateAccount } from '#store/account.ts';
import type { Store } from '#store/database.ts';
import { ensureSpace, type RulesChange, setPublic, updateDefaultRules, updateSpace } from '#store/hosting-space.ts';
import { describeStores } from '#store/testing/stores.ts';
import { type HostedFixture, hostedRegistry } from '../../test/fixtures/hosted-registry.ts';
import { collectGarbage } from './collect-garbage.ts';
import type { Push } from './context.ts';
import { DistributionError } from './distribution-error.ts';
import { type Answer, RegistryClient } from './testing/registry-client.ts';
import { createTokenSigner } from './token.ts';

const PASSWORD = 'correct horse battery';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';
const HOUR = 3600_000;
const signal = new AbortController().signal;

describeStores('the hosted registry', open => {
  let store: Store;
  let registry: HostedFixture;
  let clock = Date.now();
  const pushes: Push[] = [];
  let refusal: string | undefined;

  beforeAll(async () => {
    store = await open();
    registry = await hostedRegistry({
      store,
      now: () => new Date(clock),
      limits: { stallMs: 500, stallBytes: 1000 },
      listeners: [
        {
          async onManifest(_, push) {
            if (refusal !== undefined) throw new DistributionError('DENIED', refusal);
            pushes.push(push);
          },
        },
      ],
    });
    await registry.addAccount('viewer', PASSWORD, { team: 'viewer' });
    await registry.addAccount('operator', PASSWORD, { team: 'operator', other: 'operator' });
    await registry.addAccount('admin', PASSWORD, { team: 'admin' });
    await registry.addAccount('stranger', PASSWORD, { elsewhere: 'admin' });
  });
  afterAll(async () => {
    await registry[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  });

  const scope = (...names: string[]) => names.map(name => `repository:${name}:pull,push,delete`);
  const as = async (name: string, ...names: string[]) =>
    await RegistryClient.basic(registry.url, name, PASSWORD).withToken(scope(...names));
  const withKey = (key: string) => RegistryClient.basic(registry.url, 'unused', key);

  /** Pushes an image with a layer of its own. */
  async function pushImage(client: RegistryClient, name: string, tag?: string) {
    const config = Buffer.from(
      JSON.stringify({
        architecture: 'amd64',
        os: 'linux',
        rootfs: { type: 'layers', diff_ids: [] },
        s: randomBytes(6).toString('hex'),
      }),
    );
    const layer = randomBytes(200);
    for (const bytes of [config, layer]) await client.pushBlob(name, digestOf(bytes), bytes);
    const of = (bytes: Buffer, mediaType: string) => ({ mediaType, digest: digestOf(bytes), size: bytes.length });
    const document = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MANIFEST,
        config: of(config, 'application/vnd.oci.image.config.v1+json'),
        layers: [of(layer, 'application/vnd.oci.image.layer.v1.tar+gzip')],
      }),
    );
    const digest = digestOf(document);
    const answer = await client.pushManifest(name, tag ?? digest, document, MANIFEST);
    return { answer, digest, document, layer: digestOf(layer), config: digestOf(config) };
  }

  describe('rights', () => {
    test.each([
      { who: 'viewer', push: 403, pull: 200, remove: 403 },
      { who: 'operator', push: 201, pull: 200, remove: 403 },
      { who: 'admin', push: 201, pull: 200, remove: 202 },
      { who: 'stranger', push: 403, pull: 403, remove: 403 },
    ])('$who: push $push, pull $pull, delete $remove', async ({ who, push, pull, remove }) => {
      const name = `team/rights-${who}`;
      const made = await pushImage(await as('operator', name), name, '1');
      const client = await as(who, name);
      const path = `/v2/${name}/manifests/1`;
      expect((await client.ask('GET', path)).status).toBe(pull);
      const again = await client.pushManifest(name, '2', made.document, MANIFEST);
      expect(again.status).toBe(push);
      const deleted = await client.ask('DELETE', path);
      expect(deleted.status).toBe(remove);
      if (who === 'viewer') expect(again.body.toString()).toMatch(/needs the role operator in \\"team\\"/);
      if (who === 'stranger') expect(again.body.toString()).toMatch(/no namespace \\"team\\", or/);
    });

    test('everybody pulls from a public repository and pushes nowhere; from others they are asked to log in', async () => {
      const name = 'team/public';
      await pushImage(await as('operator', name), name, '1');
      const nobody = new RegistryClient(registry.url);
      expect((await nobody.ask('GET', `/v2/${name}/manifests/1`)).status).toBe(401);
      await setPublic(store.db, name, true);
      expect((await nobody.ask('GET', `/v2/${name}/manifests/1`)).status).toBe(200);
      const anonymous = await nobody.withToken(scope(name));
      expect((await anonymous.ask('GET', '/v2/')).status).toBe(200);
      expect((await anonymous.ask('GET', `/v2/${name}/manifests/1`)).status).toBe(200);
      const push = await anonymous.ask('POST', `/v2/${name}/blobs/uploads/`);
      expect(push.status).toBe(401);
      expect(push.headers.get('www-authenticate')).toContain(`scope="repository:${name}:pull,push"`);
    });

    test('a token is for what it was asked for, and tells what else to ask for', async () => {
      const client = await as('operator', 'team/one');
      const answer = await client.ask('POST', '/v2/team/two/blobs/uploads/');
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toMatch(
        /scope="repository:team\/two:pull,push",error="insufficient_scope"/,
      );
    });

    test('forged, foreign, expired and malformed tokens are refused', async () => {
      const { token } = (await RegistryClient.basic(registry.url, 'admin', PASSWORD).token(scope('team/x'))).json() as {
        token: string;
      };
      const [header = '', payload = '', signature = ''] = token.split('.');
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
      const none = Buffer.from(JSON.stringify({ typ: 'JWT', alg: 'none' })).toString('base64url');
      const more = Buffer.from(JSON.stringify({ ...claims, exp: claims.exp + 1e6 })).toString('base64url');
      const foreign = createTokenSigner(randomBytes(32)).sign(
        { subject: { kind: 'anonymous' }, access: [] },
        { service: 'x', at: new Date(clock) },
      );
      for (const bad of [
        `${header}.${more}.${signature}`,
        `${none}.${payload}.`,
        foreign,
        'x',
        'a.b.c',
        `${token}.x`,
      ]) {
        const answer = await new RegistryClient(registry.url, `Bearer ${bad}`).ask('GET', '/v2/');
        expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
          401,
          expect.stringContaining('invalid_token'),
        ]);
      }
      const client = new RegistryClient(registry.url, `Bearer ${token}`);
      expect((await client.ask('GET', '/v2/')).status).toBe(200);
      clock += 301_000;
      expect((await client.ask('GET', '/v2/')).status).toBe(401);
    });

    test('docker login by form; without a scope there is a token all the same; wrong passwords are 401', async () => {
      const post = async (form: Record<string, string>) =>
        await new RegistryClient(registry.url).ask('POST', '/v2/token', {
          body: new URLSearchParams(form).toString(),
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        });
      const good = await post({ grant_type: 'password', username: 'viewer', password: PASSWORD, service: 'x' });
      const body = good.json() as { access_token: string; expires_in: number; issued_at: string };
      expect([good.status, body.expires_in >= 60]).toEqual([200, true]);
      expect((await new RegistryClient(registry.url, `Bearer ${body.access_token}`).ask('GET', '/v2/')).status).toBe(
        200,
      );
      expect((await post({ grant_type: 'password', username: 'viewer', password: 'wrong' })).status).toBe(401);
      expect((await post({ grant_type: 'client_credentials' })).status).toBe(405);
      expect((await RegistryClient.basic(registry.url, 'viewer', 'wrong').token([])).status).toBe(401);
    });

    describe('refresh tokens', () => {
      const post = async (form: Record<string, string>) =>
        await new RegistryClient(registry.url).ask('POST', '/v2/token', {
          body: new URLSearchParams({ service: 'x', ...form }).toString(),
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        });
      type Tokens = { access_token: string; refresh_token?: string };
      const refreshed = async (token: string | undefined, more: Record<string, string> = {}) =>
        await post({ grant_type: 'refresh_token', refresh_token: token ?? '', ...more });

      test('docker logs in with offline_token, keeps the refresh token, and gets tokens with it instead of the password', async () => {
        const client = RegistryClient.basic(registry.url, 'operator', PASSWORD);
        const query = 'service=x&account=operator&client_id=docker&offline_token=true';
        const { refresh_token: kept } = (await client.ask('GET', `/v2/token?${query}`)).json() as Tokens;
        const answer = await refreshed(kept, { scope: 'repository:team/refreshed:pull,push', client_id: 'docker' });
        const tokens = answer.json() as Tokens;
        expect([answer.status, tokens.refresh_token]).toEqual([200, kept]);
        const pusher = new RegistryClient(registry.url, `Bearer ${tokens.access_token}`);
        expect((await pushImage(pusher, 'team/refreshed', '1')).answer.status).toBe(201);
        // By itself it opens nothing.
        expect((await new RegistryClient(registry.url, `Bearer ${kept}`).ask('GET', '/v2/')).status).toBe(401);
        // And who does not ask for one gets none.
        expect((await client.token([])).json()).not.toHaveProperty('refresh_token');
      });

      test('by a form as well; nobody in particular gets none; what is no refresh token is refused', async () => {
        const form = { grant_type: 'password', username: 'viewer', password: PASSWORD, access_type: 'offline' };
        const { refresh_token: kept, access_token: other } = (await post(form)).json() as Tokens;
        expect((await refreshed(kept)).status).toBe(200);
        const anonymous = await new RegistryClient(registry.url).ask('GET', '/v2/token?service=x&offline_token=true');
        expect(anonymous.json()).not.toHaveProperty('refresh_token');
        for (const bad of ['', 'x', other, `${kept}x`]) expect((await refreshed(bad)).status).toBe(401);
      });

      test('they end with the password, the account, the registry key, and in time', async () => {
        const accountId = async () => (await findAccount(store.db, { name: 'leaver' }))?.id ?? '';
        const login = async (name: string, password: string) =>
          ((await post({ grant_type: 'password', username: name, password, access_type: 'offline' })).json() as Tokens)
            .refresh_token;
        await registry.addAccount('leaver', PASSWORD, { team: 'viewer' });
        const first = await login('leaver', PASSWORD);
        await updateAccount(store.db, await accountId(), { passwordHash: await hashPassword('another good password') });
        const ended = await refreshed(first);
        expect([ended.status, ended.body.toString()]).toEqual([401, expect.stringMatching(/log in again/)]);
        const second = await login('leaver', 'another good password');
        expect((await refreshed(second)).status).toBe(200);
        await updateAccount(store.db, await accountId(), { disabledAt: new Date(clock) });
        expect((await refreshed(second)).status).toBe(401);
        const namespaceId = await registry.namespaceId('team');
        const project = { space: 'ospid-r', namespaceId, projectId: 'r', projectName: 'Project r' };
        const third = await login('unused', registry.keys.rotate(project));
        expect((await refreshed(third)).status).toBe(200);
        registry.keys.rotate(project);
        expect((await refreshed(third)).status).toBe(401);
        const fourth = await login('viewer', PASSWORD);
        clock += 91 * 24 * HOUR;
        expect((await refreshed(fourth)).status).toBe(401);
      });
    });

    test('behind a proxy, the log-in is where the client came to', async () => {
      await using proxied = await hostedRegistry({ store, trustProxy: true });
      const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'registry.example:8443' };
      const answer = await new RegistryClient(proxied.url).ask('GET', '/v2/', { headers });
      expect(answer.headers.get('www-authenticate')).toBe(
        'Bearer realm="https://registry.example:8443/v2/token",service="registry.example:8443"',
      );
    });
  });

  describe('registry keys of projects', () => {
    const project = async (at: string) => ({
      space: `ospid-${at}`,
      namespaceId: await registry.namespaceId('team'),
      projectId: at,
      projectName: `Project ${at}`,
    });

    test('one opens the repositories of its project, whatever the user name, and no others; rotation ends it at once', async () => {
      const key = registry.keys.rotate(await project('a'));
      registry.keys.rotate(await project('b'));
      const mine = await withKey(key).withToken(scope('ospid-a/app', 'ospid-b/app', 'team/app'));
      expect((await pushImage(mine, 'ospid-a/app', '1.0-1')).answer.status).toBe(201);
      expect(pushes.at(-1)).toMatchObject({ projectId: 'a', repository: 'ospid-a/app', tags: ['1.0-1'] });
      expect((await RegistryClient.basic(registry.url, 'me', key).ask('GET', '/v2/ospid-a/app/tags/list')).status).toBe(
        200,
      );
      const foreign = await mine.ask('POST', '/v2/ospid-b/app/blobs/uploads/');
      expect(foreign.status).toBe(403);
      expect(foreign.body.toString()).toMatch(
        /key is that of project \\"Project a\\".*of project \\"Project b\\": use its own key/,
      );
      expect((await mine.ask('POST', '/v2/team/app/blobs/uploads/')).status).toBe(403);
      expect((await mine.ask('GET', '/v2/_catalog')).json()).toEqual({ repositories: ['ospid-a/app', 'team/public'] });
      registry.keys.rotate(await project('a'));
      expect((await mine.ask('GET', '/v2/ospid-a/app/tags/list')).status).toBe(401);
      const late = await withKey(key).token([]);
      expect([late.status, late.body.toString()]).toEqual([401, expect.stringMatching(/not valid, or not any more/)]);
    });

    test.each([
      { name: 'plr_123', password: 'unused', says: /registry key belongs where the password is/ },
      { name: 'plk_123', password: 'x', says: /API key belongs where the password is/ },
      { name: 'unused', password: 'secret', says: /the password is no registry key/ },
      { name: 'me', password: 'plk_123', says: /API key is wrong, has expired or was revoked/ },
    ])('$name with $password: the message helps', async ({ name, password, says }) => {
      const answer = await RegistryClient.basic(registry.url, name, password).token([]);
      expect(answer.status).toBe(401);
      expect(answer.body.toString()).toMatch(says);
    });
  });

  describe('pushes', () => {
    test('an upload cut at any byte goes on from what is kept', async () => {
      const client = await as('operator', 'team/cut');
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 3000 }), fc.nat(), fc.nat(), async (bytes, a, b) => {
          const location = await client.startUpload('team/cut');
          for (const cut of [a % bytes.length, b % bytes.length]) {
            const kept = await keptOf(client, location);
            // The connection breaks after so many bytes.
            async function* broken() {
              yield bytes.subarray(kept, Math.max(kept, cut));
              throw new Error('connection lost');
            }
            await client.ask('PATCH', location, { body: broken() }).catch(() => undefined);
          }
          const done = await resume(client, location, bytes);
          expect(done.status, done.body.toString()).toBe(201);
        }),
        { numRuns: 8 },
      );
    });

    test('two who push the same blob at the same time both succeed, and it is there once', async () => {
      const client = await as('operator', 'team/same', 'other/same');
      const bytes = randomBytes(50_000);
      const digest = digestOf(bytes);
      const answers = await Promise.all(
        ['team/same', 'other/same', 'team/same'].map(name => client.pushBlob(name, digest, bytes)),
      );
      expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
      const rows = await store.db.selectFrom('storedBlob').selectAll().where('digest', '=', digest).execute();
      expect(rows).toHaveLength(1);
    });

    test('nobody gets a blob of a repository that they may not pull from: not by mounting, not by a manifest', async () => {
      const secret = await pushImage(await as('operator', 'team/secret'), 'team/secret', '1');
      const thief = await as('stranger', 'elsewhere/mine', 'team/secret');
      for (const from of ['&from=team/secret', '']) {
        const answer = await thief.ask('POST', `/v2/elsewhere/mine/blobs/uploads/?mount=${secret.layer}${from}`);
        expect(answer.status).toBe(202);
      }
      const stolen = await thief.pushManifest('elsewhere/mine', '1', secret.document, MANIFEST);
      expect([stolen.status, stolen.body.toString()]).toEqual([404, expect.stringContaining('MANIFEST_BLOB_UNKNOWN')]);
      expect((await thief.ask('GET', `/v2/elsewhere/mine/blobs/${secret.layer}`)).status).toBe(404);
      // An upload is of the repository that it was begun in.
      const location = await (await as('operator', 'team/secret')).startUpload('team/secret');
      const moved = location.replace('team/secret', 'elsewhere/mine');
      expect((await thief.ask('GET', moved)).status).toBe(404);
    });

    test('what a listener refuses is not pushed, and the client reads why', async () => {
      refusal = 'Cannot move tag "1": it is published';
      const { answer } = await pushImage(await as('operator', 'team/refused'), 'team/refused', '1');
      refusal = undefined;
      expect([answer.status, answer.body.toString()]).toEqual([403, expect.stringContaining('it is published')]);
      const read = await (await as('operator', 'team/refused')).ask('GET', '/v2/team/refused/manifests/1');
      expect(read.status).toBe(404);
    });

    test('an image waits to be scanned once it is pushed, and everything that watches hears of it', async () => {
      const { digest } = await pushImage(await as('operator', 'team/told'), 'team/told', '1');
      await pushImage(await as('operator', 'team/told'), 'team/told', '1');
      expect(registry.sent).toContainEqual({ name: 'push-scan', data: { repository: 'team/told', digest } });
      const events = await store.db.selectFrom('event').select(['kind', 'data']).execute();
      const told = events.filter(({ data }) => (data as { repository: string }).repository === 'team/told');
      expect(told.map(({ kind }) => kind)).toEqual([
        'image.pushed',
        'image.found',
        'image.pushed',
        'image.found',
        'tag.moved',
      ]);
    });

    test('a quota holds for all repositories of a space together', async () => {
      await registry.addAccount('metered', PASSWORD, { metered: 'operator' });
      const client = await as('metered', 'metered/a', 'metered/b');
      const bytes = randomBytes(5000);
      await client.pushBlob('metered/a', digestOf(bytes), bytes);
      await updateSpace(store.db, 'metered', { quotaBytes: 8000 });
      const over = await client.pushBlob('metered/b', digestOf(randomBytes(1)), randomBytes(4000));
      expect([over.status, over.body.toString()]).toEqual([403, expect.stringMatching(/quota of 8000 bytes/)]);
      const small = randomBytes(2000);
      expect((await client.pushBlob('metered/b', digestOf(small), small)).status).toBe(201);
      await updateSpace(store.db, 'metered', { quotaBytes: 7000 });
      expect((await client.ask('POST', '/v2/metered/b/blobs/uploads/')).status).toBe(403);
    });

    test('whoever runs into the quota in the middle of a long stream reads why', async () => {
      await registry.addAccount('streaming', PASSWORD, { streaming: 'operator' });
      const client = await as('streaming', 'streaming/a');
      const location = await client.startUpload('streaming/a');
      await updateSpace(store.db, 'streaming', { quotaBytes: 1_000_000 });
      async function* stream() {
        for (let count = 0; count < 160; count += 1) yield Buffer.alloc(64 * 1024, count);
      }
      const over = await client.ask('PATCH', location, { body: stream() });
      expect([over.status, over.body.toString()]).toEqual([403, expect.stringMatching(/quota of 1000000 bytes/)]);
    });

    test('defaults hold for spaces without rules of their own', async () => {
      await registry.addAccount('plain', PASSWORD, { plain: 'operator' });
      const client = await as('plain', 'plain/a');
      await pushImage(client, 'plain/a', '1');
      const nobody = new RegistryClient(registry.url);
      const read = async () => (await nobody.ask('GET', '/v2/plain/a/manifests/1')).status;
      const listed = async () =>
        (await (await nobody.withToken(['registry:catalog:*'])).ask('GET', '/v2/_catalog')).body.toString();
      const set = (change: RulesChange) => store.db.transaction().execute(trx => updateDefaultRules(trx, change));
      expect([await read(), await listed()]).toEqual([401, expect.not.stringContaining('plain/a')]);
      await set({ isPublic: true, quotaBytes: 10 });
      expect([await read(), await listed()]).toEqual([200, expect.stringContaining('plain/a')]);
      expect((await client.ask('POST', '/v2/plain/a/blobs/uploads/')).status).toBe(403);
      await updateSpace(store.db, 'plain', { isPublic: false, quotaBytes: 1_000_000 });
      expect([await read(), await listed()]).toEqual([401, expect.not.stringContaining('plain/a')]);
      expect((await client.ask('POST', '/v2/plain/a/blobs/uploads/')).status).toBe(202);
      await set({ isPublic: null, quotaBytes: null });
    });

    test('an upload that hardly goes on is ended, and what came is kept', async () => {
      const client = await as('operator', 'team/slow');
      const location = await client.startUpload('team/slow');
      const token = await tokenOf(registry, 'team/slow');
      const answer = await new Promise<string>((resolve, reject) => {
        const { hostname, port } = new URL(registry.url);
        const socket = connect(Number(port), hostname);
        socket.write(
          `PATCH ${location} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Length: 9999\r\n\r\nabc`,
        );
        socket.once('data', data => {
          resolve(String(data));
          socket.destroy();
        });
        socket.once('error', reject);
      });
      expect(answer).toMatch(/^HTTP\/1.1 408 /);
      expect((await client.ask('GET', location)).headers.get('range')).toBe('0-2');
    });
  });

  describe('what goes and what stays', () => {
    test('garbage goes after its grace, pushed images stay, whatever was uploaded, mounted or deleted', async () => {
      const name = 'team/kept';
      const admin = await as('admin', name);
      const kept = await pushImage(admin, name, '1');
      const gone = await pushImage(admin, name, '2');
      const loose = randomBytes(300);
      await admin.pushBlob(name, digestOf(loose), loose);
      const idle = await admin.startUpload(name);
      await admin.ask('DELETE', `/v2/${name}/manifests/${gone.digest}`);
      await collectGarbage(registry.context, signal);
      expect((await admin.ask('HEAD', `/v2/${name}/blobs/${digestOf(loose)}`)).status).toBe(200);
      clock += 25 * HOUR;
      await collectGarbage(registry.context, signal);
      const later = await as('admin', name);
      const status = async (path: string) => (await later.ask('GET', path)).status;
      expect(await status(`/v2/${name}/blobs/${digestOf(loose)}`)).toBe(404);
      expect(await status(`/v2/${name}/blobs/${gone.layer}`)).toBe(404);
      expect(await status(idle)).toBe(404);
      expect(await status(`/v2/${name}/blobs/${kept.layer}`)).toBe(200);
      const { blobs } = registry.context;
      expect(await blobs.findSize(gone.layer, { signal })).toBeUndefined();
      expect(await blobs.findSize(kept.layer, { signal })).toBe(200);
      // What went can be pushed again.
      expect((await later.pushBlob(name, digestOf(loose), loose)).status).toBe(201);
    });

    test('a blob that a push counts on stays while pushes and the collection run at once', async () => {
      const name = 'team/race';
      const bytes = randomBytes(400);
      const digest = digestOf(bytes);
      for (let round = 0; round < 6; round += 1) {
        clock += 25 * HOUR;
        const client = await as('operator', name);
        const [answer] = await Promise.all([
          client.pushBlob(name, digest, bytes),
          collectGarbage(registry.context, signal),
          collectGarbage(registry.context, signal),
        ]);
        expect(answer.status).toBe(201);
        expect((await client.ask('GET', `/v2/${name}/blobs/${digest}`)).body.equals(bytes)).toBe(true);
      }
    });

    test('manifests without a tag go when the space wants that; children of indexes and referrers of what stays do not', async () => {
      await registry.addAccount('tidy', PASSWORD, { tidy: 'admin' });
      const name = 'tidy/app';
      const before = await as('tidy', name);
      const [child, subject, old] = [
        await pushImage(before, name),
        await pushImage(before, name, '1'),
        await pushImage(before, name),
      ];
      const entry = { mediaType: MANIFEST, digest: child.digest, size: child.document.length };
      const put = async (over: object, tag: string) => {
        const document = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [], ...over }));
        await before.pushManifest(name, tag === '' ? digestOf(document) : tag, document, INDEX);
        return digestOf(document);
      };
      const index = await put({ manifests: [entry] }, 'all');
      const about = await put({ subject: { mediaType: MANIFEST, digest: subject.digest, size: 1 } }, '');
      await updateSpace(store.db, 'tidy', { untaggedDays: 7 });
      clock += 8 * 24 * HOUR;
      expect(await collectGarbage(registry.context, signal)).toMatchObject({ manifests: 1 });
      const client = await as('tidy', name);
      const status = async (digest: string) => (await client.ask('HEAD', `/v2/${name}/manifests/${digest}`)).status;
      expect(await Promise.all([child.digest, subject.digest, index, about, old.digest].map(status))).toEqual([
        200, 200, 200, 200, 404,
      ]);
    });

    test('pulls are counted', async () => {
      const name = 'team/pulled';
      const client = await as('operator', name);
      const { digest } = await pushImage(client, name, '1');
      for (const reference of ['1', '1', digest]) await client.ask('GET', `/v2/${name}/manifests/${reference}`);
      await registry.pulls.flush();
      const row = await store.db
        .selectFrom('hostedManifest')
        .innerJoin('manifest', 'manifest.id', 'manifestId')
        .select('pulls')
        .where('digest', '=', digest)
        .executeTakeFirstOrThrow();
      expect(row.pulls).toBe(3);
    });

    test('ten thousand tags are listed, whole and in pages', async () => {
      const name = 'team/tags';
      const client = await as('operator', name);
      await pushImage(client, name, 'first');
      const { rows } = await store.db
        .selectFrom('tag')
        .innerJoin('hostedRepository', 'hostedRepository.repositoryId', 'tag.repositoryId')
        .select(['tag.repositoryId', 'tag.manifestId'])
        .where('hostedRepository.name', '=', name)
        .execute()
        .then(found => ({ rows: found }));
      const [tag] = rows;
      const at = new Date(clock);
      const many = Array.from({ length: 10_000 }, (_, count) => ({
        repositoryId: tag?.repositoryId ?? 0,
        manifestId: tag?.manifestId ?? 0,
        name: `t${count}`,
        pushedAtSource: 'registry',
        startedAt: at,
      }));
      for (let from = 0; from < many.length; from += 5000) {
        await store.db
          .insertInto('tag')
          .values(many.slice(from, from + 5000))
          .execute();
      }
      const whole = (await client.ask('GET', `/v2/${name}/tags/list`)).json() as { tags: string[] };
      expect(whole.tags).toHaveLength(10_001);
      const page = (await client.ask('GET', `/v2/${name}/tags/list?n=100&last=t5`)).json() as { tags: string[] };
      expect(page.tags).toEqual(whole.tags.filter(one => one > 't5').slice(0, 100));
    });
  });

  test('a space of a project and its quota can be made before the first push', async () => {
    const namespaceId = await registry.namespaceId('team');
    const context = { address: registry.context.address, at: new Date(clock) };
    const make = () =>
      store.db
        .transaction()
        .execute(trx => ensureSpace(trx, { name: 'ospid-early', namespaceId, projectId: 'p' }, context));
    expect(await make()).toMatchObject({ name: 'ospid-early', projectId: 'p' });
    expect(await make()).toMatchObject({ projectId: 'p' });
    const hosted = await store.db
      .selectFrom('registry')
      .select('name')
      .where('type', '=', 'hosted')
      .where('namespaceId', '=', namespaceId)
      .execute();
    expect(hosted).toEqual([{ name: 'hosted' }]);
  });
});

test('the folder store of a registry can be opened where there is nothing yet', async () => {
  await using store = await openFolderStore(`/tmp/plimsoll-${randomBytes(4).toString('hex')}/blobs`);
  expect(store.description).toMatch(/^folder /);
});

async function tokenOf(registry: HostedFixture, name: string): Promise<string> {
  const answer = await RegistryClient.basic(registry.url, 'operator', PASSWORD).token([`repository:${name}:pull,push`]);
  return (answer.json() as { token: string }).token;
}

/** Bytes that are kept; one and none look the same in `Range`, so a chunk that cannot fit asks. */
async function keptOf(client: RegistryClient, location: string): Promise<number> {
  const far = { headers: { 'content-range': '99999-99999' }, body: Buffer.from('x') };
  const { errors } = (await client.ask('PATCH', location, far)).json() as {
    errors: { detail: { sizeBytes: number } }[];
  };
  return errors[0]?.detail.sizeBytes ?? 0;
}

/** Goes on as clients do: with what is missing, and again from where the registry says while it still finishes the request that broke. */
async function resume(client: RegistryClient, location: string, bytes: Uint8Array): Promise<Answer> {
  for (;;) {
    const kept = await keptOf(client, location);
    const headers = kept < bytes.length ? { 'content-range': `${kept}-${bytes.length - 1}` } : {};
    const put = await client.ask('PUT', `${location}?digest=${digestOf(bytes)}`, {
      headers,
      body: bytes.subarray(kept),
    });
    if (put.status !== 416) return put;
  }
}
