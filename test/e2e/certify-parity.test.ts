/**
 * The same images, certified without a server, by a remote scan, after a push and after a scan by a sensor: every check finds the same, word
 * for word.
 */
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHECK_NAMES } from '#certification/check.ts';
import { runCli } from '#cli/program.ts';
import { RegistryClient } from '#hosting/testing/registry-client.ts';
import { makeRpmDatabase } from '../../src/inventory/rpm/testdata/make-rpms.ts';
import { type CertificationWorld, LABELS, startCertificationWorld } from '../fixtures/certification-world.ts';
import { type BuiltContent, type EntrySpec, makeImage, makeIndex, makeLayer } from '../fixtures/image-builder.ts';

/** One finding of a check, as both ways tell it. */
interface Told {
  readonly name: string;
  readonly outcome: string;
  readonly summary: string;
  readonly found: readonly object[];
}

const file = (path: string, content = 'x', mode = 0o644): EntrySpec => ({ path, content, mode });
const BASH = { name: 'bash', files: ['/usr/bin/bash', '/usr/share/bash/a'] };
const OS = file('etc/os-release', 'ID=rhel\nVERSION_ID=9.6\nPLATFORM_ID="platform:el9"\n');
const database = (packages: Parameters<typeof makeRpmDatabase>[0], path = 'usr/lib/sysimage/rpm/rpmdb.sqlite') =>
  ({ path, content: makeRpmDatabase(packages) }) satisfies EntrySpec;
const UBI = [OS, database([BASH]), file('usr/bin/bash', 'bash', 0o4755), file('usr/share/bash/a')];
const LICENSE = file('licenses/LICENSE', 'MIT');

interface Row {
  /** Above the base. */
  readonly layers: readonly (readonly EntrySpec[])[];
  readonly config?: object;
  readonly type?: 'Scratch Image';
  readonly isPrivileged?: true;
  readonly policy: string;
  readonly isPassed: boolean;
  readonly why: string;
}

const rows: readonly Row[] = [
  { layers: [[LICENSE, file('opt/app')]], policy: 'container', isPassed: true, why: 'nothing is wrong with it' },
  {
    layers: [[LICENSE, file('usr/bin/bash', 'mine')], [{ whiteout: 'usr/share/bash/a' }]],
    config: { User: '0:0', Labels: { ...LABELS, vendor: 'Red Hat, Inc.' } },
    policy: 'container',
    isPassed: false,
    why: 'files of a package are changed and deleted, it runs as root, and its vendor is not its own',
  },
  {
    layers: [
      [{ opaque: 'usr/share' }],
      [file('usr/share/licenses/app/MIT'), { path: 'licenses', symlink: 'usr/share/licenses' }],
    ],
    policy: 'container',
    isPassed: true,
    why: 'a folder with files of packages is gone; its licences are behind a link',
  },
  {
    layers: [
      [
        database([
          { ...BASH, version: '2.0' },
          { name: 'kernel-core', files: ['/boot/vmlinuz'] },
        ]),
        file('usr/bin/bash', 'new'),
        file('boot/vmlinuz'),
      ],
      [file('etc/passwd', 'root:x:0:0::/:/bin/sh\ntoor:x:0:0::/:/bin/sh\n')],
    ],
    config: { User: 'toor', Labels: { ...LABELS, maintainer: ' ' } },
    policy: 'container',
    isPassed: false,
    why: 'an update is fine, a kernel is not, a user is root by another name, a label is blank, there is no licence',
  },
  {
    layers: [[LICENSE], [file('usr/bin/bash', 'bash', 0o755)]],
    config: { User: '0' },
    isPrivileged: true,
    policy: 'root',
    isPassed: true,
    why: 'root was granted, and taking a bit away is hardening',
  },
  {
    layers: [[LICENSE]],
    config: {
      Labels: {
        ...Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`label-${at}`, 'x'])),
        ...LABELS,
        summary: `${'s'.repeat(5000)}`,
        name: `${'a'.repeat(3000)} by Red Hat`,
      },
    },
    policy: 'container',
    isPassed: false,
    why: 'the labels that count come after 300 others, and what is wrong with one of them stands at its very end',
  },
  {
    layers: [[file('licenses/EMPTY', '')]],
    type: 'Scratch Image',
    policy: 'scratch-nonroot',
    isPassed: false,
    why: 'the only licence is empty',
  },
];

