/**
 * The registry held against OCI distribution 1.1, point by point: what the official suites check (distribution-spec, `conformance/`, the
 * current one and that of v1.1.1), so that CI knows without Go at hand. docs/hosted-registry.md tells how to run the official ones.
 */
import { randomBytes } from 'node:crypto';
import { get as httpGet } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RegistryClient } from '#hosting/testing/registry-client.ts';
import { type Digest, digestOf } from '#oci/digest.ts';
import type { Store } from '#store/database.ts';
import { openEmbedded } from '#store/testing/stores.ts';
import { type HostedFixture, hostedRegistry } from '../fixtures/hosted-registry.ts';

const REPO = 'conformance/repo1';
const OTHER = 'conformance/repo2';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';
const CONFIG = 'application/vnd.oci.image.config.v1+json';
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';
const EMPTY = 'application/vnd.oci.empty.v1+json';
const SCOPES = [REPO, OTHER].map(name => `repository:${name}:pull,push,delete`);
const ALGORITHMS = ['sha256', 'sha512'] as const;

let store: Store;
let registry: HostedFixture;
let client: RegistryClient;
let authorization: string;

beforeAll(async () => {
  store = await openEmbedded();
  registry = await hostedRegistry({ store });
  await registry.addAccount('tester', 'correct horse battery', { conformance: 'admin' });
  const basic = RegistryClient.basic(registry.url, 'tester', 'correct horse battery');
  const { token } = (await basic.token(SCOPES)).json() as { token: string };
  authorization = `Bearer ${token}`;
  client = new RegistryClient(registry.url, authorization);
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
});

async function pushedBlob(
  bytes: Uint8Array = randomBytes(600),
  name = REPO,
  algorithm: 'sha256' | 'sha512' = 'sha256',
) {
  const digest = digestOf(bytes, algorithm);
  const answer = await client.pushBlob(name, digest, bytes);
  expect(answer.status).toBe(201);
  return { digest, size: bytes.length };
}

/** An image whose blobs are pushed; fields replace those of the manifest. */
async function imageDocument(over: object = {}): Promise<Buffer> {
  const config = await pushedBlob(
    Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', salt: randomBytes(4).toString('hex') })),
  );
  const layer = await pushedBlob();
  return json({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: { mediaType: CONFIG, ...config },
    layers: [{ mediaType: LAYER, ...layer }],
    ...over,
  });
}

