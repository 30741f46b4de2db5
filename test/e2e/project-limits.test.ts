/** Scans of projects at registries that count pulls: what is waited for, what is told, what it takes to be let in. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CertificationWorld, makePilot, startCertificationWorld } from '../fixtures/certification-world.ts';
import type { Act } from '../fixtures/registry-server.ts';

const LOGIN = { username: 'acme', password: 'correct-horse-battery-staple' };
const MANIFEST = /^\/v2\/.*\/manifests\//;
const isManifest = ({ path }: { readonly path: string }) => MANIFEST.test(path);
const tooMany =
  (headers: Readonly<Record<string, string>>): Act =>
  (_, response) =>
    response
      .writeHead(429, { 'content-type': 'application/json', ...headers })
      .end(JSON.stringify({ errors: [{ code: 'TOOMANYREQUESTS', message: 'You have reached your pull rate limit' }] }));

type Request = Readonly<Record<string, unknown>>;

/** Asks for a scan; the request as it is now, and as soon as it is as `is` wants it. */
async function scan(world: CertificationWorld, projectId: string, pullSpec: string) {
  const path = `v1/projects/certification/id/${projectId}/requests/scans`;
  const reply = await world.acme.pyxis('POST', path, { pull_spec: pullSpec, tag: '1.0-1' });
  expect(reply.status, reply.text).toBe(201);
  const asked = reply.json();
  const read = async (): Promise<Request> =>
    (await world.acme.pyxis('GET', `v1/projects/certification/requests/scans/id/${String(asked['_id'])}`)).json();
  return {
    asked,
    async until(is: (request: Request) => boolean): Promise<Request> {
      await expect.poll(async () => is(await read()), { timeout: 60_000 }).toBe(true);
      return await read();
    },
  };
}

const isEnded = (request: Request) => ['completed', 'failed'].includes(String(request['status']));

describe('a registry that counts', () => {
  let world: CertificationWorld;
  beforeAll(async () => {
    world = await startCertificationWorld();
  }, 180_000);
  afterAll(async () => await world[Symbol.asyncDispose]());

  test('is asked again when it said to, and the scan then goes on as if nothing had been', async () => {
    const project = await world.addProject({ name: 'waits' });
    const image = await makePilot('waits');
    world.registry.hold('acme/pilot', '1.0-1', image);
    // More than is waited for on the spot.
    world.registry.play(isManifest, tooMany({ 'retry-after': '6', 'ratelimit-limit': '100;w=21600' }));
    const asked = Date.now();
    const request = await scan(world, project._id, `${world.registry.host}/acme/pilot@${image.digest}`);
    const waiting = await request.until(one => one['error_code'] !== null || isEnded(one));
    expect(waiting).toMatchObject({ status: 'pending', error_code: 'rate_limited', attempts: 1 });
    expect(waiting['status_message']).toMatch(
      /^The limit of pulls of .* is used up \(100 per 6 hours\); it is tried again at /,
    );
    expect(Date.parse(String(waiting['retry_at']))).toBeGreaterThan(asked);
    const before = world.registry.requests.length;
    const done = await request.until(isEnded);
    expect(done).toMatchObject({ status: 'completed', error_code: null, retry_at: null, attempts: 2 });
    expect(world.registry.requests.length).toBeGreaterThan(before);
  }, 180_000);

  test('an image that waits for hours says so, and is no failure', async () => {
    const project = await world.addProject({ name: 'waits long' });
    const image = await makePilot('waits long');
    world.registry.hold('acme/pilot', '1.0-1', image);
    world.registry.play(isManifest, tooMany({ 'retry-after': '7200' }));
    const { until } = await scan(world, project._id, `${world.registry.host}/acme/pilot@${image.digest}`);
    const waiting = await until(one => one['error_code'] !== null || isEnded(one));
    expect(waiting).toMatchObject({ status: 'pending', error_code: 'rate_limited' });
    const inMs = Date.parse(String(waiting['retry_at'])) - Date.parse(String(waiting['last_update_date']));
    expect(inMs).toBeGreaterThan(7_100_000);
    expect(inMs).toBeLessThanOrEqual(7_200_000);
  }, 180_000);
});

