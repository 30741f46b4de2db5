/** `plimsoll submit` and `plimsoll base-image` against a running server. */
import { writeFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '#cli/program.ts';
import { makeRpmDatabase } from '../../src/inventory/rpm/testdata/make-rpms.ts';
import {
  type CertificationWorld,
  LABELS,
  makePilot,
  startCertificationWorld,
} from '../fixtures/certification-world.ts';
import { makeImage, makeIndex, makeLayer } from '../fixtures/image-builder.ts';
import { startRegistryServer } from '../fixtures/registry-server.ts';

let world: CertificationWorld;
beforeAll(async () => {
  world = await startCertificationWorld();
}, 180_000);
afterAll(async () => await world[Symbol.asyncDispose]());

async function plimsoll(key: string | undefined, ...args: readonly string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const texts = [stdout, stderr].map(async stream => Buffer.concat(await stream.toArray()).toString('utf8'));
  const status = await runCli(args, {
    env: { PLIMSOLL_URL: world.url, ...(key === undefined ? {} : { PLIMSOLL_API_KEY: key }) },
    stdout,
    stderr,
    signal: new AbortController().signal,
    version: '0',
    now: () => new Date(),
  });
  stdout.end();
  stderr.end();
  const [out = '', err = ''] = await Promise.all(texts);
  return { status, out, err };
}

const graded = async (projectId: string, count: number) =>
  await expect
    .poll(
      async () =>
        (await world.acme.native('GET', `projects/${projectId}/images`))
          .json<{ items: { grade: string | null }[] }>()
          .items.filter(({ grade }) => grade !== null).length,
      { timeout: 60_000 },
    )
    .toBe(count);

test('an index is looked up by its tag, certified for each architecture, and published as one', async () => {
  const project = await world.addProject({ name: 'submitted' });
  const images = [];
  for (const platform of ['linux/amd64', 'linux/s390x']) images.push(await makePilot(platform, { platform }));
  const index = makeIndex(images);
  world.registry.hold('acme/pilot', '1.0-1', index);
  const image = `${world.registry.host}/acme/pilot:1.0-1`;
  const first = await plimsoll(world.acme.key, 'submit', image, '--project', project.container.isv_pid);
  expect(first).toMatchObject({ status: 0, err: '' });
  expect(first.out).toContain(`${world.registry.host}/acme/pilot@${index.digest} as 1.0-1`);
  for (const { digest } of images) expect(first.out).toContain(digest);
  expect(first.out).toContain('  certified, grade');
  expect(first.out).toMatch(/ {2}passed +HasLicense +1 file in \/licenses/);
  // The vulnerability database may come after the images: then they are graded again.
  await graded(project._id, 2);
  const args = ['submit', image, '--project', project._id, '--publish', '--format', 'json', '--quiet'];
  const second = await plimsoll(world.acme.key, ...args);
  expect(second).toMatchObject({ status: 0, err: '' });
  const { images: told } = JSON.parse(second.out) as { images: { architecture: string; publishedAt: string | null }[] };
  expect(told.map(({ architecture, publishedAt }) => [architecture, publishedAt !== null])).toEqual([
    ['amd64', true],
    ['s390x', true],
  ]);
}, 180_000);

test('an image that does not pass says why, and the exit status does', async () => {
  const project = await world.addProject({ name: 'not passed' });
  const image = await makePilot('root', { config: { config: { User: '0', Labels: LABELS } } });
  world.registry.hold('acme/pilot', '2', image);
  const name = `${world.registry.host}/acme/pilot@${image.digest}`;
  const args = ['submit', name, '--tag', '2', '--project', project._id, '--publish'];
  const { status, out } = await plimsoll(world.acme.key, ...args);
  expect(status).toBe(1);
  expect(out).toContain('NOT certified');
  expect(out).toMatch(/FAILED +RunAsNonRoot/);
  expect(out).toMatch(/Against publishing it:\n.*RunAsNonRoot/);
  expect(out).toContain('not published');
});

test('a pull secret is saved on the way, and without one the message says how to make it', async () => {
  const login = { username: 'robot', password: 'correct-horse-battery-staple' };
  await using guarded = await startRegistryServer({ auth: 'basic', login });
  const image = await makePilot('guarded');
  guarded.hold('acme/pilot', '3', image);
  const place = { registry: guarded.host, repository: 'acme/pilot' };
  const project = await world.addProject({ name: 'guarded' }, place);
  const name = `${guarded.host}/acme/pilot:3`;
  const submit = ['submit', name, '--project', project._id, '--quiet'];
  const secret = world.folder.at('guarded.json');
  const auth = Buffer.from(`${login.username}:${login.password}`).toString('base64');
  writeFileSync(secret, JSON.stringify({ auths: { [guarded.host]: { auth } } }));
  const refused = await plimsoll(world.acme.key, ...submit, '--authfile', secret);
  expect(refused.status).toBe(3);
  expect(refused.err).toMatch(/wants credentials .*podman login --authfile .*\(REGISTRY_DENIED\)/);
  const done = await plimsoll(world.acme.key, ...submit, '--authfile', secret, '--pull-secret', secret);
  expect(done).toMatchObject({ status: 0, err: '' });
  expect(`${refused.err}${done.out}`).not.toContain(auth);
});

const misuses = [
  { args: ['submit', 'quay.io/a/b:1', '--project', 'x'], key: false, status: 2, says: /PLIMSOLL_API_KEY/ },
  { args: ['submit', 'oci:/nowhere', '--project', 'x'], key: true, status: 2, says: /registries only/ },
  {
    args: ['submit', `quay.io/a/b@sha256:${'0'.repeat(64)}`, '--project', 'x'],
    key: true,
    status: 2,
    says: /say with --tag/,
  },
  {
    args: ['submit', `quay.io/a/b@sha256:${'0'.repeat(64)}`, '--tag', '1', '--project', 'ospid-none'],
    key: true,
    status: 4,
    says: /its PID/,
  },
  {
    args: ['submit', `quay.io/a/b@sha256:${'0'.repeat(64)}`, '--tag', '1', '--project', '0'.repeat(24)],
    key: true,
    status: 4,
    says: /Cannot find project/,
  },
  { args: ['base-image', 'add', 'quay.io/a/b:1'], key: true, status: 3, says: /FORBIDDEN/ },
  { args: ['base-image', 'list', '--server', 'http://plimsoll.example'], key: true, status: 2, says: /plain http/ },
] as const;

test.each(misuses)('$args.0 $args.1 ends with $status, saying $says', async ({ args, key, status, says }) => {
  const reply = await plimsoll(key ? world.acme.key : undefined, ...args);
  expect(reply.err).toMatch(says);
  expect(reply).toMatchObject({ status, out: '' });
});

test('a wrong key is told as such', async () => {
  const reply = await plimsoll('plk_wrong', 'base-image', 'list');
  expect(reply).toMatchObject({ status: 3, out: '' });
});

test('an image passes BasedOnUbi once its base is approved, and no more when that is taken back', async () => {
  const base = await makeLayer([
    { path: 'etc/os-release', content: 'ID=rhel\nVERSION_ID=9.6\nPLATFORM_ID="platform:el9"\n' },
    {
      path: 'usr/lib/sysimage/rpm/rpmdb.sqlite',
      content: makeRpmDatabase([{ name: 'bash', files: ['/usr/bin/bash'] }]),
    },
  ]);
  const own = await makeLayer([{ path: 'licenses/LICENSE', content: 'MIT' }]);
  const config = { created: '2025-01-01T00:00:00Z', config: { User: '1001', Labels: LABELS } };
  const platforms = ['linux/amd64', 'linux/arm64', 'linux/riscv64'];
  world.registry.hold('bases/ubi', '9', makeIndex(platforms.map(platform => makeImage([base], { platform }))));
  world.registry.hold('acme/pilot', '5', makeImage([base, own], { config }));
  const content = { os_content_type: 'Red Hat Universal Base Image (UBI)' };
  const project = await world.addProject({ name: 'based' }, content);
  const submit = async () => {
    const image = `${world.registry.host}/acme/pilot:5`;
    const { out, status } = await plimsoll(world.acme.key, 'submit', image, '--project', project._id);
    return { status, line: out.split('\n').find(one => one.includes('BasedOnUbi')) };
  };
  const before = await submit();
  expect(before.status).toBe(1);
  expect(before.line).toMatch(/NOT JUDGED +BasedOnUbi/);
  const added = await plimsoll(world.root.key, 'base-image', 'add', `${world.registry.host}/bases/ubi:9`);
  expect(added).toMatchObject({ status: 0, err: '' });
  // Those that can be certified.
  expect(added.out.split('\n').map(line => line.split(/ +/)[1])).toEqual(['amd64', 'arm64', undefined]);
  const after = await submit();
  expect(after.line).toMatch(/passed +BasedOnUbi .*bases\/ubi:9/);
  expect(after.status).toBe(0);
  const listed = await plimsoll(world.acme.key, 'base-image', 'list');
  expect(listed.out.split('\n').toSorted()).toEqual(added.out.split('\n').toSorted());
  for (const line of added.out.trimEnd().split('\n')) {
    const removed = await plimsoll(world.root.key, 'base-image', 'remove', line.split(' ')[0] ?? '');
    expect(removed).toMatchObject({ status: 0, out: '', err: '' });
  }
  expect((await submit()).line).toMatch(/NOT JUDGED +BasedOnUbi/);
}, 180_000);