async function pushed(bytes: Uint8Array, mediaType: string, tag?: string) {
  const digest = digestOf(bytes);
  const answer = await client.pushManifest(REPO, tag ?? digest, bytes, mediaType);
  expect(answer.status, answer.body.toString()).toBe(201);
  return { digest, size: bytes.length, answer, mediaType };
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function errorCode(answer: { json(): unknown }): string | undefined {
  return (answer.json() as { errors: { code: string }[] }).errors[0]?.code;
}

describe('before anything is pushed', () => {
  test('GET /v2/ asks for a log-in, and says what it is; with a token it answers 200', async () => {
    const nobody = await new RegistryClient(registry.url).ask('GET', '/v2/');
    expect(nobody.status).toBe(401);
    expect(nobody.headers.get('www-authenticate')).toBe(
      `Bearer realm="${registry.url}/v2/token",service="${registry.host}"`,
    );
    expect(nobody.headers.get('docker-distribution-api-version')).toBe('registry/2.0');
    expect(errorCode(nobody)).toBe('UNAUTHORIZED');
    const known = await client.ask('GET', '/v2/');
    expect(known.status).toBe(200);
    expect(known.headers.get('docker-distribution-api-version')).toBe('registry/2.0');
  });

  test('an empty repository has no tags, and referrers are an empty list', async () => {
    expect([200, 404]).toContain((await client.ask('GET', '/v2/conformance/repo2/tags/list')).status);
    const referrers = await client.ask('GET', `/v2/${OTHER}/referrers/${digestOf('nothing')}`);
    expect(referrers.status).toBe(200);
    expect(referrers.headers.get('content-type')).toBe(INDEX);
    expect(referrers.json()).toEqual({ schemaVersion: 2, mediaType: INDEX, manifests: [] });
  });

  test('what is not there is 404, what is no digest 400, in the protocol’s words', async () => {
    const blob = await client.ask('GET', `/v2/${REPO}/blobs/${digestOf('nothing')}`);
    expect([blob.status, errorCode(blob)]).toEqual([404, 'BLOB_UNKNOWN']);
    expect((await client.ask('HEAD', `/v2/${REPO}/blobs/${digestOf('nothing')}`)).status).toBe(404);
    const manifest = await client.ask('GET', `/v2/${REPO}/manifests/${digestOf('nothing')}`);
    expect([manifest.status, errorCode(manifest)]).toEqual([404, 'MANIFEST_UNKNOWN']);
    expect((await client.ask('GET', `/v2/${REPO}/manifests/nowhere`)).status).toBe(404);
    const bad = await client.pushManifest(REPO, 'sha256:baddigeststring', Buffer.from('{}'), MANIFEST);
    expect([bad.status, errorCode(bad)]).toEqual([400, 'DIGEST_INVALID']);
    expect((await client.ask('GET', `/v2/${REPO}/referrers/sha256:bad`)).status).toBe(400);
  });
});

describe.each(ALGORITHMS)('blobs by %s', algorithm => {
  const fresh = (size = 3000) => {
    const bytes = randomBytes(size);
    return { bytes, digest: digestOf(bytes, algorithm) };
  };
  const check = async (digest: Digest, bytes: Uint8Array, location: string | null) => {
    expect(location).toBe(`/v2/${REPO}/blobs/${digest}`);
    const read = await client.ask('GET', location ?? '');
    expect(read.status).toBe(200);
    expect(read.body.equals(bytes)).toBe(true);
    expect(read.headers.get('docker-content-digest')).toBe(digest);
    const head = await client.ask('HEAD', location ?? '');
    expect([head.status, head.headers.get('content-length'), head.body.length]).toEqual([200, String(bytes.length), 0]);
    expect(head.headers.get('docker-content-digest')).toBe(digest);
  };

  test('one POST brings a whole blob', async () => {
    const { bytes, digest } = fresh();
    const answer = await client.ask('POST', `/v2/${REPO}/blobs/uploads/?digest=${digest}`, { body: bytes });
    expect(answer.status).toBe(201);
    await check(digest, bytes, answer.headers.get('location'));
  });

  test('POST and PUT bring a whole blob', async () => {
    const { bytes, digest } = fresh();
    const answer = await client.pushBlob(REPO, digest, bytes);
    expect(answer.status).toBe(201);
    await check(digest, bytes, answer.headers.get('location'));
  });

  test.each([
    { title: 'one chunk', cuts: [3000], isLastInPut: false },
    { title: 'three chunks', cuts: [1024, 2048, 3000], isLastInPut: false },
    { title: 'the last chunk in the PUT', cuts: [1024, 2048, 3000], isLastInPut: true },
  ])('$title', async ({ cuts, isLastInPut }) => {
    const { bytes, digest } = fresh();
    let location = await client.startUpload(REPO);
    let from = 0;
    for (const [at, to] of cuts.entries()) {
      const headers = { 'content-range': `${from}-${to - 1}`, 'content-type': 'application/octet-stream' };
      const isPut = isLastInPut && at === cuts.length - 1;
      const path = isPut ? `${location}?digest=${digest}` : location;
      const answer = await client.ask(isPut ? 'PUT' : 'PATCH', path, { headers, body: bytes.subarray(from, to) });
      expect(answer.status).toBe(isPut ? 201 : 202);
      if (isPut) return await check(digest, bytes, answer.headers.get('location'));
      expect(answer.headers.get('range')).toBe(`0-${to - 1}`);
      location = answer.headers.get('location') ?? '';
      from = to;
    }
    const done = await client.ask('PUT', `${location}?digest=${digest}`);
    expect(done.status).toBe(201);
    await check(digest, bytes, done.headers.get('location'));
  });

  test('a stream of unknown length', async () => {
    const { bytes, digest } = fresh(200_000);
    async function* stream() {
      for (let at = 0; at < bytes.length; at += 7000) yield bytes.subarray(at, at + 7000);
    }
    const answer = await client.ask('PATCH', await client.startUpload(REPO), { body: stream() });
    expect([answer.status, answer.headers.get('range')]).toEqual([202, '0-199999']);
    const done = await client.ask('PUT', `${answer.headers.get('location')}?digest=${digest}`);
    await check(digest, bytes, done.headers.get('location'));
  });

  test.each(['POST', 'PUT', 'PATCH'])(
    'bytes that are not the digest’s are refused (%s), and are no blob',
    async style => {
      const { bytes } = fresh();
      const lie = digestOf(randomBytes(9), algorithm);
      const path = style === 'POST' ? `/v2/${REPO}/blobs/uploads/` : await client.startUpload(REPO);
      if (style === 'PATCH') await client.ask('PATCH', path, { body: bytes });
      const body = style === 'PATCH' ? {} : { body: bytes };
      const answer = await client.ask(style === 'POST' ? 'POST' : 'PUT', `${path}?digest=${lie}`, body);
      expect([answer.status, errorCode(answer)]).toEqual([400, 'DIGEST_INVALID']);
      expect((await client.ask('HEAD', `/v2/${REPO}/blobs/${lie}`)).status).toBe(404);
    },
  );

  test.each([
    { range: 'bytes=500-1499', from: 500, to: 1500 },
    { range: 'bytes=500-', from: 500, to: 2048 },
    { range: 'bytes=-500', from: 1548, to: 2048 },
    { range: 'bytes=2000-5000', from: 2000, to: 2048 },
  ])('range $range is 206', async ({ range, from, to }) => {
    const { bytes, digest } = fresh(2048);
    await client.pushBlob(REPO, digest, bytes);
    const answer = await client.ask('GET', `/v2/${REPO}/blobs/${digest}`, { headers: { range } });
    expect([answer.status, answer.headers.get('content-range')]).toEqual([206, `bytes ${from}-${to - 1}/2048`]);
    expect(answer.headers.get('content-length')).toBe(String(to - from));
    expect(answer.body.equals(bytes.subarray(from, to))).toBe(true);
  });

  test.each(['bytes=500-0', 'bytes=5000-10000'])('range %s is 416', async range => {
    const { bytes, digest } = fresh(2048);
    await client.pushBlob(REPO, digest, bytes);
    expect((await client.ask('GET', `/v2/${REPO}/blobs/${digest}`, { headers: { range } })).status).toBe(416);
  });

  test('mounting: from a repository, from wherever one may read, and 202 for what is nowhere', async () => {
    const { digest } = await pushedBlob(randomBytes(500), REPO, algorithm);
    const uploads = `/v2/${OTHER}/blobs/uploads/`;
    const mounted = await client.ask('POST', `${uploads}?mount=${digest}&from=${REPO}`);
    expect([mounted.status, mounted.headers.get('location')]).toEqual([201, `/v2/${OTHER}/blobs/${digest}`]);
    expect((await client.ask('DELETE', `/v2/${OTHER}/blobs/${digest}`)).status).toBe(202);
    expect((await client.ask('POST', `${uploads}?mount=${digest}`)).status).toBe(201);
    const nothing = await client.ask('POST', `${uploads}?mount=${digestOf('gone', algorithm)}&from=${REPO}`);
    expect(nothing.status).toBe(202);
    expect(nothing.headers.get('location')).toMatch(/\/blobs\/uploads\//);
  });

  test('a blob of no bytes, one of {}, and deleting one', async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('{}')]) {
      const digest = digestOf(bytes, algorithm);
      const answer = await client.pushBlob(REPO, digest, bytes);
      await check(digest, bytes, answer.headers.get('location'));
    }
    const { digest } = await pushedBlob(randomBytes(10), REPO, algorithm);
    expect((await client.ask('DELETE', `/v2/${REPO}/blobs/${digest}`)).status).toBe(202);
    expect((await client.ask('GET', `/v2/${REPO}/blobs/${digest}`)).status).toBe(404);
    expect((await client.ask('DELETE', `/v2/${REPO}/blobs/${digest}`)).status).toBe(404);
  });
});

