/** Images that are published are everybody's to pull, by tag and by digest, without a log-in; nothing else of their repository is. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RegistryClient } from '#hosting/testing/registry-client.ts';
import { digestOf } from '#oci/digest.ts';
import { findPostgres } from '#store/testing/postgres-server.ts';
import { type CertificationWorld, makePilot, startCertificationWorld } from '../fixtures/certification-world.ts';
import { type BuiltContent, type BuiltImage, makeAttestation, makeIndex } from '../fixtures/image-builder.ts';

const has = (program: string) => spawnSync(program, ['--version']).error === undefined;
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const stores = ['pglite', ...(findPostgres() === undefined ? [] : ['postgres' as const])] as const;

describe.each(stores)('published images of the hosted registry on %s', store => {
  let world: CertificationWorld;
  let projectId: string;
  /** Full name of the repository. */
  let name: string;
  let images: { readonly amd64: BuiltImage; readonly arm64: BuiltImage };
  let attestation: BuiltImage;
  let index: BuiltContent;
  let draft: BuiltImage;
  /** SBOMs of the index and of the draft, and an image that says it is about the index. */
  let about: { readonly index: string; readonly draft: string; readonly image: string };
  let sbom: string;

  beforeAll(async () => {
    world = await startCertificationWorld({ store });
    const project = await world.addProject(
      { name: 'open' },
      { distribution_method: 'rhcc', registry: null, repository: null },
    );
    projectId = project._id;
    name = `${project.container.isv_pid}/pilot`;
    images = {
      amd64: await makePilot('published', { platform: 'linux/amd64' }),
      arm64: await makePilot('published', { platform: 'linux/arm64' }),
    };
    attestation = makeAttestation(images.amd64);
    index = makeIndex([images.amd64, images.arm64, attestation]);
    draft = await makePilot('draft');
    const reply = await world.acme.native('GET', `projects/${projectId}/registry-key?reveal=true`);
    const client = RegistryClient.basic(world.url, 'unused', String(reply.json()['text']));
    const push = async (content: BuiltContent, reference: string) => {
      for (const [digest, bytes] of content.blobs) {
        if (digest !== content.digest) await client.pushBlob(name, digest, bytes);
      }
      const pushed = await client.pushManifest(name, reference, content.bytes, content.descriptor.mediaType);
      expect(pushed.status, pushed.body.toString()).toBe(201);
    };
    for (const one of [images.amd64, images.arm64, attestation]) await push(one, one.digest);
    await push(index, '1.0-1');
    await push(draft, '1.0-2');
    const put = async (bytes: Buffer) => {
      const digest = digestOf(bytes, 'sha256');
      await client.pushBlob(name, digest, bytes);
      return { digest, size: bytes.byteLength };
    };
    sbom = (await put(Buffer.from('{"bomFormat":"CycloneDX"}'))).digest;
    const empty = { mediaType: 'application/vnd.oci.empty.v1+json', ...(await put(Buffer.from('{}'))) };
    const attach = async (content: BuiltContent, rest: object, reference?: string) => {
      const { mediaType, size } = content.descriptor;
      const subject = { mediaType, digest: content.digest, size };
      const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, subject, ...rest }));
      const digest = digestOf(bytes, 'sha256');
      const pushed = await client.pushManifest(name, reference ?? digest, bytes, MANIFEST);
      expect(pushed.status, pushed.body.toString()).toBe(201);
      return digest;
    };
    const layers = [{ mediaType: 'application/vnd.cyclonedx+json', digest: sbom, size: 25 }];
    const document = { artifactType: 'application/vnd.cyclonedx+json', config: empty, layers };
    const { config, layers: own } = JSON.parse(Buffer.from(draft.bytes).toString('utf8')) as Record<string, unknown>;
    about = {
      index: await attach(index, document, 'sbom'),
      draft: await attach(draft, document),
      image: await attach(index, { config, layers: own }, '1.0-3'),
    };
  }, 180_000);
  afterAll(async () => await world[Symbol.asyncDispose]());

  /** Publishes the index, or takes it back, whatever the checks say. */
  async function change(operation: 'publish' | 'unpublish'): Promise<void> {
    const reason = operation === 'publish' ? { overrideReason: 'Test' } : {};
    const body = { operation: `${operation}-manifest-list`, listDigest: index.digest, ...reason };
    const attempt = async () => {
      const reply = await world.boss.native('POST', `projects/${projectId}/image-requests`, body);
      expect(reply.status, reply.text).toBe(202);
      const made = reply.json();
      const read = async () => (await world.boss.native('GET', `project-requests/${made['id']}`)).json();
      await expect.poll(async () => (await read())['status'], { timeout: 60_000 }).toMatch(/completed|failed/);
      const { status, statusMessage } = await read();
      return `${status} ${statusMessage ?? ''}`;
    };
    // What has not been read yet is not published, whoever wants it.
    await expect.poll(attempt, { timeout: 100_000, interval: 500 }).toMatch(/^completed/);
  }

  const seenBy = async (client: RegistryClient) => {
    const manifests = ['1.0-1', index.digest, images.amd64.digest, images.arm64.digest, attestation.digest];
    const status = async (path: string) => (await client.ask('GET', `/v2/${name}/${path}`)).status;
    const layer = (image: BuiltImage) => image.layers[0]?.digest ?? '';
    return {
      open: await Promise.all([
        ...manifests.map(reference => status(`manifests/${reference}`)),
        status(`blobs/${layer(images.amd64)}`),
        status(`manifests/${about.index}`),
        status(`blobs/${sbom}`),
        status(`referrers/${index.digest}`),
        status('tags/list'),
      ]),
      closed: await Promise.all([
        status('manifests/1.0-2'),
        status(`manifests/${draft.digest}`),
        status(`blobs/${layer(draft)}`),
        status(`manifests/${about.draft}`),
        status(`manifests/${about.image}`),
        status(`referrers/${draft.digest}`),
        status(`referrers/${about.index}`),
      ]),
    };
  };
  const fill = (length: number, status: number) => Array.from({ length }, () => status);

  test('nobody pulls before, everybody after publishing, and nobody what is not published; until it is taken back', async () => {
    const nobody = new RegistryClient(world.url);
    const anonymous = await nobody.withToken([`repository:${name}:pull`]);
    // Logged in, without any business in the project.
    const stranger = await RegistryClient.basic(world.url, 'x', world.other.key).withToken([`repository:${name}:pull`]);
    for (const client of [nobody, anonymous]) {
      expect(await seenBy(client)).toEqual({ open: fill(10, 401), closed: fill(7, 401) });
    }
    expect(await seenBy(stranger)).toEqual({ open: fill(10, 403), closed: fill(7, 403) });
    await change('publish');
    for (const client of [nobody, anonymous]) {
      expect(await seenBy(client)).toEqual({ open: fill(10, 200), closed: fill(7, 401) });
    }
    expect(await seenBy(stranger)).toEqual({ open: fill(10, 200), closed: fill(7, 403) });
    // Names of tags tell what is being worked at; and a draft stays one, whatever it says that it is about.
    const list = async (path: string) => (await anonymous.ask('GET', `/v2/${name}/${path}`)).body.toString();
    expect(JSON.parse(await list('tags/list'))).toEqual({ name, tags: ['1.0-1'] });
    expect(JSON.parse(await list('tags/list?n=1'))).toEqual({ name, tags: ['1.0-1'] });
    expect(JSON.parse(await list('tags/list?last=1.0-1'))).toEqual({ name, tags: [] });
    const { manifests } = JSON.parse(await list(`referrers/${index.digest}`)) as { manifests: { digest: string }[] };
    expect(manifests.map(({ digest }) => digest)).toEqual([about.index]);
    expect((await anonymous.ask('POST', `/v2/${name}/blobs/uploads/`)).status).toBe(401);
    expect((await anonymous.ask('DELETE', `/v2/${name}/manifests/${index.digest}`)).status).toBe(401);
    const host = new URL(world.url).host;
    const { items } = (await world.ask('GET', '/api/v1/catalog/images')).json<{
      items: { pull: string; pullByTag: string[] }[];
    }>();
    expect(items.map(({ pull, pullByTag }) => ({ pull, pullByTag }))).toEqual(
      fill(2, 0).map(() => ({ pull: `${host}/${name}@${index.digest}`, pullByTag: [`${host}/${name}:1.0-1`] })),
    );
  }, 180_000);

  test.skipIf(!['podman', 'skopeo'].every(has))(
    'podman and skopeo pull them without a log-in, by tag and by digest, and are told to log in for anything else',
    async () => {
      await change('publish');
      const { folder } = world;
      writeFileSync(folder.at('nobody.json'), '{}');
      const run = async (program: string, ...args: string[]) => {
        const child = spawn(program, args, { env: { ...process.env, REGISTRY_AUTH_FILE: folder.at('nobody.json') } });
        let stderr = '';
        child.stdout.resume();
        child.stderr.setEncoding('utf8').on('data', text => {
          stderr += text;
        });
        const [status] = (await once(child, 'close')) as [number];
        return { status, stderr };
      };
      const place = `${new URL(world.url).host}/${name}`;
      const copy = (reference: string, to: string) =>
        run(
          'skopeo',
          'copy',
          '--all',
          '--src-tls-verify=false',
          `docker://${place}${reference}`,
          `dir:${folder.at(to)}`,
        );
      expect(await copy(':1.0-1', 'by-tag')).toMatchObject({ status: 0 });
      expect(await copy(`@${index.digest}`, 'by-digest')).toMatchObject({ status: 0 });
      const refused = await copy(':1.0-2', 'draft');
      expect(refused.status).not.toBe(0);
      expect(refused.stderr).toMatch(/log in|unauthorized|authentication required/i);
      const storage = ['--root', folder.at('root'), '--runroot', folder.at('run'), '--storage-driver', 'vfs'];
      const pulled = await run('podman', ...storage, 'pull', '--tls-verify=false', `${place}@${index.digest}`);
      expect(pulled.stderr, pulled.stderr).not.toMatch(/unauthorized/);
      expect(pulled.status).toBe(0);
    },
    120_000,
  );

  test('what is taken back is nobody’s any more', async () => {
    await change('publish');
    await change('unpublish');
    expect(await seenBy(new RegistryClient(world.url))).toEqual({ open: fill(10, 401), closed: fill(7, 401) });
  }, 180_000);
});
