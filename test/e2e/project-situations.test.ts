/** What goes wrong with images of projects, each with its code and what to do: reference table E-1 to E-23, as far as no other test has it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RegistryClient } from '#hosting/testing/registry-client.ts';
import {
  type CertificationWorld,
  makePilot,
  startCertificationWorld,
  type WireProject,
} from '../fixtures/certification-world.ts';
import { type BuiltContent, makeAttestation, makeIndex } from '../fixtures/image-builder.ts';

let world: CertificationWorld;
beforeAll(async () => {
  world = await startCertificationWorld({
    settings: { publishedTags: 'movable', preflightVersions: '1.20.0,1.21.0' },
  });
}, 180_000);
afterAll(async () => await world[Symbol.asyncDispose]());

type Json = Readonly<Record<string, unknown>>;

const ended = async (kind: 'scans' | 'images', id: unknown): Promise<Json> => {
  const path = `v1/projects/certification/requests/${kind}/id/${String(id)}`;
  const read = async () => (await world.acme.pyxis('GET', path)).json();
  await expect.poll(async () => (await read())['status'], { timeout: 60_000 }).toMatch(/completed|failed|aborted/);
  return await read();
};
const ask = async (project: WireProject, kind: 'scans' | 'images', body: object) =>
  await world.acme.pyxis('POST', `v1/projects/certification/id/${project._id}/requests/${kind}`, body);
const scan = async (project: WireProject, content: BuiltContent, tag = '1.0-1') => {
  world.registry.hold('acme/pilot', tag, content);
  const pullSpec = `${world.registry.host}/acme/pilot@${content.digest}`;
  const reply = await ask(project, 'scans', { pull_spec: pullSpec, tag });
  expect(reply.status, reply.text).toBe(201);
  return await ended('scans', reply.json()['_id']);
};
const graded = async (id: string) =>
  await expect
    .poll(async () => (await world.acme.pyxis('GET', `v1/images/id/${id}`)).json()['freshness_grades'], {
      timeout: 60_000,
    })
    .not.toEqual([]);
const idOf = (request: Json) => (request['images'] as readonly { _id: string }[])[0]?._id ?? '';

describe('scans', () => {
  test('an image for another architecture is told as such, and so is an index of attestations alone', async () => {
    const project = await world.addProject({ name: 'architectures' });
    const riscv = await makePilot('riscv', { platform: 'linux/riscv64' });
    expect(await scan(project, riscv)).toMatchObject({
      status: 'failed',
      error_code: 'unsupported_arch',
      status_message: expect.stringMatching(
        /it is for riscv64, and certified are images for amd64, arm64, ppc64le, s390x/,
      ),
    });
    const index = makeIndex([makeAttestation(riscv)]);
    expect(await scan(project, index)).toMatchObject({ status: 'failed', error_code: 'unsupported_arch' });
  });

  test.each([
    { body: { pull_spec: 'quay.io/a/b:1', tag: '1' }, says: /@sha256:/, why: 'no digest' },
    {
      body: { pull_spec: '[email protected]:abc', tag: '1' },
      says: /.+/,
      why: 'a place mangled by protection of e-mail',
    },
    {
      body: { pull_spec: `quay.io/a/b@sha256:${'0'.repeat(64)}`, tag: 'no tag!' },
      says: /tag/,
      why: 'a tag that is none',
    },
    { body: { tag: '1' }, says: /pull_spec/, why: 'nothing to pull' },
  ])('$why is refused at once', async ({ body, says }) => {
    const project = await world.addProject({ name: 'refused' });
    const reply = await ask(project, 'scans', body);
    expect(reply.status).toBe(400);
    expect(JSON.stringify(reply.json()['detail'])).toMatch(says);
  });
});

describe('publishing', () => {
  test('the image must be where the catalogue sends people, under the very digest', async () => {
    const place = { registry: world.registry.host, repository: 'acme/elsewhere' };
    const project = await world.addProject({ name: 'not there' }, place);
    const image = await makePilot('not there');
    const request = await scan(project, image);
    expect(request).toMatchObject({ status: 'completed', warnings: [{ code: 'location_mismatch' }] });
    const id = idOf(request);
    await graded(id);
    const publish = async () => {
      const reply = await ask(project, 'images', { operation: 'publish', image_id: id });
      return await ended('images', reply.json()['_id']);
    };
    const refused = await publish();
    expect(refused).toMatchObject({ status: 'failed', error_code: 'location_mismatch' });
    expect(refused['status_message']).toContain(`${world.registry.host}/acme/elsewhere`);
    world.registry.hold('acme/elsewhere', '1.0-1', image);
    expect(await publish()).toMatchObject({ status: 'completed' });
    const archived = await world.acme.pyxis('PATCH', `v1/projects/certification/id/${project._id}`, {
      project_status: 'archived',
      certification_status: 'In Progress',
    });
    expect(archived.status, 'a client does not take the status back').toBe(400);
  }, 180_000);

  test('nothing of an archived project is published', async () => {
    const project = await world.addProject({ name: 'archived' });
    const id = idOf(await scan(project, await makePilot('archived')));
    await graded(id);
    const path = `v1/projects/certification/id/${project._id}`;
    expect((await world.acme.pyxis('PATCH', path, { project_status: 'archived' })).status).toBe(200);
    const reply = await ask(project, 'images', { operation: 'publish', image_id: id });
    expect(reply.status, reply.text).toBe(201);
    expect(await ended('images', reply.json()['_id'])).toMatchObject({
      status: 'failed',
      status_message: expect.stringContaining('archived'),
    });
  });

  test('where the operator allows it a push moves the tag of a published image, which stays published', async () => {
    const hosted = { distribution_method: 'rhcc', registry: null, repository: null };
    const project = await world.addProject({ name: 'movable' }, hosted);
    const key = (await world.acme.native('GET', `projects/${project._id}/registry-key?reveal=true`)).json();
    const client = RegistryClient.basic(world.url, 'unused', String(key['text']));
    const push = async (text: string) => {
      const image = await makePilot(text);
      const name = `${project.container.isv_pid}/pilot`;
      for (const [digest, bytes] of image.blobs) {
        if (digest !== image.digest) await client.pushBlob(name, digest, bytes);
      }
      const { status } = await client.pushManifest(name, 'stable', image.bytes, image.descriptor.mediaType);
      expect(status).toBe(201);
      return image.digest;
    };
    const find = async (digest: string) =>
      (await world.acme.native('GET', `projects/${project._id}/images`))
        .json<{ items: { id: string; digest: string; publishedAt: string | null; tags: { name: string }[] }[] }>()
        .items.find(one => one.digest === digest);
    const first = await push('first');
    const id = (await find(first))?.id ?? '';
    await graded(id);
    const reply = await ask(project, 'images', { operation: 'publish', image_id: id });
    expect(await ended('images', reply.json()['_id'])).toMatchObject({ status: 'completed' });
    const second = await push('second');
    expect(await find(first)).toMatchObject({ publishedAt: expect.any(String), tags: [] });
    expect(await find(second)).toMatchObject({ publishedAt: null, tags: [{ name: 'stable' }] });
  }, 180_000);
});

describe('clients', () => {
  test('a version of preflight that the operator does not list is refused, in words that it knows', async () => {
    const project = await world.addProject({ name: 'versions' });
    const report = (version: string) =>
      world.acme.pyxis('POST', `v1/projects/certification/id/${project._id}/test-results`, {
        image: 'quay.io/acme/pilot:1',
        passed: true,
        test_library: { name: 'github.com/redhat-openshift-ecosystem/openshift-preflight', version, commit: 'c' },
        results: { passed: [], failed: [], errors: [] },
      });
    expect((await report('1.21.0')).status).toBe(201);
    expect((await report('unknown')).status, 'a build of its developers').toBe(201);
    const refused = await report('1.9.0');
    expect(refused.status).toBe(400);
    expect(refused.text).toMatch(/not supported.*1\.20\.0, 1\.21\.0/);
  });

  test('a project for operator bundles takes no container, and says where those go', async () => {
    const project = await world.addProject({ name: 'bundle' }, { type: 'operator bundle image' });
    const { digest } = await makePilot('bundle');
    const reply = await ask(project, 'scans', { pull_spec: `quay.io/acme/bundle@${digest}`, tag: '1' });
    expect(reply.status).toBe(400);
    expect(reply.text).toMatch(/operator bundles/);
  });

  test('a PID in the place of an id is answered with the id', async () => {
    const project = await world.addProject({ name: 'legacy' });
    const { isv_pid } = project.container;
    for (const path of [`v1/projects/certification/id/${isv_pid}`, `v1/projects/certification/pid/${isv_pid}`]) {
      const reply = await world.acme.pyxis('GET', path);
      expect(reply.text, path).toContain(project._id);
    }
    const without = isv_pid.replace('ospid-', '');
    expect((await world.acme.pyxis('GET', `v1/projects/certification/pid/${without}`)).status).toBe(200);
    expect((await world.acme.pyxis('GET', 'v1/projects/certification/pid/ospid-none')).status).toBe(404);
  });
});
