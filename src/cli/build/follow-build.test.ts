/** Following a build over connections and servers that go away. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { openServerApi } from '../server-api.ts';
import { followBuild } from './follow-build.ts';

const ID = '0f5bd0a2-7f4f-4f0e-9d3c-6f6f5d5ac001';
const BUILD = {
  ...{ id: ID, projectId: '1', tag: '1.0-1', version: '1.0', state: 'succeeded', cause: 'manual', causes: [] },
  ...{ requestedBy: 'ada', source: null, builder: null, repository: null, commit: null, digest: null, manifests: [] },
  ...{ baseImages: [], failure: null, images: [], changes: null, notPublished: null },
  ...{ createdAt: '2026-05-06T07:08:09.000Z', startedAt: null, finishedAt: null },
};
const event = (id: number, name: string, data: object) =>
  `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

type Step = (response: ServerResponse, lastEventId: string | undefined) => void;

/** A server whose stream does one step for each connection. */
async function follow(steps: readonly Step[], signal = new AbortController().signal) {
  const asked: (string | undefined)[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    if (!request.url?.endsWith('/stream')) {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(BUILD));
      return;
    }
    const seen = request.headers['last-event-id'];
    const lastEventId = typeof seen === 'string' ? seen : undefined;
    const step = steps[asked.length];
    asked.push(lastEventId);
    step?.(response, lastEventId);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await using _ = {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  await using api = await openServerApi(
    { server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    {
      env: { PLIMSOLL_API_KEY: 'key' },
      stdout: new PassThrough(),
      stderr: new PassThrough(),
      signal,
      version: '0',
      now: () => new Date(),
    },
  );
  const heard = { log: '', states: [] as string[], cuts: 0 };
  const build = await followBuild(api, BUILD, {
    onLog: text => {
      heard.log += text;
    },
    onState: state => heard.states.push(state),
    onCut: () => {
      heard.cuts += 1;
    },
    signal,
  });
  return { build, asked, ...heard };
}

const problem = (response: ServerResponse, status: number, code: string) => {
  response.writeHead(status, { 'content-type': 'application/problem+json' });
  response.end(JSON.stringify({ code, detail: `Cannot do this: ${code}` }));
};

test('a log goes on where it was cut, after a server that was away for a while', async () => {
  const found = await follow([
    response => {
      response.write(event(0, 'state', { state: 'building' }));
      response.write(event(4, 'log', { text: 'one\n' }));
      // What is cut in the middle comes again.
      response.write('id: 8\nevent: log\ndata: {"te', () => response.destroy());
    },
    response => problem(response, 503, 'STORE_UNAVAILABLE'),
    response => response.end(event(4, 'state', { state: 'building' })),
    response => {
      response.write(event(8, 'log', { text: 'two\n' }));
      response.end(event(8, 'state', { state: 'succeeded' }));
    },
  ]);
  expect(found.asked).toEqual([undefined, '4', '4', '4']);
  expect(found).toMatchObject({ log: 'one\ntwo\n', states: ['building', 'succeeded'], cuts: 1 });
  expect(found.build).toEqual(BUILD);
});

test.each([
  { status: 404, code: 'NOT_FOUND' },
  { status: 403, code: 'FORBIDDEN' },
  { status: 401, code: 'UNAUTHENTICATED' },
])('$code is no cut: it is told at once', async ({ status, code }) => {
  await expect(follow([response => problem(response, status, code)])).rejects.toMatchObject({ code });
});

test('whoever has had enough is let go, whatever has come already', async () => {
  const enough = new AbortController();
  enough.abort();
  await expect(follow([response => response.end()], enough.signal)).rejects.toMatchObject({ code: 'CANCELLED' });
});
