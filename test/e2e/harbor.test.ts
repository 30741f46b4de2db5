/** The pluggable scanner API as Harbor asks it: exact statuses, no redirects followed, one element of `enabled_capabilities`. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CertificationWorld, startCertificationWorld } from '../fixtures/certification-world.ts';
import { type BuiltImage, makeImage, makeLayer } from '../fixtures/image-builder.ts';
import { type RegistryServer, startRegistryServer } from '../fixtures/registry-server.ts';

const OCI = 'application/vnd.oci.image.manifest.v1+json';
const TYPES = {
  metadata: 'application/vnd.scanner.adapter.metadata+json; version=1.0',
  request: 'application/vnd.scanner.adapter.scan.request+json; version=1.0',
  accepted: 'application/vnd.scanner.adapter.scan.response+json; version=1.0',
  report: 'application/vnd.security.vulnerability.report; version=1.1',
  native: 'application/vnd.scanner.adapter.vuln.report.harbor+json; version=1.0',
  sbom: 'application/vnd.security.sbom.report+json; version=1.0',
  error: 'application/vnd.scanner.adapter.error+json; version=1.0',
};
const UPDATED_AT = 'harbor.scanner-adapter/vulnerability-database-updated-at';
const robot = { username: 'robot$scanner-1', password: 'only-for-this-scan' };
const basic = `Basic ${Buffer.from(`${robot.username}:${robot.password}`).toString('base64')}`;

let world: CertificationWorld;
let harbor: RegistryServer;
let image: BuiltImage;

beforeAll(async () => {
  world = await startCertificationWorld();
  harbor = await startRegistryServer({ auth: 'bearer', login: robot });
  const content = '{"name":"left-pad","version":"1.3.0"}';
  image = makeImage([await makeLayer([{ path: 'app/node_modules/left-pad/package.json', content }])]);
  harbor.hold('library/pilot', '1.0', image);
  // The database is there when packages are judged by it.
  for (;;) {
    const { properties } = (await ask('GET', '/metadata')).json<{ properties: object }>();
    if (UPDATED_AT in properties) break;
    await sleep(50);
  }
});

afterAll(async () => {
  await harbor?.[Symbol.asyncDispose]();
  await world?.[Symbol.asyncDispose]();
});

const ask = (method: string, path: string, headers: Readonly<Record<string, string>> = {}, body?: unknown) =>
  world.ask(method, `/harbor/api/v1${path}`, { 'x-scanneradapter-api-key': world.acme.key, ...headers }, body);

const requestOf = (change: { registry?: object; artifact?: object } = {}, type = 'vulnerability') => ({
  registry: { url: harbor.url, authorization: basic, insecure: false, ...change.registry },
  artifact: {
    repository: 'library/pilot',
    tag: '1.0',
    digest: image.digest,
    mime_type: OCI,
    size: 1234,
    ...change.artifact,
  },
  enabled_capabilities: [{ type, produces_mime_types: ['whatever'], parameters: null }],
});

async function submit(body: object): Promise<string> {
  const reply = await ask('POST', '/scan', { 'content-type': TYPES.request, accept: TYPES.accepted }, body);
  expect([reply.status, reply.headers.get('content-type')]).toEqual([202, TYPES.accepted]);
  return reply.json<{ id: string }>().id;
}

/** Polls as Harbor does, until something else than "not ready" comes. */
async function poll(id: string, accept: string, query = '') {
  for (;;) {
    const reply = await ask('GET', `/scan/${id}/report${query}`, { accept });
    if (reply.status !== 302) return reply;
    expect(Number(reply.headers.get('refresh-after'))).toSatisfy((seconds: number) => seconds >= 1 && seconds <= 127);
    await sleep(50);
  }
}

test('a registration finds a scanner, what it takes and gives, and how fresh it is', async () => {
  const reply = await ask('GET', '/metadata', { accept: TYPES.metadata });
  expect([reply.status, reply.headers.get('content-type')]).toEqual([200, TYPES.metadata]);
  const { scanner, capabilities, properties } = reply.json<{
    scanner: Record<string, string>;
    capabilities: { type: string; consumes_mime_types: string[]; produces_mime_types: string[] }[];
    properties: Record<string, string>;
  }>();
  for (const name of ['name', 'vendor', 'version']) expect(scanner[name], name).toMatch(/./);
  for (const capability of capabilities) {
    expect(capability.consumes_mime_types).toContain('application/vnd.docker.distribution.manifest.v2+json');
    // Harbor asks for each of them, and one that fails fails the scan.
    expect(capability.produces_mime_types).toHaveLength(1);
  }
  expect(capabilities.map(({ type }) => type)).toEqual(['vulnerability', 'sbom']);
  const updatedAt = properties[UPDATED_AT];
  expect(new Date(updatedAt ?? '').toISOString()).toBe(updatedAt);
});