describe('uploads', () => {
  test('a chunk out of order, or again, is 416 with what is there; the upload goes on', async () => {
    const bytes = randomBytes(300);
    const location = await client.startUpload(REPO);
    const empty = await client.ask('GET', location);
    expect([empty.status, empty.headers.get('range')]).toEqual([204, '0-0']);
    const chunk = (from: number, to: number) =>
      client.ask('PATCH', location, {
        headers: { 'content-range': `${from}-${to - 1}` },
        body: bytes.subarray(from, to),
      });
    expect((await chunk(100, 200)).status).toBe(416);
    expect((await chunk(0, 100)).status).toBe(202);
    const again = await chunk(0, 100);
    expect([again.status, again.headers.get('range')]).toEqual([416, '0-99']);
    const stale = await client.ask('GET', location);
    expect([stale.status, stale.headers.get('range')]).toEqual([204, '0-99']);
    expect(stale.headers.get('location')).toBe(location);
    expect((await chunk(100, 300)).status).toBe(202);
    expect((await client.ask('PUT', `${location}?digest=${digestOf(bytes)}`)).status).toBe(201);
  });

  test('a cancelled upload is gone', async () => {
    const location = await client.startUpload(REPO);
    expect((await client.ask('DELETE', location)).status).toBe(204);
    for (const method of ['GET', 'DELETE', 'PUT']) {
      const answer = await client.ask(method, `${location}?digest=${digestOf('x')}`);
      expect([answer.status, method === 'GET' ? '' : errorCode(answer)]).toEqual([
        404,
        method === 'GET' ? '' : 'BLOB_UPLOAD_UNKNOWN',
      ]);
    }
  });

  test('the draft’s hint of an algorithm is taken, one that does not exist refused', async () => {
    expect((await client.ask('POST', `/v2/${REPO}/blobs/uploads/?digest-algorithm=sha512`)).status).toBe(202);
    expect((await client.ask('POST', `/v2/${REPO}/blobs/uploads/?digest-algorithm=md5`)).status).toBe(400);
  });
});

