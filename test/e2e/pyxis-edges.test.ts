/** Edges of the certification API: large bodies, changes that merge, filters as clients send them, keys in the wrong place. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RegistryClient } from '#hosting/testing/registry-client.ts';
import {
  type CertificationWorld,
  makePilot,
  startCertificationWorld,
  type WireProject,
} from '../fixtures/certification-world.ts';
import type { BuiltImage } from '../fixtures/image-builder.ts';

let world: CertificationWorld;
beforeAll(async () => {
  world = await startCertificationWorld();
}, 180_000);
afterAll(async () => await world[Symbol.asyncDispose]());

const pathOf = ({ _id }: WireProject) => `v1/projects/certification/id/${_id}`;
const AUTH = Buffer.from('robot:correct-horse').toString('base64');
const secretFor = (...hosts: readonly string[]) =>
  JSON.stringify({ auths: Object.fromEntries(hosts.map(host => [host, { auth: AUTH }])) });

describe('bodies', () => {
  test('a log that makes a body of 64 MiB is kept, and its size stays a whole number', async () => {
    const project = await world.addProject({ name: 'large' });
    const bytes = 47 * 1024 * 1024;
    const content = Buffer.alloc(bytes, 'level=trace msg="steering"\n').toString('base64');
    expect(content.length).toBeGreaterThan(62 * 1024 * 1024);
    const artifact = { _id: '', filename: 'preflight.log', content_type: 'text/plain', file_size: bytes, content };
    const kept = await world.acme.pyxis('POST', `${pathOf(project)}/artifacts`, artifact);
    expect(kept.status, kept.text.slice(0, 500)).toBe(201);
    expect(kept.json()).toMatchObject({ file_size: bytes, filename: 'preflight.log' });
    expect(kept.json()).not.toHaveProperty('content');
  });

  test('what is larger than that is refused in the form of the API', async () => {
    const project = await world.addProject({ name: 'too large' });
    const content = 'A'.repeat(82 * 1024 * 1024);
    const reply = await world.acme.pyxis('POST', `${pathOf(project)}/artifacts`, { filename: 'a', content });
    expect(reply.status).toBe(413);
    expect(reply.json()).toMatchObject({ status: 413, type: 'about:blank' });
  });

  test.each([
    { body: '{', why: 'no JSON' },
    { body: '[]', why: 'a list' },
    { body: '"text"', why: 'a text' },
    { body: '{"container": []}', why: 'a list in the place of an object' },
  ])('$why is 400, with a detail for people', async ({ body }) => {
    const project = await world.addProject({ name: 'odd bodies' });
    const reply = await world.acme.pyxis('PATCH', pathOf(project), body);
    expect(reply.status).toBe(400);
    expect(reply.json()).toMatchObject({ status: 400, title: 'Bad Request', trace_id: expect.stringMatching(/^0x/) });
  });
});

describe('changes', () => {
  const containerOf = async (project: WireProject) =>
    (await world.acme.pyxis('GET', pathOf(project))).json<WireProject>().container;

  test('what a change leaves out stays as it was, the pull secret too', async () => {
    const project = await world.addProject({ name: 'merging' }, { registry: 'quay.io', repository: 'acme/pilot' });
    const saved = await world.acme.pyxis('PATCH', pathOf(project), {
      container: { docker_config_json: secretFor('quay.io') },
    });
    expect(saved.status, saved.text).toBe(200);
    const secret = saved.json<WireProject>().container['docker_config_json'];
    expect(secret).toMatch(/^encrypted:v1:/);
    const changes: readonly object[] = [
      { container: { short_description: 'Steers ships' } },
      { container: {} },
      { name: 'merged', certification_status: '', project_status: '' },
      // What it was given back is not a new secret.
      { container: { docker_config_json: secret } },
      { container: { hosted_registry: false, auto_publish: true } },
    ];
    for (const change of changes) {
      const reply = await world.acme.pyxis('PATCH', pathOf(project), change);
      expect(reply.status, `${JSON.stringify(change)}: ${reply.text}`).toBe(200);
      expect(reply.json<WireProject>().container['docker_config_json'], JSON.stringify(change)).toBe(secret);
    }
    const read = (await world.acme.pyxis('GET', pathOf(project))).json<WireProject>();
    expect(read).toMatchObject({
      name: 'merged',
      certification_status: 'Started',
      project_status: 'active',
      container: {
        registry: 'quay.io',
        repository: 'acme/pilot',
        short_description: 'Steers ships',
        auto_publish: true,
        type: 'container',
      },
    });
  });

  test('another secret takes the place of the first, under either name, and null takes it away', async () => {
    const project = await world.addProject({ name: 'secrets' }, { registry: 'quay.io', repository: 'acme/pilot' });
    const save = async (container: object) => {
      const reply = await world.acme.pyxis('PATCH', pathOf(project), { container });
      expect(reply.status, reply.text).toBe(200);
      return reply.json<WireProject>().container['docker_config_json'];
    };
    const first = await save({ docker_config_json: secretFor('quay.io') });
    const other = Buffer.from('another:secret').toString('base64');
    const second = await save({ kube_objects: JSON.stringify({ auths: { 'quay.io': { auth: other } } }) });
    expect(second).toMatch(/^encrypted:v1:/);
    expect(second).not.toBe(first);
    expect(await save({ docker_config_json: null })).toBeNull();
  });

  test('of many entries the one for the repository is kept; a file for other registries alone is no error of preflight', async () => {
    const project = await world.addProject({ name: 'many' }, { registry: 'quay.io', repository: 'acme/pilot' });
    const reply = await world.acme.pyxis('PATCH', pathOf(project), {
      container: { kube_objects: secretFor('docker.io', 'quay.io', 'quay.io/acme', 'registry.example') },
    });
    expect(reply.status, reply.text).toBe(200);
    const shown = (await world.acme.native('GET', `projects/${project._id}`)).json<{
      pullSecret: { entry: string; dropped: readonly string[] };
    }>().pullSecret;
    expect(shown.entry).toBe('quay.io/acme');
    expect(shown.dropped.toSorted()).toEqual(['docker.io', 'quay.io', 'registry.example']);
  });

  test('a hosted project keeps no pull secret', async () => {
    const hosted = { distribution_method: 'rhcc', registry: null, repository: null };
    const project = await world.addProject({ name: 'hosted' }, hosted);
    await world.acme.pyxis('PATCH', pathOf(project), { container: { docker_config_json: secretFor('quay.io') } });
    expect((await containerOf(project))['docker_config_json'] ?? null).toBeNull();
    expect((await world.acme.native('GET', `projects/${project._id}`)).json()).toMatchObject({ pullSecret: null });
  });
});

describe('filters', () => {
  let project: WireProject;
  beforeAll(async () => {
    project = await world.addProject({ name: 'filters' });
    for (const [at, text] of ['one', 'two', 'three'].entries()) {
      const { digest } = await makePilot(text);
      const reply = await world.acme.pyxis('POST', 'v1/images', {
        isv_pid: project.container.isv_pid,
        architecture: 'amd64',
        certified: at > 0,
        docker_image_digest: digest,
        repositories: [
          {
            registry: world.registry.host,
            repository: 'acme/pilot',
            tags: [{ name: `1.0-${at + 1}` }, { name: `a_b.c-${at}` }],
          },
        ],
      });
      expect(reply.status, reply.text).toBe(201);
    }
  });
  const list = (query: string) => world.acme.pyxis('GET', `${pathOf(project)}/images?${query}`);

  test.each([
    { query: 'filter=repositories.tags.name==1.0-2', total: 1, why: 'as it is written' },
    { query: 'filter=repositories.tags.name%3D%3D1.0-2', total: 1, why: 'percent-encoded' },
    { query: 'filter=repositories.tags.name==a_b.c-1', total: 1, why: 'every sign of a tag' },
    { query: "filter=repositories.tags=em=(name=='1.0-1')", total: 1, why: 'elements, in quotes' },
    {
      query: "filter=repositories.tags.name=in=('1.0-1',%221.0-3%22,x)",
      total: 2,
      why: 'a list with every kind of quote',
    },
    { query: 'filter=repositories.tags.name=out=(1.0-1)', total: 2, why: 'all but those of a list' },
    { query: 'filter=deleted==false;repositories.published!=true&include=total', total: 3, why: 'semicolons' },
    {
      query: 'filter=certified==true%20and%20not(repositories.tags.name==1.0-3)',
      total: undefined,
      why: 'words, and not',
    },
    { query: "filter=repositories.tags.name=='it%5C's'", total: 0, why: 'a quote in quotes' },
    {
      query: 'filter=creation_date>=2020-01-01T00:00:00+00:00;creation_date<2100-01-01',
      total: 3,
      why: 'moments with a zone',
    },
    { query: 'page_size=250&page=7', total: 3, why: 'a page behind the last' },
    { query: 'sort_by=creation_date%5Bdesc%5D&page_size=1', total: 3, why: 'sorted, one a page' },
  ])('$query: $why', async ({ query, total }) => {
    const reply = await list(query);
    expect(reply.status, reply.text).toBe(200);
    if (total !== undefined) expect(reply.json()['total']).toBe(total);
  });

  test.each([
    { query: 'filter=nonsense==1', why: 'a field that there is not' },
    { query: 'filter=raw_config==x', why: 'a field that cannot be filtered by' },
    { query: `filter=${'('.repeat(200)}`, why: 'too deep' },
    { query: 'filter=certified==', why: 'no value' },
    { query: 'filter=_id=wat=1', why: 'an operator that there is not' },
    { query: 'page_size=251', why: 'too large a page' },
    { query: `filter=_id==${'a'.repeat(17_000)}`, why: 'too long' },
  ])('$why is 400, and says so', async ({ query }) => {
    const reply = await list(query);
    expect([400, 414, 431]).toContain(reply.status);
    if (reply.status === 400) expect(reply.json()['detail']).not.toBe('');
  });

  test('digests that are not there are an empty list, whatever path they come by', async () => {
    const none = `sha256:${'0'.repeat(64)}`;
    for (const path of [pathOf(project), `/${pathOf(project)}`]) {
      const reply = await world.acme.pyxis('GET', `${path}/images?filter=docker_image_digest==${none}`);
      expect(reply.json()).toMatchObject({ data: [], total: 0 });
    }
  });
});

describe('registry keys', () => {
  const addHosted = async (name: string) => {
    const project = await world.addProject({ name }, { distribution_method: 'rhcc', registry: null, repository: null });
    const path = `projects/${project._id}/registry-key?reveal=true`;
    return { project, key: String((await world.acme.native('GET', path)).json()['text']) };
  };
  const push = async (project: WireProject, user: string, key: string, tag: string, image: BuiltImage) => {
    const client = RegistryClient.basic(world.url, user, key);
    const name = `${project.container.isv_pid}/pilot`;
    for (const [digest, bytes] of image.blobs) {
      if (digest !== image.digest) await client.pushBlob(name, digest, bytes);
    }
    return await client.pushManifest(name, tag, image.bytes, image.descriptor.mediaType);
  };

  test('the key alone counts, whatever the account is called; that of another project is told as such', async () => {
    const [left, right] = [await addHosted('left'), await addHosted('right')];
    const image = await makePilot('keys');
    expect((await push(left.project, 'unused', left.key, '1', image)).status).toBe(201);
    expect((await push(left.project, 'somebody', left.key, '2', image)).status).toBe(201);
    await expect(push(right.project, 'unused', left.key, '1', image)).rejects.toThrow(
      /40[13].*left.*right|key of .*left/is,
    );
  });

  test('a tag that is pushed again moves to the new image', async () => {
    const { project, key } = await addHosted('moving');
    const [first, second] = [await makePilot('first'), await makePilot('second')];
    expect((await push(project, 'unused', key, '1.0-1', first)).status).toBe(201);
    expect((await push(project, 'unused', key, '1.0-1', second)).status).toBe(201);
    const { items } = (await world.acme.native('GET', `projects/${project._id}/images`)).json<{
      items: { digest: string; tags: { name: string }[] }[];
    }>();
    const tags = new Map(items.map(({ digest, tags: own }) => [digest, own.map(({ name }) => name)]));
    expect(Object.fromEntries(tags)).toEqual({ [first.digest]: [], [second.digest]: ['1.0-1'] });
  });
});