describe.each(['warn', 'block'] as const)('Docker Hub, where the operator says %s', dockerHub => {
  let world: CertificationWorld;
  let spec: string;
  beforeAll(async () => {
    world = await startCertificationWorld({ isHub: true, settings: { dockerHub } });
    const image = await makePilot('hub');
    world.registry.hold('acme/pilot', '1.0-1', image);
    spec = `docker.io/acme/pilot@${image.digest}`;
  }, 180_000);
  afterAll(async () => await world[Symbol.asyncDispose]());

  const addProject = async (name: string, hasSecret: boolean) => {
    const project = await world.addProject({ name }, { registry: 'docker.io', repository: 'acme/pilot' });
    if (!hasSecret) return project._id;
    const auth = Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString('base64');
    const secret = JSON.stringify({ auths: { 'https://index.docker.io/v1/': { auth } } });
    const body = { container: { kube_objects: secret } };
    const reply = await world.acme.pyxis('PATCH', `v1/projects/certification/id/${project._id}`, body);
    expect(reply.status, reply.text).toBe(200);
    return project._id;
  };
  /** What an account is told that pays nothing. */
  const tellLimit = () =>
    world.registry.playAlways(isManifest, (_, response, proceed) => {
      response.setHeader('ratelimit-limit', '200;w=21600');
      response.setHeader('ratelimit-remaining', '199;w=21600');
      proceed();
    });
  const advice = /add the pull secret of an account of the Pro plan or better, even for public repositories/;

  test('without credentials it is explained what they are needed for', async () => {
    const { asked, until } = await scan(world, await addProject('anonymous', false), spec);
    const done = await until(isEnded);
    if (dockerHub === 'block') {
      expect(done).toMatchObject({ status: 'failed', error_code: 'hub_account_required' });
      expect(done['status_message']).toMatch(advice);
    } else {
      expect(asked['warnings']).toMatchObject([
        { code: 'hub_account_required', message: expect.stringMatching(advice) },
      ]);
      expect(done).toMatchObject({ status: 'completed' });
    }
  }, 180_000);

  // Where it is refused nothing is asked of it.
  if (dockerHub === 'warn') {
    test('a limit that is used up says how large it is, when it is tried again, and what would help', async () => {
      world.registry.play(
        isManifest,
        tooMany({ 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '0;w=21600' }),
      );
      world.registry.play(
        isManifest,
        tooMany({ 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '0;w=21600' }),
      );
      world.registry.play(
        isManifest,
        tooMany({ 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '0;w=21600' }),
      );
      const { until } = await scan(world, await addProject('used up', false), spec);
      const waiting = await until(one => one['error_code'] !== null || isEnded(one));
      expect(waiting).toMatchObject({ status: 'pending', error_code: 'rate_limited' });
      expect(waiting['status_message']).toMatch(
        /docker\.io is used up \(100 per 6 hours, 0 left\); it is tried again at 20/,
      );
      expect(waiting['status_message']).toMatch(advice);
    }, 180_000);
  }

  test('an account that pays is told no limit, and is let in without a word', async () => {
    const { asked, until } = await scan(world, await addProject('paying', true), spec);
    expect(asked['warnings']).toEqual([]);
    expect(await until(isEnded)).toMatchObject({ status: 'completed', warnings: [] });
  }, 180_000);

  test('an account that does not is known by the limit that it is told', async () => {
    tellLimit();
    const { until } = await scan(world, await addProject('free', true), spec);
    const done = await until(isEnded);
    if (dockerHub === 'block') expect(done).toMatchObject({ status: 'failed', error_code: 'hub_account_required' });
    else expect(done).toMatchObject({ status: 'completed', warnings: [{ code: 'hub_account_required' }] });
  }, 180_000);
});