let world: CertificationWorld;
beforeAll(async () => {
  world = await startCertificationWorld();
  const layer = await makeLayer(UBI);
  world.registry.hold(
    'bases/ubi',
    '9',
    makeIndex(['linux/amd64', 'linux/arm64'].map(platform => makeImage([layer], { platform }))),
  );
  const reply = await world.root.native('POST', 'base-images', { reference: `${world.registry.host}/bases/ubi:9` });
  expect(reply.status, reply.text).toBe(201);
}, 180_000);
afterAll(async () => await world[Symbol.asyncDispose]());

async function build({ layers, config, type }: Row): Promise<BuiltContent> {
  const all = [...(type === undefined ? [UBI] : []), ...layers];
  const built = [];
  for (const one of all) built.push(await makeLayer(one));
  return makeImage(built, {
    platform: 'linux/amd64',
    config: { created: '2025-01-01T00:00:00Z', config: { User: '1001', Labels: LABELS, ...config } },
  });
}

const contentOf = ({ type }: Row) => ({ os_content_type: type ?? 'Red Hat Universal Base Image (UBI)' });

describe.each(rows)('an image of which $why', row => {
  let image: BuiltContent;
  let alone: readonly Told[];
  let tag: string;
  beforeAll(async () => {
    image = await build(row);
    tag = `1.0-${rows.indexOf(row) + 1}`;
    world.registry.hold('acme/pilot', tag, image);
    alone = await certifyAlone(`${world.registry.host}/acme/pilot:${tag}`, row.policy);
  }, 180_000);

  test('a remote scan finds what `plimsoll certify` finds', async () => {
    const project = await addProject(row, {});
    const request = await world.acme.pyxis('POST', `v1/projects/certification/id/${project._id}/requests/scans`, {
      pull_spec: `${world.registry.host}/acme/pilot@${image.digest}`,
      tag,
    });
    expect(request.status, request.text).toBe(201);
    const told = await resultsOf(project._id);
    expect(told.checks).toEqual(alone);
    expect(told).toMatchObject({ policy: row.policy, passed: row.isPassed });
  });

  test('a push finds what `plimsoll certify` finds', async () => {
    const project = await addProject(row, { distribution_method: 'rhcc', registry: null, repository: null });
    const key = (await world.acme.native('GET', `projects/${project._id}/registry-key?reveal=true`)).json();
    const client = RegistryClient.basic(world.url, 'unused', String(key['text']));
    const name = `${project.container.isv_pid}/pilot`;
    for (const [digest, bytes] of image.blobs) {
      if (digest !== image.digest) await client.pushBlob(name, digest, bytes);
    }
    expect((await client.pushManifest(name, tag, image.bytes, image.descriptor.mediaType)).status).toBe(201);
    expect((await resultsOf(project._id)).checks).toEqual(alone);
  });
});

