/** Projects from end to end: the documented scripts, remote scans and what goes wrong in them, publishing, and what must never be told. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RegistryClient } from '#hosting/testing/registry-client.ts';
import { findPostgres } from '#store/testing/postgres-server.ts';
import {
  type CertificationWorld,
  type KeyHolder,
  makePilot,
  startCertificationWorld,
  type WireProject,
} from '../fixtures/certification-world.ts';
import { type BuiltImage, makeAttestation, makeIndex } from '../fixtures/image-builder.ts';

const PASSWORD = 'correct-horse-battery-staple';
const AUTH = Buffer.from(`robot:${PASSWORD}`).toString('base64');
const has = (...programs: string[]) => programs.every(one => spawnSync(one, ['--version']).error === undefined);
const stores = ['pglite', ...(findPostgres() === undefined ? [] : ['postgres' as const])] as const;

describe.each(stores)('projects on %s', store => {
  let world: CertificationWorld;
  beforeAll(async () => {
    world = await startCertificationWorld({
      store,
      registry: { auth: 'basic', login: { username: 'robot', password: PASSWORD } },
    });
  }, 180_000);
  afterAll(async () => await world[Symbol.asyncDispose]());

  const secretFor = (host: string) =>
    JSON.stringify({ auths: { [host]: { auth: AUTH }, 'elsewhere.example': { auth: AUTH } } });
  const patchSecret = async (
    project: WireProject,
    text = secretFor(world.registry.host),
    who: KeyHolder = world.acme,
  ) => await who.pyxis('PATCH', `v1/projects/certification/id/${project._id}`, { container: { kube_objects: text } });
  const scan = async (project: WireProject, digest: string, tag = '1.0-1', repository = 'acme/pilot') => {
    const body = { pull_spec: `${world.registry.host}/${repository}@${digest}`, tag };
    const reply = await world.acme.pyxis('POST', `v1/projects/certification/id/${project._id}/requests/scans`, body);
    expect(reply.status, reply.text).toBe(201);
    return await ended('scans', String(reply.json()['_id']));
  };
  const ended = async (kind: 'scans' | 'images', id: string) => {
    const path = `v1/projects/certification/requests/${kind}/id/${id}`;
    const read = async () => (await world.acme.pyxis('GET', path)).json();
    await expect.poll(async () => (await read())['status'], { timeout: 30_000 }).toMatch(/completed|failed|aborted/);
    return await read();
  };
  const wish = async (project: WireProject, body: object, who: KeyHolder = world.acme) => {
    const reply = await who.pyxis('POST', `v1/projects/certification/id/${project._id}/requests/images`, body);
    expect(reply.status, reply.text).toBe(201);
    return await ended('images', String(reply.json()['_id']));
  };
  const hold = async (
    text: string,
    tag = '1.0-1',
    options: Parameters<typeof makePilot>[1] = {},
  ): Promise<BuiltImage> => {
    const image = await makePilot(text, options);
    world.registry.hold('acme/pilot', tag, image);
    return image;
  };
  const graded = async (id: string) =>
    await expect
      .poll(async () => (await world.acme.pyxis('GET', `v1/images/id/${id}`)).json()['freshness_grades'], {
        timeout: 30_000,
      })
      .not.toEqual([]);

  test.skipIf(!has('bash', 'jq', 'curl'))(
    'the documented scripts save a pull secret and start a scan, as they are written',
    async () => {
      const project = await world.addProject({ name: 'scripts' });
      const image = await hold('scripts');
      const api = `${world.url}/api/containers/v1/projects/certification`;
      const { folder } = world;
      // As `podman login --authfile` writes it.
      writeFileSync(
        folder.at('temp-authfile.json'),
        `${JSON.stringify(JSON.parse(secretFor(world.registry.host)), null, '\t')}\n`,
      );
      const script = [
        '#!/bin/bash',
        'auths=$(cat ./temp-authfile.json)',
        'escaped_auths="$(echo $auths | jq -R)"',
        'payload="{\\"container\\": {\\"kube_objects\\": $escaped_auths}}"',
        `curl --location -g --request PATCH "${api}/id/$1" \\`,
        `--header 'Content-Type: application/json' --header "X-API-KEY: $2" --data-raw "$payload"`,
        '',
      ].join('\n');
      writeFileSync(folder.at('patch-secret.sh'), script);
      chmodSync(folder.at('patch-secret.sh'), 0o700);
      const run = async (command: string, ...args: string[]) => {
        const child = spawn(command, args, { cwd: folder.path });
        let output = '';
        child.stdout.setEncoding('utf8').on('data', text => {
          output += text;
        });
        await once(child, 'close');
        return JSON.parse(output) as Record<string, unknown>;
      };
      const patched = await run('./patch-secret.sh', project._id, world.acme.key);
      expect(patched['container']).toMatchObject({
        docker_config_json: expect.stringMatching(/^encrypted:v1:[0-9a-f]+$/),
      });
      const identifier = String(
        (
          await run('curl', '-s', '--header', `X-API-KEY: ${world.acme.key}`, `${api}/pid/${project.container.isv_pid}`)
        )['_id'],
      );
      const pullSpec = `${world.registry.host}/acme/pilot@${image.digest}`;
      const requested = await run(
        'curl',
        '--location',
        '-g',
        '--request',
        'POST',
        `${api}/id/${identifier}/requests/scans`,
        '--header',
        'Content-Type: application/json',
        '--header',
        `X-API-KEY: ${world.acme.key}`,
        '--data-raw',
        `{\n"pull_spec": "${pullSpec}",\n"tag": "7.3-89"\n}`,
      );
      expect(await ended('scans', String(requested['_id']))).toMatchObject({ status: 'completed' });
      const images = (
        await world.acme.pyxis(
          'GET',
          `v1/projects/certification/id/${identifier}/images?filter=repositories.tags.name==7.3-89`,
        )
      ).json<{
        data: { docker_image_digest: string; certified: boolean }[];
      }>();
      expect(images.data).toMatchObject([{ docker_image_digest: image.digest, certified: true }]);
    },
    40_000,
  );

  test('scans without a fitting secret say what is missing, and with one they succeed', async () => {
    const project = await world.addProject({ name: 'secrets' });
    const image = await hold('secrets', '2');
    expect(await scan(project, image.digest)).toMatchObject({ status: 'failed', error_code: 'auth_required' });
    await patchSecret(project, JSON.stringify({ auths: { 'quay.io': { auth: AUTH } } }));
    const elsewhere = await scan(project, image.digest);
    expect(elsewhere).toMatchObject({ status: 'failed', error_code: 'secret_no_match' });
    expect(elsewhere['status_message']).toContain('"quay.io"');
    await patchSecret(
      project,
      JSON.stringify({ auths: { [world.registry.host]: { auth: Buffer.from('robot:wrong').toString('base64') } } }),
    );
    const refused = await scan(project, image.digest);
    expect(refused).toMatchObject({ status: 'failed', error_code: 'auth_failed' });
    expect(refused['status_message']).toContain('robot');
    expect((await patchSecret(project)).status).toBe(200);
    expect(await scan(project, `sha256:${'0'.repeat(64)}`)).toMatchObject({
      status: 'failed',
      error_code: 'not_found',
    });
    expect(await scan(project, image.digest)).toMatchObject({ status: 'completed', error_code: null });
  });

  test('an index is scanned, published and taken back as one; attestations are passed over', async () => {
    const project = await world.addProject({ name: 'index' });
    await patchSecret(project);
    const images = [];
    for (const architecture of ['amd64', 'arm64', 'riscv64']) {
      images.push(await makePilot(`index ${architecture}`, { platform: `linux/${architecture}` }));
    }
    const [first] = images;
    const index = makeIndex([...images, ...(first === undefined ? [] : [makeAttestation(first)])]);
    world.registry.hold('acme/pilot', '3.0-1', index);
    const request = await scan(project, index.digest, '3.0-1');
    expect(request).toMatchObject({ status: 'completed' });
    const ids = (request['images'] as { _id: string }[]).map(({ _id }) => _id);
    expect(ids.length).toBe(2);
    for (const id of ids) await graded(id);
    const list = { manifest_list_digest: index.digest };
    expect(await wish(project, { operation: 'publish-manifest-list', ...list })).toMatchObject({
      status: 'completed',
      status_message: null,
    });
    const published = (
      await world.acme.pyxis('GET', `v1/projects/certification/id/${project._id}`)
    ).json<WireProject>();
    expect(published.certification_status).toBe('Published');
    // Everybody may read it, and its owner may not move it.
    const catalogue = (await world.ask('GET', '/api/v1/catalog/images')).json<{
      items: { digest: string; listDigest: string }[];
    }>();
    expect(catalogue.items.filter(({ listDigest }) => listDigest === index.digest).length).toBe(2);
    const moved = await world.acme.pyxis('PATCH', `v1/projects/certification/id/${project._id}`, {
      container: { repository: 'acme/else' },
    });
    expect(moved.status).toBe(400);
    expect(moved.text).toMatch(/immutable/);
    expect(await wish(project, { operation: 'delete-manifest-list', ...list })).toMatchObject({ status: 'failed' });
    expect(await wish(project, { operation: 'unpublish-manifest-list', ...list })).toMatchObject({
      status: 'completed',
    });
    const after = (await world.acme.pyxis('GET', `v1/projects/certification/id/${project._id}`)).json<WireProject>();
    expect(after.certification_status).toBe('In Progress');
    expect(await wish(project, { operation: 'delete-manifest-list', ...list })).toMatchObject({ status: 'completed' });
  });

  test('what did not pass is not published, unless an admin says why', async () => {
    const project = await world.addProject({ name: 'refused' });
    await patchSecret(project);
    const image = await hold('refused', '4', { config: { config: { User: 'root', Labels: {} } } });
    const request = await scan(project, image.digest, '4');
    const [{ _id: id }] = request['images'] as [{ _id: string }];
    await graded(id);
    const refused = await wish(project, { operation: 'publish', image_id: id });
    expect(refused).toMatchObject({ status: 'failed' });
    expect(refused['status_message']).toMatch(/RunAsNonRoot: .*HasRequiredLabel|HasRequiredLabel: .*RunAsNonRoot/);
    const path = `v1/projects/certification/id/${project._id}/requests/images`;
    const body = { operation: 'publish', image_id: id, override_reason: 'Needed by a customer until Friday' };
    expect((await world.acme.pyxis('POST', path, body)).status).toBe(403);
    expect(await wish(project, body, world.boss)).toMatchObject({ status: 'completed' });
    const audit = (await world.root.native('GET', 'audit-entries?limit=500')).text;
    expect(audit).toContain('Needed by a customer until Friday');
  });

  test('what is certified is published by itself where the project wants it', async () => {
    const project = await world.addProject({ name: 'automatic' }, { auto_publish: true });
    await patchSecret(project);
    const image = await hold('automatic', '5');
    const request = await scan(project, image.digest, '5');
    const [{ _id: id }] = request['images'] as [{ _id: string }];
    await expect
      .poll(async () => (await world.ask('GET', `/api/containers/v1/images/id/${id}`)).status, { timeout: 30_000 })
      .toBe(200);
  });

  test('tags are read again from where the image lies', async () => {
    const project = await world.addProject({ name: 'tags' });
    await patchSecret(project);
    const image = await hold('tags', '6.0-1');
    const request = await scan(project, image.digest, 'temporary');
    const [{ _id: id }] = request['images'] as [{ _id: string }];
    world.registry.hold('acme/pilot', '6.0', image);
    expect(await wish(project, { operation: 'sync-tags', image_id: id })).toMatchObject({ status: 'completed' });
    const { repositories } = (await world.acme.pyxis('GET', `v1/images/id/${id}`)).json<{
      repositories: { tags: { name: string }[] }[];
    }>();
    expect(repositories[0]?.tags.map(({ name }) => name)).toEqual(['6.0', '6.0-1']);
  });

  test('an image scanned elsewhere is catalogued where the project says, with a warning', async () => {
    const project = await world.addProject(
      { name: 'elsewhere' },
      { registry: 'quay.io', repository: 'acme/elsewhere' },
    );
    await patchSecret(project, JSON.stringify({ auths: { [world.registry.host]: { auth: AUTH } } }));
    const image = await hold('elsewhere', '7');
    const request = await scan(project, image.digest, '7');
    expect(request).toMatchObject({ status: 'completed', warnings: [{ code: 'location_mismatch' }] });
    const [{ _id: id }] = request['images'] as [{ _id: string }];
    expect((await world.acme.pyxis('GET', `v1/images/id/${id}`)).json()['repositories']).toMatchObject([
      { registry: 'quay.io', repository: 'acme/elsewhere' },
    ]);
  });

  test('what is pushed with the registry key is entered, scanned and published; then its tag stays', async () => {
    const hosted = { distribution_method: 'rhcc', registry: null, repository: null };
    const project = await world.addProject({ name: 'hosted' }, hosted);
    const path = `projects/${project._id}/registry-key`;
    expect((await world.acme.native('GET', path)).text).toMatch(/"isMasked":true/);
    const key = String((await world.acme.native('GET', `${path}?reveal=true`)).json()['text']);
    const push = async (password: string, image: BuiltImage, tag: string) => {
      const client = RegistryClient.basic(world.url, 'unused', password);
      const name = `${project.container.isv_pid}/pilot`;
      for (const [digest, bytes] of image.blobs) {
        if (digest !== image.digest) await client.pushBlob(name, digest, bytes);
      }
      return await client.pushManifest(name, tag, image.bytes, image.descriptor.mediaType);
    };
    const image = await makePilot('hosted');
    await expect(push('plr_wrong', image, '1.0-1')).rejects.toThrow(/401/);
    expect((await push(key, image, '1.0-1')).status).toBe(201);
    const list = async () =>
      (await world.acme.pyxis('GET', `v1/projects/certification/id/${project._id}/images`)).json<{
        data: { _id: string; certified: boolean; docker_image_digest: string; container_grades: { status: string } }[];
      }>().data;
    expect(await list()).toMatchObject([{ docker_image_digest: image.digest }]);
    await expect.poll(async () => (await list())[0]?.container_grades.status, { timeout: 30_000 }).toBe('completed');
    const [found] = await list();
    expect(found?.certified).toBe(true);
    await graded(found?._id ?? '');
    expect(await wish(project, { operation: 'publish', image_id: found?._id })).toMatchObject({ status: 'completed' });
    const other = await push(key, await makePilot('another'), '1.0-1');
    expect(other.status).toBe(403);
    expect(other.body.toString('utf8')).toMatch(/is published under that tag/);
    const rotated = String((await world.acme.native('POST', `${path}/rotate`)).json()['text']);
    await expect(push(key, await makePilot('late'), '2')).rejects.toThrow(/401/);
    expect((await push(rotated, await makePilot('late'), '2')).status).toBe(201);
  });

  test('approved base images are found by preflight, and decide', async () => {
    const base = await makePilot('base');
    world.registry.hold('bases/ubi', '9', base);
    // The registry wants a log-in, which the server itself has not.
    const refused = await world.root.native('POST', 'base-images', { reference: `${world.registry.host}/bases/ubi:9` });
    expect(refused.status).toBe(403);
    expect((await world.acme.native('POST', 'base-images', { reference: 'quay.io/a/b:1' })).status).toBe(403);
  });

  test('a key sees its organisation and no other', async () => {
    const project = await world.addProject({ name: 'private' });
    await patchSecret(project);
    const image = await hold('private', '8');
    const request = await scan(project, image.digest, '8');
    const [{ _id: id }] = request['images'] as [{ _id: string }];
    const results = (await world.acme.pyxis('GET', `v1/projects/certification/id/${project._id}/test-results`)).json<{
      data: { _id: string }[];
    }>();
    const paths = [
      `v1/projects/certification/id/${project._id}`,
      `v1/projects/certification/pid/${project.container.isv_pid}`,
      `v1/projects/certification/id/${project._id}/images`,
      `v1/projects/certification/id/${project._id}/test-results`,
      `v1/projects/certification/id/${project._id}/artifacts`,
      `v1/projects/certification/id/${project._id}/requests/scans`,
      `v1/projects/certification/requests/scans/id/${String(request['_id'])}`,
      `v1/projects/certification/test-results/id/${results.data[0]?._id}`,
      `v1/images/id/${id}`,
      `v1/images/id/${id}/rpm-manifest`,
      `v1/images/id/${id}/vulnerabilities`,
      `v1/images/id/${id}/requests`,
      `v1/vendors/org-id/${project.org_id}`,
    ];
    for (const path of paths) {
      expect((await world.acme.pyxis('GET', path)).status, path).toBe(200);
      expect((await world.other.pyxis('GET', path)).status, path).toBe(404);
      expect((await world.ask('GET', `/api/containers/${path}`)).status, path).toBeOneOf([401, 404]);
    }
    expect((await world.other.pyxis('GET', 'v1/projects/certification')).json()['total']).toBe(0);
    expect((await patchSecret(project, secretFor('quay.io'), world.other)).status).toBe(404);
    const foreign = await world.other.pyxis('POST', 'v1/images', {
      isv_pid: project.container.isv_pid,
      docker_image_digest: image.digest,
    });
    expect(foreign.status).toBe(404);
    const graph = { query: `{get_image(id:"${id}"){data{_id} error{status}}}` };
    expect((await world.ask('POST', '/api/containers/graphql', {}, graph)).json()).toEqual({
      data: { get_image: { data: null, error: { status: 404 } } },
    });
  });

  test('a pull secret is in no reply, no log, no event and not in the clear in the store', async () => {
    const project = await world.addProject({ name: 'grep' });
    const replies: string[] = [];
    const note = (reply: { text: string }) => replies.push(reply.text);
    note(await patchSecret(project));
    note(await patchSecret(project, `${secretFor(world.registry.host)} and more`));
    note(await patchSecret(project, `{"auths":{"${world.registry.host}":{"auth":"${AUTH}"}`));
    note(await patchSecret(project, JSON.stringify({ auths: { a: { auth: AUTH }, b: { auth: AUTH } } })));
    note(await world.acme.native('PUT', `projects/${project._id}/pull-secret`, { pullSecret: `nonsense ${AUTH}` }));
    note(
      await world.acme.native('PUT', `projects/${project._id}/pull-secret`, {
        pullSecret: secretFor(world.registry.host),
      }),
    );
    note(
      await world.ask(
        'PATCH',
        `/api/containers/v1/projects/certification/id/${project._id}`,
        { 'x-api-key': world.acme.key, 'content-type': 'application/json' },
        `{"container":{"kube_objects":"${AUTH}`,
      ),
    );
    const image = await hold('grep', '9');
    world.registry.play(/manifests/, (_, response) =>
      response.writeHead(403).end(JSON.stringify({ errors: [{ code: 'DENIED', message: `no ${AUTH} ${PASSWORD}` }] })),
    );
    replies.push(JSON.stringify(await scan(project, image.digest, '9')));
    replies.push(JSON.stringify(await scan(project, image.digest, '9')));
    for (const path of [
      `v1/projects/certification/id/${project._id}`,
      'v1/projects/certification',
      `v1/projects/certification/id/${project._id}/requests/scans`,
      `v1/projects/certification/id/${project._id}/test-results`,
      `v1/projects/certification/id/${project._id}/images`,
    ]) {
      note(await world.acme.pyxis('GET', path));
    }
    for (const path of [
      `projects/${project._id}`,
      'projects',
      `projects/${project._id}/requests`,
      `projects/${project._id}/images`,
    ]) {
      note(await world.acme.native('GET', path));
    }
    for (const path of ['audit-entries?limit=500', 'events?limit=500']) note(await world.root.native('GET', path));
    expect(replies.join('\n')).toContain('project.pull-secret.save');
    for (const secret of [PASSWORD, AUTH]) {
      expect(
        replies.filter(text => text.includes(secret)),
        'replies',
      ).toEqual([]);
      expect(
        world.log.filter(line => line.includes(secret)),
        'log',
      ).toEqual([]);
    }
    if (store === 'pglite') {
      const files = readdirSync(world.folder.at('data'), { recursive: true, withFileTypes: true }).filter(one =>
        one.isFile(),
      );
      const found = files.filter(one => readFileSync(join(one.parentPath, one.name)).includes(PASSWORD));
      expect(found.map(({ name }) => name)).toEqual([]);
    }
  });
});