describe('manifests', () => {
  test('bytes and type are answered as they were pushed, also for HEAD; spaces and unknown fields stay', async () => {
    const compact = JSON.parse((await imageDocument({ 'org.example.custom': { keep: [1] } })).toString());
    const bytes = Buffer.from(`${JSON.stringify(compact, undefined, 3)}\n`);
    const { digest, answer } = await pushed(bytes, MANIFEST, 'exact');
    expect(answer.headers.get('location')).toBe(`/v2/${REPO}/manifests/${digest}`);
    expect(answer.headers.get('docker-content-digest')).toBe(digest);
    for (const reference of ['exact', digest]) {
      const read = await client.ask('GET', `/v2/${REPO}/manifests/${reference}`);
      expect(read.body.equals(bytes)).toBe(true);
      const head = await client.ask('HEAD', `/v2/${REPO}/manifests/${reference}`);
      for (const { status, headers } of [read, head]) {
        expect([status, headers.get('content-type')]).toEqual([200, MANIFEST]);
        expect([headers.get('content-length'), headers.get('docker-content-digest')]).toEqual([
          String(bytes.length),
          digest,
        ]);
      }
    }
  });

  test('a digest that is not the bytes’ is refused', async () => {
    const answer = await client.pushManifest(REPO, digestOf('other'), await imageDocument(), MANIFEST);
    expect([answer.status, errorCode(answer)]).toEqual([400, 'DIGEST_INVALID']);
  });

  test('a manifest whose blobs are not in this repository is refused, and names one of them', async () => {
    const missing = { mediaType: LAYER, digest: digestOf('nowhere'), size: 7 };
    const answer = await client.pushManifest(REPO, 'missing', await imageDocument({ layers: [missing] }), MANIFEST);
    expect([answer.status, errorCode(answer)]).toEqual([404, 'MANIFEST_BLOB_UNKNOWN']);
    expect(answer.body.toString()).toContain(missing.digest);
    const index = json({ schemaVersion: 2, mediaType: INDEX, manifests: [{ ...missing, mediaType: MANIFEST }] });
    expect(errorCode(await client.pushManifest(REPO, 'missing', index, INDEX))).toBe('MANIFEST_BLOB_UNKNOWN');
  });

  test.each([
    { bytes: 'no json', why: 'not JSON' },
    { bytes: '[]', why: 'no object' },
    { bytes: '{"schemaVersion":1,"name":"x"}', why: 'schema 1' },
    { bytes: '{"schemaVersion":2,"layers":[]}', why: 'no config' },
    { bytes: `{"schemaVersion":2,"mediaType":"${INDEX}","manifests":[]}`, why: 'another type than it was pushed as' },
  ])('$why is refused', async ({ bytes }) => {
    const answer = await client.pushManifest(REPO, 'bad', Buffer.from(bytes), MANIFEST);
    expect([answer.status, errorCode(answer)]).toEqual([400, 'MANIFEST_INVALID']);
  });

  test('an index, one in an index, an empty one', async () => {
    const image = await pushed(await imageDocument(), MANIFEST);
    const entry = ({ digest, size, mediaType }: typeof image) => ({ digest, size, mediaType });
    const of = (manifests: object[]) => json({ schemaVersion: 2, mediaType: INDEX, manifests });
    const inner = await pushed(of([{ ...entry(image), platform: { os: 'linux', architecture: 'amd64' } }]), INDEX);
    await pushed(of([entry(inner)]), INDEX, 'nested');
    await pushed(of([]), INDEX, 'empty');
  });

  test('an artifact, an image without layers, data in a descriptor, a foreign layer that is not there', async () => {
    const empty = { mediaType: EMPTY, ...(await pushedBlob(Buffer.from('{}'))) };
    const artifact = { schemaVersion: 2, mediaType: MANIFEST, artifactType: 'application/vnd.example', config: empty };
    await pushed(json({ ...artifact, layers: [{ ...empty, data: 'e30=' }] }), MANIFEST);
    await pushed(await imageDocument({ layers: [] }), MANIFEST);
    const foreign = 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip';
    const layer = { mediaType: foreign, digest: digestOf('elsewhere'), size: 99, urls: ['https://example.com/x'] };
    await pushed(await imageDocument({ layers: [layer] }), MANIFEST);
  });

  test('a manifest of 3.9 MB is taken, one of more than 4 MiB is 413', async () => {
    const notes = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`note-${at}`, 'x'.repeat(10_000)]));
    await pushed(await imageDocument({ annotations: notes(390) }), MANIFEST);
    const answer = await client.pushManifest(REPO, 'huge', await imageDocument({ annotations: notes(430) }), MANIFEST);
    expect([answer.status, errorCode(answer)]).toEqual([413, 'SIZE_INVALID']);
  });

  test('one push may name many tags', async () => {
    const bytes = await imageDocument();
    const tags = Array.from({ length: 12 }, (_, at) => `many-${at}`);
    const query = tags.map(tag => `tag=${tag}`).join('&');
    const answer = await client.pushManifest(REPO, `${digestOf(bytes)}?${query}`, bytes, MANIFEST);
    expect(answer.status).toBe(201);
    expect(answer.headers.get('oci-tag')?.split(', ')).toEqual(tags);
    for (const tag of tags) expect((await client.ask('HEAD', `/v2/${REPO}/manifests/${tag}`)).status).toBe(200);
    const tooMany = Array.from({ length: 200 }, (_, at) => `tag=t${at}`).join('&');
    expect((await client.pushManifest(REPO, `${digestOf(bytes)}?${tooMany}`, bytes, MANIFEST)).status).toBe(414);
  });
});

