/** What preflight does when it submits: its calls, replayed in order and strictness; and the program itself, where it is installed. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPostgres } from '#store/testing/postgres-server.ts';
import {
  type CertificationWorld,
  LABELS,
  makePilot,
  startCertificationWorld,
  type WireProject,
} from '../fixtures/certification-world.ts';
import { makeIndex } from '../fixtures/image-builder.ts';
import { type ReplayOptions, replayPreflight } from '../fixtures/preflight-replay.ts';
import { makeCertificate } from '../fixtures/registry-server.ts';

const stores = ['pglite', ...(findPostgres() === undefined ? [] : ['postgres' as const])] as const;

describe.each(stores)('preflight, replayed against %s', store => {
  let world: CertificationWorld;
  beforeAll(async () => {
    world = await startCertificationWorld({ store });
  }, 180_000);
  afterAll(async () => await world[Symbol.asyncDispose]());

  const optionsFor = (project: WireProject, more: Partial<ReplayOptions> = {}): ReplayOptions => ({
    pyxisHost: `${new URL(world.url).host}/api/containers`,
    token: world.acme.key,
    projectId: project._id,
    registry: world.registry.host,
    repository: 'acme/pilot',
    tag: '1.0-1',
    passed: true,
    labels: LABELS,
    ...more,
  });
  const imageOf = async (id: string) => (await world.acme.pyxis('GET', `v1/images/id/${id}`)).json();

  test('a scratch project: every architecture of an index, twice; then the server has read and judged them itself', async () => {
    const project = await world.addProject();
    const images = [];
    for (const architecture of ['amd64', 'arm64']) {
      images.push({ architecture, image: await makePilot(architecture, { platform: `linux/${architecture}` }) });
    }
    const index = makeIndex(images.map(({ image }) => image));
    world.registry.hold('acme/pilot', '1.0-1', index);
    const ids: string[] = [];
    for (const one of images) {
      const { calls, imageId } = await replayPreflight(optionsFor(project), { ...one, listDigest: index.digest });
      ids.push(imageId);
      expect(calls.map(line => line.replaceAll(/[0-9a-f]{24}/g, 'ID'))).toEqual([
        'GET /v1/projects/certification/id/ID 200',
        'GET /v1/projects/certification/id/ID 200',
        'POST /v1/projects/certification/id/ID/test-results 201',
        'PATCH /v1/projects/certification/id/ID 200',
        'POST /v1/images 201',
        'POST /v1/projects/certification/id/ID/artifacts 201',
        'PATCH /v1/projects/certification/test-results/id/ID 200',
      ]);
    }
    for (const [at, one] of images.entries()) {
      const again = await replayPreflight(optionsFor(project, { tag: '1.0-2' }), { ...one, listDigest: index.digest });
      expect(again.imageId).toBe(ids[at]);
      expect(again.calls.map(line => line.split(' ').at(-1))).toContain('409');
    }
    const read = (await world.acme.pyxis('GET', `v1/projects/certification/id/${project._id}`)).json<WireProject>();
    expect(read.certification_status).toBe('In Progress');
    for (const id of ids) {
      await expect
        .poll(async () => (await imageOf(id))['container_grades'], { timeout: 30_000 })
        .toEqual({ status: 'completed', status_message: null });
      // The vulnerability database may come after the image: then it is graded again.
      await expect
        .poll(async () => (await imageOf(id))['freshness_grades'], { timeout: 30_000 })
        .toMatchObject([{ grade: 'A' }]);
      const image = await imageOf(id);
      expect(image).toMatchObject({ certified: true, scan_status: 'passed' });
      // The tag of the second run is not lost, though preflight itself drops it.
      const [place] = image['repositories'] as { tags: { name: string }[]; manifest_list_digest: string }[];
      expect(place?.tags.map(({ name }) => name)).toEqual(['1.0-1', '1.0-2']);
      expect(place?.manifest_list_digest).toBe(index.digest);
    }
  });

  test('an index is published by itself once all its architectures that are certified were submitted, and not before', async () => {
    const project = await world.addProject({ name: 'as one' }, { auto_publish: true, repository: 'acme/as-one' });
    const pilots = [];
    for (const architecture of ['amd64', 'arm64', 'riscv64']) {
      pilots.push({
        architecture,
        image: await makePilot(`as one ${architecture}`, { platform: `linux/${architecture}` }),
      });
    }
    const [amd64, arm64] = pilots;
    if (amd64 === undefined || arm64 === undefined) throw new Error('There are three');
    const index = makeIndex(pilots.map(({ image }) => image));
    world.registry.hold('acme/as-one', '1.0-1', index);
    const submit = async (one: typeof amd64) => {
      const options = optionsFor(project, { repository: 'acme/as-one' });
      return (await replayPreflight(options, { ...one, listDigest: index.digest })).imageId;
    };
    const read = async (id: string) =>
      (await world.acme.native('GET', `project-images/${id}`)).json<{
        image: { publishedAt: string | null };
        objections: { situation: string; message: string }[];
      }>();
    const first = await submit(amd64);
    // All that stands against it is what is not there.
    await expect
      .poll(async () => (await read(first)).objections, { timeout: 60_000 })
      .toEqual([
        {
          situation: 'index_incomplete',
          message: 'The images of an index are published as one, and of this one’s that for arm64 was not submitted',
          isWaivable: true,
        },
      ]);
    expect((await read(first)).image.publishedAt).toBeNull();
    const path = `v1/projects/certification/id/${project._id}/requests/images`;
    const asked = await world.acme.pyxis('POST', path, { operation: 'publish', image_id: first });
    const request = async () =>
      (await world.acme.native('GET', `project-requests/${asked.json()['_id']}`)).json<{ status: string }>();
    await expect.poll(async () => (await request()).status, { timeout: 30_000 }).toBe('failed');
    expect(await request()).toMatchObject({
      situation: 'index_incomplete',
      statusMessage: expect.stringContaining('that for arm64 was not submitted'),
    });
    const second = await submit(arm64);
    for (const id of [first, second]) {
      await expect.poll(async () => (await read(id)).image.publishedAt, { timeout: 60_000 }).not.toBeNull();
    }
  }, 180_000);

  test('an image of an index that is not at the registry is not published by itself', async () => {
    const project = await world.addProject({ name: 'no index' }, { auto_publish: true, repository: 'acme/no-index' });
    const image = await makePilot('no index');
    world.registry.hold('acme/no-index', '1.0-1', image);
    const listDigest = `sha256:${'e'.repeat(64)}`;
    const options = optionsFor(project, { repository: 'acme/no-index' });
    const { imageId } = await replayPreflight(options, { image, architecture: 'amd64', listDigest });
    const objections = async () =>
      (await world.acme.native('GET', `project-images/${imageId}`))
        .json<{ objections: { message: string }[] }>()
        .objections.map(({ message }) => message);
    await expect
      .poll(objections, { timeout: 60_000 })
      .toEqual([expect.stringContaining(`which these are is not known: ${listDigest} was not read`)]);
  }, 180_000);

  test('a normal project: base images are asked for, packages are sent, and failed runs are kept as such', async () => {
    const project = await world.addProject(
      { name: 'on-ubi' },
      {
        os_content_type: 'Red Hat Universal Base Image (UBI)',
        repository: 'acme/ubi-pilot',
      },
    );
    const image = await makePilot('on ubi');
    world.registry.hold('acme/ubi-pilot', '1.0-1', image);
    const options = optionsFor(project, { repository: 'acme/ubi-pilot', passed: false });
    const one = { image, architecture: 'amd64' };
    const first = await replayPreflight(options, one);
    expect(first.calls.map(line => line.replaceAll(/[0-9a-f]{24}/g, 'ID'))).toEqual([
      'GET /v1/projects/certification/id/ID 200',
      'POST /graphql/ 200',
      'GET /v1/projects/certification/id/ID 200',
      'POST /v1/projects/certification/id/ID/test-results 201',
      'PATCH /v1/projects/certification/id/ID 200',
      'POST /v1/images 201',
      'POST /v1/images/id/ID/rpm-manifest 201',
      'POST /v1/projects/certification/id/ID/artifacts 201',
      'PATCH /v1/projects/certification/test-results/id/ID 200',
    ]);
    const second = await replayPreflight({ ...options, passed: true }, one);
    expect(second.calls.map(line => line.replaceAll(/[0-9a-f]{24}/g, 'ID')).slice(5)).toEqual([
      'POST /v1/images 409',
      'GET /v1/projects/certification/id/ID/images 200',
      'PATCH /v1/images/id/ID 200',
      'POST /v1/images/id/ID/rpm-manifest 409',
      'GET /v1/images/id/ID/rpm-manifest 200',
      'POST /v1/projects/certification/id/ID/artifacts 201',
      'PATCH /v1/projects/certification/test-results/id/ID 200',
    ]);
    // The server looks for itself: without an rpm database and a base nobody passes, whatever a client says.
    await expect
      .poll(async () => (await imageOf(first.imageId))['container_grades'], { timeout: 30_000 })
      .toMatchObject({ status: 'completed' });
    expect(await imageOf(first.imageId)).toMatchObject({ certified: false });
  });

  test('secrets in an uploaded log are taken out before it is kept', async () => {
    const project = await world.addProject({ name: 'logs' });
    const auth = Buffer.from('robot:hunter2-hunter2').toString('base64');
    const dockerConfig = JSON.stringify({ auths: { [world.registry.host]: { auth } } });
    const image = await makePilot('logs');
    world.registry.hold('acme/pilot', 'logs', image);
    const log = `level=trace body="{\\"container\\":{\\"docker_config_json\\":\\"{\\\\\\"auths\\\\\\":{\\\\\\"q\\\\\\":{\\\\\\"auth\\\\\\":\\\\\\"${auth}\\\\\\"}}}\\"}}"\nX-Api-Key:[${world.acme.key}] hunter2-hunter2\n`;
    const options = optionsFor(project, { dockerConfig, log, tag: 'logs' });
    await replayPreflight(options, { image, architecture: 'amd64' });
    const list = (await world.acme.pyxis('GET', `v1/projects/certification/id/${project._id}/artifacts`)).json<{
      data: { _id: string }[];
    }>();
    const artifact = (
      await world.acme.pyxis('GET', `v1/projects/certification/artifacts/id/${list.data[0]?._id}`)
    ).json<{ content: string }>();
    const kept = Buffer.from(artifact.content, 'base64').toString('utf8');
    expect(kept).toContain('level=trace');
    for (const secret of [auth, world.acme.key, 'hunter2']) expect(kept).not.toContain(secret);
  });
});

const preflight = process.env['PLIMSOLL_TEST_PREFLIGHT'] ?? 'preflight';
const hasPreflight = spawnSync(preflight, ['--version']).error === undefined;

// It is no Debian package: who has the program runs this as well.
if (hasPreflight) {
  describe('preflight itself', () => {
    test('submits to a server of ours', async () => {
      const https = await makeCertificate(['127.0.0.1', 'localhost']);
      await using world = await startCertificationWorld({ https });
      const project = await world.addProject();
      world.registry.hold('acme/pilot', '1.0-1', await makePilot());
      writeFileSync(world.folder.at('ca.pem'), https?.cert ?? '');
      const args = ['check', 'container', `${world.registry.host}/acme/pilot:1.0-1`, '--submit', '--loglevel', 'trace'];
      const run = async () => {
        const child = spawn(preflight, args, {
          cwd: world.folder.path,
          env: {
            PATH: process.env['PATH'],
            HOME: world.folder.path,
            SSL_CERT_FILE: world.folder.at('ca.pem'),
            PFLT_PYXIS_HOST: `${new URL(world.url).host}/api/containers`,
            PFLT_PYXIS_API_TOKEN: world.acme.key,
            PFLT_CERTIFICATION_COMPONENT_ID: project._id,
          },
        });
        let output = '';
        for (const stream of [child.stdout, child.stderr]) {
          stream.setEncoding('utf8').on('data', text => {
            output += text;
          });
        }
        const [status] = (await once(child, 'close')) as [number];
        return { status, output };
      };
      for (const _ of [1, 2]) {
        const { status, output } = await run();
        expect(status, output).toBe(0);
        expect(output).toMatch(/Test results have been submitted/i);
      }
    }, 180_000);
  });
}
