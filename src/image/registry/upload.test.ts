import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { digestOf } from '#oci/digest.ts';
import { RegistryClient } from './client.ts';
import { fixedCredentials } from './credential-store.ts';
import { uploadArtifact } from './upload.ts';

const signal = new AbortController().signal;
const CONTENT = Buffer.alloc(500_000, 'plimsoll');

let server: Server;
let host = '';
let seen: string[] = [];
/** What arrived, by path. */
let received = new Map<string, Buffer>();
/** Answers that the next requests of a method get instead. */
let failures: { method: string; status: number }[] = [];

/** A registry with tokens, which have the scope that was asked for. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = '', url = '', headers } = request;
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  const path = url.split('?')[0] ?? '';
  if (path === '/token') {
    const scope = new URL(url, 'http://x').searchParams.get('scope');
    response.end(JSON.stringify({ token: Buffer.from(scope ?? '').toString('hex') }));
    return;
  }
  seen.push(`${method} ${path}`);
  const end = (status: number, extra: Record<string, string> = {}) => void response.writeHead(status, extra).end();
  const wanted = `repository:team/db:${method === 'HEAD' || method === 'GET' ? 'pull' : 'pull,push'}`;
  const token = headers.authorization?.replace('Bearer ', '');
  if (token === undefined || !Buffer.from(token, 'hex').toString().startsWith(wanted)) {
    const realm = `Bearer realm="http://${host}/token",service="x",scope="${wanted}"`;
    return end(401, { 'www-authenticate': realm });
  }
  const at = failures.findIndex(failure => failure.method === method);
  if (at !== -1) return end(failures.splice(at, 1)[0]?.status ?? 500);
  if (method === 'HEAD') return end(received.has(path.split('/').at(-1) ?? '') ? 200 : 404);
  if (method === 'POST') return end(202, { location: '/v2/team/db/blobs/uploads/1?state=abc' });
  const digest = new URL(url, 'http://x').searchParams.get('digest') ?? path.split('/').at(-1) ?? '';
  received.set(digest, Buffer.concat(parts));
  return end(201);
}

beforeEach(async () => {
  seen = [];
  received = new Map();
  failures = [];
  server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

async function upload(): Promise<void> {
  const login = { kind: 'password', username: 'u', password: 'secret-word', source: 'a test' } as const;
  await using client = new RegistryClient({
    credentials: fixedCredentials(host, login),
    tlsVerify: true,
    env: {},
    patience: { attempts: 3, baseDelayMs: 1, maxDelayMs: 1 },
  });
  await uploadArtifact(await client.registry(host, { signal }), {
    repository: 'team/db',
    tag: 'v1',
    manifest: { bytes: Buffer.from('{}'), mediaType: 'application/vnd.oci.image.manifest.v1+json' },
    blobs: [{ digest: digestOf(CONTENT), size: CONTENT.length, content: () => Readable.from([CONTENT]) }],
    signal,
  });
}

test('blobs and manifest arrive whole, with a token that may push', async () => {
  await upload();
  expect(received.get(digestOf(CONTENT))?.equals(CONTENT)).toBe(true);
  expect(received.get('v1')?.toString()).toBe('{}');
});

test('a blob that is there is not sent again', async () => {
  received.set(digestOf(CONTENT), CONTENT);
  await upload();
  expect(seen.filter(line => line.startsWith('POST'))).toEqual([]);
});

test('an upload that fails is begun anew', async () => {
  failures = [
    { method: 'POST', status: 503 },
    { method: 'PUT', status: 500 },
  ];
  await upload();
  expect(received.get(digestOf(CONTENT))?.equals(CONTENT)).toBe(true);
});

test('who may not push is told so', async () => {
  failures = [{ method: 'POST', status: 403 }];
  await expect(upload()).rejects.toMatchObject({
    code: 'REGISTRY_DENIED',
    message: expect.stringMatching(/^Cannot push "127\.0\.0\.1:\d+\/team\/db:v1": .* they may not push "team\/db"/),
  });
});