describe('referrers', () => {
  test('are listed with what they say of themselves, filtered, paged off when deleted; the subject need not be there', async () => {
    const subject = { mediaType: MANIFEST, digest: digestOf('not pushed yet'), size: 10 };
    const empty = { mediaType: EMPTY, ...(await pushedBlob(Buffer.from('{}'))) };
    const referrer = (type: string, annotations?: object) =>
      json({
        schemaVersion: 2,
        mediaType: MANIFEST,
        artifactType: type,
        config: empty,
        layers: [empty],
        subject,
        annotations,
      });
    const first = await pushed(referrer('application/vnd.a', { note: 'one' }), MANIFEST);
    expect(first.answer.headers.get('oci-subject')).toBe(subject.digest);
    const second = await pushed(await imageDocument({ subject }), MANIFEST);
    const third = await pushed(json({ schemaVersion: 2, mediaType: INDEX, manifests: [], subject }), INDEX);
    const list = async (query = '') => await client.ask('GET', `/v2/${REPO}/referrers/${subject.digest}${query}`);
    expect((await list()).json()).toMatchObject({
      manifests: [
        {
          mediaType: MANIFEST,
          digest: first.digest,
          size: first.size,
          artifactType: 'application/vnd.a',
          annotations: { note: 'one' },
        },
        { digest: second.digest, artifactType: CONFIG },
        { mediaType: INDEX, digest: third.digest },
      ],
    });
    const filtered = await list('?artifactType=application/vnd.a');
    expect(filtered.headers.get('oci-filters-applied')).toBe('artifactType');
    expect((filtered.json() as { manifests: unknown[] }).manifests).toHaveLength(1);
    await client.ask('DELETE', `/v2/${REPO}/manifests/${first.digest}`);
    expect((await list()).body.toString()).not.toContain(first.digest);
  });

  test('come from a fallback tag as well', async () => {
    const subject = digestOf('signed elsewhere');
    const signature = await pushed(await imageDocument(), MANIFEST);
    const { digest, size } = signature;
    const index = json({ schemaVersion: 2, mediaType: INDEX, manifests: [{ mediaType: MANIFEST, digest, size }] });
    await pushed(index, INDEX, subject.replace(':', '-'));
    expect((await client.ask('GET', `/v2/${REPO}/referrers/${subject}`)).json()).toMatchObject({
      manifests: [{ digest }],
    });
  });

  test('more than a page are linked', async () => {
    const subject = { mediaType: MANIFEST, digest: digestOf('much talked about'), size: 10 };
    const bodies = Array.from({ length: 205 }, (_, at) =>
      json({ schemaVersion: 2, mediaType: INDEX, manifests: [], subject, annotations: { at: String(at) } }),
    );
    for (const bytes of bodies) await pushed(bytes, INDEX);
    const seen = new Set<string>();
    let path: string | undefined = `/v2/${REPO}/referrers/${subject.digest}`;
    for (let pages = 0; path !== undefined && pages < 5; pages += 1) {
      const answer = await client.ask('GET', path);
      for (const { digest } of (answer.json() as { manifests: { digest: string }[] }).manifests) seen.add(digest);
      path = /^<([^>]+)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1];
    }
    expect(seen.size).toBe(205);
  });
});