test('a sensor over HTTP tells the server enough for the same checks', async () => {
  const registry = await world.root.native('POST', 'registries', {
    namespaceId: world.acme.namespaceId,
    name: 'parity',
    type: 'docker-v2',
    url: `http://${world.registry.host}`,
    tls: { insecureHttp: true },
  });
  expect(registry.status, registry.text).toBe(201);
  // Images that nobody else has read; their layers nobody shall have either.
  const images: { readonly digest: string; readonly tag: string; readonly row: Row }[] = [];
  for (const [at, row] of rows.entries()) {
    const layers = [...row.layers, [file('opt/sensor', row.why)]];
    const image = await build({ ...row, layers });
    const tag = `2.0-${at + 1}`;
    world.registry.hold('acme/pilot', tag, image);
    images.push({ digest: image.digest, tag, row });
    const body = { repository: 'acme/pilot', tag };
    const run = await world.root.native('POST', `registries/${String(registry.json()['id'])}/images/scan`, body);
    expect(run.status, run.text).toBe(202);
  }
  const { token } = (await world.root.native('POST', 'sensor-tokens', { name: 'near' })).json<{ token: string }>();
  const options = ['--state', world.folder.at('sensor'), '--disk-floor', '0', '--private-addresses', 'allow'];
  const sensor = await plimsoll('sensor', '--server', world.url, '--token', token, '--once', ...options);
  expect(sensor.status, sensor.err).toBe(0);
  for (const { digest, tag, row } of images) {
    const path = `images/${digest}/checks?policy=${row.policy}`;
    await expect.poll(async () => (await world.acme.native('GET', path)).status, { timeout: 30_000 }).toBe(200);
    const { results } = (await world.acme.native('GET', path)).json<{ results: readonly Told[] }>();
    const alone = await certifyAlone(`${world.registry.host}/acme/pilot:${tag}`, row.policy);
    expect(inOrder(results), row.why).toEqual(alone);
  }
}, 180_000);

/** Only an admin may grant root, so that such projects are the admin's. */
async function addProject(row: Row, container: object) {
  const project = await world.addProject(
    { name: `parity ${row.why}`.slice(0, 100) },
    { ...contentOf(row), ...container },
  );
  if (row.isPrivileged === true) {
    const path = `v1/projects/certification/id/${project._id}`;
    const reply = await world.boss.pyxis('PATCH', path, { container: { privileged: true } });
    expect(reply.status, reply.text).toBe(200);
  }
  return project;
}

async function certifyAlone(reference: string, policy: string): Promise<readonly Told[]> {
  const base = `${world.registry.host}/bases/ubi:9`;
  const options = ['--policy', policy, '--base', base, '--gate', 'none', '--format', 'json', '--quiet'];
  const { out } = await plimsoll('certify', reference, ...options);
  return (JSON.parse(out) as { checks: readonly Told[] }).checks.map(toTold);
}

async function plimsoll(...args: readonly string[]) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const texts = [stdout, stderr].map(async stream => Buffer.concat(await stream.toArray()).toString('utf8'));
  const status = await runCli(args, {
    env: {},
    stdout,
    stderr,
    // A sensor that cannot do its work would wait for better times.
    signal: AbortSignal.timeout(90_000),
    version: '0',
    now: () => new Date(),
  });
  stdout.end();
  stderr.end();
  const [out = '', err = ''] = await Promise.all(texts);
  return { status, out, err };
}

function inOrder(results: readonly Told[]): readonly Told[] {
  const byName = new Map(results.map(one => [one.name, toTold(one)]));
  return CHECK_NAMES.flatMap(name => byName.get(name) ?? []);
}

/** What the server’s own checks said, once they have run. */
async function resultsOf(projectId: string) {
  interface Result {
    readonly passed: boolean;
    readonly policy: string;
    readonly test_library: { readonly name: string };
    readonly results: Readonly<Record<'passed' | 'failed' | 'errors', readonly Told[]>>;
  }
  const path = `v1/projects/certification/id/${projectId}/test-results`;
  const read = async () => (await world.acme.pyxis('GET', path)).json<{ data: readonly Result[] }>().data[0];
  await expect.poll(read, { timeout: 30_000 }).toBeDefined();
  const result = await read();
  if (result === undefined) throw new Error('There is no result');
  const { passed, failed, errors } = result.results;
  return {
    passed: result.passed,
    policy: result.policy,
    checks: inOrder([...passed, ...failed, ...errors]),
  };
}

function toTold({ name, outcome, summary, found }: Told): Told {
  // The one writes what is missing as null, the other leaves it out.
  const present = (fact: object) => Object.fromEntries(Object.entries(fact).filter(([, value]) => value !== null));
  return { name, outcome, summary, found: found.map(present) };
}