test('an image is scanned with the robot of the request, and reported in both forms', async () => {
  const id = await submit(requestOf());
  const reply = await poll(id, TYPES.report);
  expect([reply.status, reply.headers.get('content-type')]).toEqual([200, TYPES.report]);
  const report = reply.json<{ vulnerabilities: Record<string, unknown>[] }>();
  expect(report).toMatchObject({
    scanner: { name: 'Plimsoll' },
    artifact: { repository: 'library/pilot', tag: '1.0', digest: image.digest, mime_type: OCI },
    generated_at: expect.stringMatching(/^\d{4}-.*Z$/),
  });
  expect(report).toMatchObject({ severity: 'Critical' });
  expect(report.vulnerabilities).toMatchObject([
    {
      id: 'CVE-2024-1001',
      package: 'left-pad',
      version: '1.3.0',
      fix_version: '1.3.1',
      severity: 'Critical',
      status: 'fixed',
    },
  ]);
  const severities = ['Unknown', 'Negligible', 'Low', 'Medium', 'High', 'Critical'];
  for (const one of report.vulnerabilities) {
    expect(one).toMatchObject({
      id: expect.stringMatching(/./),
      package: expect.stringMatching(/./),
      version: expect.any(String),
      fix_version: expect.any(String),
      description: expect.any(String),
      links: expect.any(Array),
      cwe_ids: expect.any(Array),
    });
    expect(severities).toContain(one['severity']);
    expect((one['links'] as string[]).join('')).not.toContain('|');
  }
  const again = await ask('GET', `/scan/${id}/report`, { accept: TYPES.report });
  expect(again.text, 'the same however often it is asked').toBe(reply.text);
  const native = await ask('GET', `/scan/${id}/report`, { accept: TYPES.native });
  expect([native.status, native.headers.get('content-type')]).toEqual([200, TYPES.native]);
  expect(native.text).toBe(reply.text);
});

test('SBOMs come in the form that is named, and in no other', async () => {
  const id = await submit(requestOf({}, 'sbom'));
  const spdx = await poll(id, TYPES.sbom, '?sbom_media_type=application%2Fspdx%2Bjson');
  expect(spdx.json()).toMatchObject({ media_type: 'application/spdx+json', sbom: { spdxVersion: 'SPDX-2.3' } });
  const cyclonedx = await poll(id, TYPES.sbom, '?sbom_media_type=application%2Fvnd.cyclonedx%2Bjson');
  expect(cyclonedx.json()).toMatchObject({ sbom: { bomFormat: 'CycloneDX' } });
  for (const query of ['', '?sbom_media_type=text%2Fplain']) {
    const reply = await poll(id, TYPES.sbom, query);
    expect([reply.status, reply.headers.get('content-type')]).toEqual([400, TYPES.error]);
    expect(reply.json()).toEqual({ error: { message: expect.stringContaining('application/spdx+json') } });
  }
});

test('a ready token of the registry opens it as well, and an image that is known is not read again', async () => {
  const answer = await fetch(`${harbor.url}/token?service=test&scope=repository:library/pilot:pull`, {
    headers: { authorization: basic },
  });
  const { token } = (await answer.json()) as { token: string };
  const before = harbor.count(/\/blobs\//);
  const id = await submit(requestOf({ registry: { authorization: `Bearer ${token}` } }));
  expect((await poll(id, TYPES.report)).status).toBe(200);
  // The config is looked at; layers are not.
  expect(harbor.count(/\/blobs\//) - before).toBeLessThanOrEqual(1);
});

test('whoever cannot pull learns nothing of an image, even of one that is known', async () => {
  const wrong = `Basic ${Buffer.from('robot$other:guess').toString('base64')}`;
  const id = await submit(requestOf({ registry: { authorization: wrong } }));
  const reply = await poll(id, TYPES.report);
  expect([reply.status, reply.headers.get('content-type')]).toEqual([500, TYPES.error]);
  expect(reply.json()).toEqual({ error: { message: expect.stringContaining('library/pilot') } });
  expect(reply.text).not.toContain('guess');
  expect(world.log.join('\n')).not.toContain(robot.password);
});

test.each([
  { change: { artifact: { digest: '' } }, status: 422, why: 'without a digest' },
  { change: { artifact: { digest: 'sha256:abc' } }, status: 400, why: 'half a digest' },
  { change: { artifact: { repository: undefined } }, status: 422, why: 'without a repository' },
  { change: { registry: { url: 'ftp://x' } }, status: 422, why: 'no web address' },
  { change: { registry: { url: 'http://u:p@x' } }, status: 422, why: 'an address with credentials' },
  { change: { registry: { authorization: 'Digest abc' } }, status: 422, why: 'another scheme' },
  { change: {}, type: 'malware', status: 422, why: 'nothing that is scanned for' },
])('a request is refused in words that Harbor shows: $why', async ({ change, type, status }) => {
  const reply = await ask('POST', '/scan', { 'content-type': TYPES.request }, requestOf(change, type));
  expect([reply.status, reply.headers.get('content-type')]).toEqual([status, TYPES.error]);
  expect(reply.json()).toEqual({ error: { message: expect.stringMatching(/./) } });
});

test('what is no JSON, nobody knows, or nobody may ask, is refused in the same form', async () => {
  const nonsense = await ask('POST', '/scan', { 'content-type': TYPES.request }, '{"registry":');
  const unknown = await ask('GET', '/scan/not-an-id/report', { accept: TYPES.report });
  const nobody = await world.ask('GET', '/harbor/api/v1/metadata', {});
  const stranger = await world.ask('GET', '/harbor/api/v1/metadata', { authorization: 'Bearer plk_wrong' });
  expect([nonsense.status, unknown.status, nobody.status, stranger.status]).toEqual([422, 404, 401, 401]);
  for (const reply of [nonsense, unknown, nobody, stranger]) {
    expect(reply.json()).toEqual({ error: { message: expect.stringMatching(/./) } });
  }
});
