import { readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { type Answer, holding, startEngine } from '../../test/fixtures/engine-server.ts';
import { makeDockerArchive, makeImage, makeLayer } from '../../test/fixtures/image-builder.ts';
import { scratchFolder } from '../../test/fixtures/scratch-folder.ts';
import { type DaemonOptions, openDockerDaemon } from './docker-daemon.ts';
import { openImage } from './open-image.ts';

const options = { signal: new AbortController().signal };
const app = makeImage([await makeLayer([{ path: 'a', content: 'a' }])]);
const archive = await makeDockerArchive([{ image: app, tags: ['app:1.0'] }]);
const id = app.configDigest;

async function open(answer: Answer, name = 'app:1.0', more: Partial<DaemonOptions> = {}) {
  await using engine = await startEngine(answer);
  const reference = { transport: 'docker-daemon', name } as const;
  const source = await openDockerDaemon(reference, { ...options, dockerHost: engine.host, ...more });
  await using image = await openImage(source, options);
  return { image, asked: engine.asked };
}

/** Says the id, then answers the question for the archive as told. */
const packing =
  (answer: Answer): Answer =>
  (path, response) =>
    path.endsWith('/json') ? holding('app:1.0', id, archive)(path, response) : answer(path, response);

const failing = (code: string, says: string) => ({ code, message: expect.stringContaining(says) });

describe('an image in a container engine', () => {
  test('is asked for by its id, so that the engine packs no other tags', async () => {
    const { image, asked } = await open(holding('app:1.0', id, archive));
    expect(image.reference).toBe('docker-daemon:app:1.0');
    expect(image.manifest?.config.digest).toBe(app.configDigest);
    expect(asked).toEqual(['/images/app:1.0/json', `/images/${id}/get`]);
  });

  test.each(['alpine', 'docker.io/library/app:1.0', `app@sha256:${'0'.repeat(64)}`, 'c059bfaa849c'])(
    'may be called %s',
    async name => {
      const { asked } = await open(holding(name, id, archive), name);
      expect(asked[0]).toBe(`/images/${name}/json`);
    },
  );

  test.each(['../containers', 'a/../../containers/x', './a', 'a//b', 'a?b=c', 'a#b', 'a\r\nHost: x', '-a', 'a%2e%2e'])(
    'is not called %j: nothing is asked',
    async name => {
      await using engine = await startEngine(() => false);
      const opening = openDockerDaemon({ transport: 'docker-daemon', name }, { ...options, dockerHost: engine.host });
      await expect(opening).rejects.toMatchObject({ code: 'REFERENCE_INVALID' });
      expect(engine.asked).toEqual([]);
    },
  );

  test('that the engine does not have is MANIFEST_UNKNOWN', async () => {
    await expect(open(holding('other', id, archive))).rejects.toMatchObject(
      failing('MANIFEST_UNKNOWN', 'has no such image'),
    );
  });

  test('leaves nothing on disk while it is open', async () => {
    await using scratch = await scratchFolder();
    await using engine = await startEngine(holding('app:1.0', id, archive));
    const reference = { transport: 'docker-daemon', name: 'app:1.0' } as const;
    await using source = await openDockerDaemon(reference, {
      ...options,
      dockerHost: engine.host,
      scratchFolder: scratch.path,
    });
    expect((await source.root(options)).isMadeUp).toBe(true);
    expect(await readdir(scratch.path)).toEqual([]);
  });
});

describe('an engine that fails', () => {
  const sends =
    (status: number, body: string): Answer =>
    (_, response) => {
      response.writeHead(status).end(body);
      return true;
    };

  test.each([
    {
      answer: sends(500, '{"message":"store is locked"}'),
      code: 'REGISTRY_UNAVAILABLE',
      says: '500: store is locked',
      why: 'an error',
    },
    {
      answer: sends(500, '\u001b[2Jnot json'),
      code: 'REGISTRY_UNAVAILABLE',
      says: '\\x1b[2Jnot json',
      why: 'an error as text',
    },
    { answer: sends(500, 'x'.repeat(100_000)), code: 'LIMIT_EXCEEDED', says: '65536', why: 'an error without end' },
    { answer: sends(400, '{}'), code: 'REGISTRY_INVALID', says: 'answered 400', why: 'it does not understand us' },
    { answer: sends(301, ''), code: 'REGISTRY_INVALID', says: 'answered 301', why: 'a redirect is not followed' },
    { answer: sends(200, '<html>'), code: 'REGISTRY_INVALID', says: 'did not say its id', why: 'another service' },
    {
      answer: sends(200, '{"Id":"../x"}'),
      code: 'REGISTRY_INVALID',
      says: 'did not say its id',
      why: 'an id that is a path',
    },
    { answer: packing(sends(404, '')), code: 'MANIFEST_UNKNOWN', says: 'no such image', why: 'the image went away' },
    { answer: packing(sends(200, 'no tar')), code: 'ARCHIVE_INVALID', says: 'not a tar', why: 'no archive' },
    { answer: packing(sends(200, '')), code: 'ARCHIVE_INVALID', says: 'no manifest.json', why: 'an empty archive' },
  ])('is told: $why', async ({ answer, code, says }) => {
    await expect(open(answer)).rejects.toMatchObject(failing(code, says));
  });

  test('by cutting the connection is told', async () => {
    const cutting: Answer = (_, response) => {
      response.writeHead(200, { 'content-length': archive.length });
      response.write(archive.subarray(0, 1000), () => response.socket?.destroy());
      return true;
    };
    await expect(open(packing(cutting))).rejects.toMatchObject(failing('REGISTRY_UNAVAILABLE', 'the connection to'));
    const closing: Answer = (_, response) => {
      response.socket?.destroy();
      return true;
    };
    await expect(open(closing)).rejects.toMatchObject(failing('REGISTRY_UNAVAILABLE', 'the connection to'));
  });

  test.each([
    { answer: () => true, why: 'before it answers' },
    {
      answer: packing((_, response) => {
        response.writeHead(200);
        response.write(archive.subarray(0, 1000));
        return true;
      }),
      why: 'in the middle of the image',
    },
  ])('by falling silent $why is given up', async ({ answer }) => {
    await expect(open(answer, 'app:1.0', { daemonTimeoutMs: 50 })).rejects.toMatchObject(
      failing('TIMED_OUT', 'said nothing for 50 ms'),
    );
  });

  test('is left at once when the work is cancelled', async () => {
    const controller = new AbortController();
    const answer = packing((_, response) => {
      response.write(archive.subarray(0, 1000), () => controller.abort());
      return true;
    });
    await expect(open(answer, 'app:1.0', { signal: controller.signal })).rejects.toMatchObject({ name: 'AbortError' });
    await expect(open(answer, 'app:1.0', { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });

  test('by sending more than we keep is left', async () => {
    await expect(open(holding('app:1.0', id, archive), 'app:1.0', { maxScratchBytes: 1000 })).rejects.toMatchObject(
      failing('LIMIT_EXCEEDED', '1000 bytes'),
    );
  });
});

describe('where no engine is', () => {
  const reference = { transport: 'docker-daemon', name: 'app:1.0' } as const;

  test('no socket says how to name another', async () => {
    const opening = openDockerDaemon(reference, { ...options, dockerHost: 'unix:///nowhere/docker.sock' });
    await expect(opening).rejects.toMatchObject(failing('REGISTRY_UNAVAILABLE', 'name its socket with DOCKER_HOST'));
  });

  test('a file in its place is no engine', async () => {
    await using folder = await scratchFolder();
    await writeFile(folder.at('docker.sock'), '');
    const opening = openDockerDaemon(reference, { ...options, dockerHost: folder.at('docker.sock') });
    await expect(opening).rejects.toMatchObject(failing('REGISTRY_UNAVAILABLE', 'no container engine listens'));
  });

  test('something that speaks no HTTP is told', async () => {
    await using folder = await scratchFolder();
    const server = createServer(socket => void socket.resume().end('SSH-2.0-OpenSSH_9.2\r\n'));
    await new Promise<void>(resolve => void server.listen(folder.at('docker.sock'), resolve));
    const opening = openDockerDaemon(reference, { ...options, dockerHost: `unix://${folder.at('docker.sock')}` });
    await expect(opening).rejects.toMatchObject(failing('REGISTRY_UNAVAILABLE', 'the connection to'));
    await new Promise(resolve => void server.close(resolve));
  });

  test.each([
    { dockerHost: 'tcp://10.0.0.1:2375', says: 'tcp://10.0.0.1:2375' },
    { dockerHost: 'ssh://user:secret@host', says: '"ssh://host"' },
    { dockerHost: 'unix://', says: 'only unix:// sockets' },
    { dockerHost: '', says: 'only unix:// sockets' },
  ])('"$dockerHost" is not supported', async ({ dockerHost, says }) => {
    const opening = openDockerDaemon(reference, { ...options, dockerHost });
    await expect(opening).rejects.toMatchObject(failing('USAGE', says));
  });
});