describe('tags', () => {
  test('are in the order of bytes, paged by n and last, which need not exist', async () => {
    const bytes = await imageDocument();
    for (const tag of ['b', 'a', 'B', 'c', '_x']) {
      expect((await client.pushBlob(OTHER, digestOf('z'), Buffer.from('z'))).status).toBe(201);
      const index = json({ schemaVersion: 2, mediaType: INDEX, manifests: [], annotations: { tag } });
      expect((await client.pushManifest(OTHER, tag, index, INDEX)).status).toBe(201);
    }
    expect(bytes.length).toBeGreaterThan(0);
    const list = async (query: string) => await client.ask('GET', `/v2/${OTHER}/tags/list${query}`);
    expect((await list('')).json()).toEqual({ name: OTHER, tags: ['B', '_x', 'a', 'b', 'c'] });
    const page = await list('?n=2');
    expect(page.json()).toEqual({ name: OTHER, tags: ['B', '_x'] });
    expect(page.headers.get('link')).toBe(`</v2/${OTHER}/tags/list?n=2&last=_x>; rel="next"`);
    const rest = await list('?n=10&last=aaa');
    expect([rest.json(), rest.headers.get('link')]).toEqual([{ name: OTHER, tags: ['b', 'c'] }, null]);
    const none = await list('?n=0');
    expect([none.json(), none.headers.get('link')]).toEqual([{ name: OTHER, tags: [] }, null]);
    expect((await list('?n=x')).status).toBe(400);
  });

  test('a tag is deleted alone, a manifest with all its tags, at once', async () => {
    const { digest } = await pushed(await imageDocument(), MANIFEST, 'gone-1');
    const bytes = (await client.ask('GET', `/v2/${REPO}/manifests/${digest}`)).body;
    await pushed(bytes, MANIFEST, 'gone-2');
    const status = async (method: string, reference: string) =>
      (await client.ask(method, `/v2/${REPO}/manifests/${reference}`)).status;
    expect(await status('DELETE', 'gone-1')).toBe(202);
    expect([await status('GET', 'gone-1'), await status('GET', 'gone-2'), await status('GET', digest)]).toEqual([
      404, 200, 200,
    ]);
    expect(await status('DELETE', digest)).toBe(202);
    expect([await status('GET', 'gone-2'), await status('GET', digest), await status('DELETE', digest)]).toEqual([
      404, 404, 404,
    ]);
  });

  test('a blob that a manifest refers to is not deleted', async () => {
    const document = await imageDocument();
    await pushed(document, MANIFEST);
    const { config } = JSON.parse(document.toString()) as { config: { digest: string } };
    const answer = await client.ask('DELETE', `/v2/${REPO}/blobs/${config.digest}`);
    expect([answer.status, errorCode(answer)]).toEqual([405, 'UNSUPPORTED']);
  });
});

test.each([
  '/v2/UPPER/tags/list',
  '/v2/a/../b/tags/list',
  '/v2/a//b/tags/list',
  '/v2/%2e%2e/%2e%2e/etc/tags/list',
  `/v2/${'a'.repeat(300)}/tags/list`,
  '/v2/a%00b/tags/list',
  '/v2/a%zz/tags/list',
])('a path with tricks in its name is refused: %s', async path => {
  // As it is: `fetch` would tidy it up.
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const { hostname, port } = new URL(registry.url);
    httpGet({ hostname, port, path, headers: { authorization } }, answer => {
      answer.resume();
      resolve(answer.statusCode);
    }).on('error', reject);
  });
  expect([400, 404]).toContain(status);
});

test('the catalogue lists what one may see, in pages', async () => {
  const answer = await client.ask('GET', '/v2/_catalog?n=1');
  expect(answer.json()).toEqual({ repositories: [REPO] });
  expect(answer.headers.get('link')).toBe('</v2/_catalog?n=1&last=conformance%2Frepo1>; rel="next"');
});
