/**
 * `docker-daemon:NAME`: an image in the store of a Docker Engine, or of podman through its Docker-compatible socket.
 *
 * The engine writes the image as a `docker save` archive, which goes into a nameless temporary file and is read from there.
 * Source: Docker Engine API v1.41, `GET /images/{name}/json` and `GET /images/{name}/get`.
 */
import { type IncomingMessage, request } from 'node:http';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { type DaemonReference, formatReference } from '#oci/reference.ts';
import { archiveTree } from './archive-tree.ts';
import type { ContentSource } from './content.ts';
import { dockerArchiveSource } from './docker-archive.ts';
import { type ScratchOptions, toScratchFile } from './scratch-file.ts';

export interface DaemonOptions extends ScratchOptions {
  /** The engine's address as in `DOCKER_HOST`: `unix:///run/podman/podman.sock`; `unix:///var/run/docker.sock` unless told. */
  readonly dockerHost?: string | undefined;
  /** How long the engine may say nothing, in milliseconds; 10 minutes unless told: it may pack the whole image first. */
  readonly daemonTimeoutMs?: number | undefined;
}

const DEFAULT_HOST = 'unix:///var/run/docker.sock';
const TIMEOUT_MS = 600_000;
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
/** Longest error text of an engine worth repeating. */
const MAX_ERROR_BYTES = 64 * 1024;

/**
 * Opens the image that the engine knows by that name or id.
 *
 * @throws {PlimsollError} `MANIFEST_UNKNOWN` when it knows none; `REGISTRY_UNAVAILABLE` when nothing listens on the socket;
 * `FILE_DENIED` when we may not use it; `REGISTRY_INVALID`, `TIMED_OUT`, `LIMIT_EXCEEDED`; `USAGE` for a host that is no unix socket.
 */
export async function openDockerDaemon(reference: DaemonReference, options: DaemonOptions): Promise<ContentSource> {
  const { dockerHost = DEFAULT_HOST, daemonTimeoutMs = TIMEOUT_MS, signal } = options;
  const socketPath = toSocketPath(dockerHost);
  const daemon: Daemon = { socketPath, timeoutMs: daemonTimeoutMs, signal };
  // Asked by name the engine may pack every tag of a repository; by id it packs one image.
  const id = await findImageId(daemon, reference.name);
  const what = `image "${printable(reference.name)}"`;
  const archive = await get(daemon, `/images/${encodeURIComponent(id)}/get`, what);
  const file = await toScratchFile(bodyOf(archive, daemon, what), what, options);
  const tree = await archiveTree(file, what, options);
  return await dockerArchiveSource(tree, { reference: formatReference(reference) });
}

interface Daemon {
  readonly socketPath: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

function toSocketPath(host: string): string {
  if (host.startsWith('unix://') && host.length > 'unix://'.length) return host.slice('unix://'.length);
  if (host.startsWith('/')) return host;
  throw new PlimsollError(
    'USAGE',
    `Cannot use the container engine at "${printable(host.replace(/\/\/[^/]*@/, '//'))}": only unix:// sockets are supported`,
  );
}

async function findImageId(daemon: Daemon, name: string): Promise<string> {
  // The name becomes a part of a path: nothing in it may change which.
  const isSafe = /^[A-Za-z0-9][A-Za-z0-9._:@/-]*$/.test(name) && !name.split('/').some(part => /^\.{0,2}$/.test(part));
  if (!isSafe) {
    throw new PlimsollError(
      'REFERENCE_INVALID',
      `Cannot read reference "docker-daemon:${printable(name)}": it is not a name or id of an image`,
    );
  }
  const what = `image "${printable(name)}"`;
  const path = `/images/${name.split('/').map(encodeURIComponent).join('/')}/json`;
  const bytes = await readBody(await get(daemon, path, what), daemon, what, MAX_ANSWER_BYTES);
  const id = idIn(bytes);
  if (id === undefined) {
    throw new PlimsollError(
      'REGISTRY_INVALID',
      `Cannot open ${what}: the engine at "${printable(daemon.socketPath)}" did not say its id`,
    );
  }
  return id;
}

function idIn(bytes: Buffer): string | undefined {
  try {
    const json: unknown = JSON.parse(bytes.toString('utf8'));
    const id = typeof json === 'object' && json !== null && 'Id' in json ? json.Id : undefined;
    return typeof id === 'string' && /^(?:sha256:)?[0-9a-f]{64}$/.test(id) ? id : undefined;
  } catch {
    return undefined;
  }
}

/** Sends a request; the answer's head has come and says 200. */
async function get(daemon: Daemon, path: string, what: string): Promise<IncomingMessage> {
  const { socketPath, timeoutMs, signal } = daemon;
  signal.throwIfAborted();
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const asked = request({
      socketPath,
      path,
      headers: { host: 'localhost' },
      signal,
      timeout: timeoutMs,
      agent: false,
    });
    let answer: IncomingMessage | undefined;
    asked.once('response', head => {
      answer = head;
      resolve(head);
    });
    // Also while the body comes: the answer must fail with the reason, not with a closed connection.
    asked.once('timeout', () => (answer ?? asked).destroy(timedOut(daemon, what)));
    asked.on('error', reject);
    asked.end();
  }).catch(error => {
    throw networkError(error, daemon, what);
  });
  const { statusCode = 0 } = response;
  if (statusCode === 200) return response;
  const text = errorText(await readBody(response, daemon, what, MAX_ERROR_BYTES));
  const at = `the engine at "${printable(socketPath)}"`;
  if (statusCode === 404) {
    throw new PlimsollError('MANIFEST_UNKNOWN', `Cannot open ${what}: ${at} has no such image`);
  }
  throw new PlimsollError(
    statusCode >= 500 ? 'REGISTRY_UNAVAILABLE' : 'REGISTRY_INVALID',
    `Cannot open ${what}: ${at} answered ${statusCode}${text === '' ? '' : `: ${printable(text)}`}`,
  );
}

async function* bodyOf(response: IncomingMessage, daemon: Daemon, what: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of response) yield chunk;
  } catch (error) {
    throw networkError(error, daemon, what);
  }
}

async function readBody(response: IncomingMessage, daemon: Daemon, what: string, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of bodyOf(response, daemon, what)) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) {
      throw new PlimsollError('LIMIT_EXCEEDED', `Cannot open ${what}: the engine's answer is over ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** What engines say in `{"message": …}`; podman adds `cause`. */
function errorText(bytes: Buffer): string {
  try {
    const json: unknown = JSON.parse(bytes.toString('utf8'));
    const isMessage = typeof json === 'object' && json !== null && 'message' in json;
    return isMessage ? String(json.message) : '';
  } catch {
    return bytes.toString('utf8');
  }
}

function networkError(error: unknown, daemon: Daemon, what: string): unknown {
  const { signal, socketPath } = daemon;
  if (signal.aborted) return signal.reason;
  if (error instanceof PlimsollError || !(error instanceof Error)) return error;
  const code = 'code' in error ? error.code : undefined;
  const cannot = `Cannot open ${what}`;
  const path = `"${printable(socketPath)}"`;
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return new PlimsollError('FILE_DENIED', `${cannot}: permission denied on the engine's socket ${path}`, {
        cause: error,
      });
    case 'ENOENT':
    case 'ECONNREFUSED':
    case 'ENOTSOCK':
    case 'ENOTDIR':
      return new PlimsollError(
        'REGISTRY_UNAVAILABLE',
        `${cannot}: no container engine listens on ${path}; start it, or name its socket with DOCKER_HOST`,
        { cause: error },
      );
    default:
      return new PlimsollError(
        'REGISTRY_UNAVAILABLE',
        `${cannot}: the connection to ${path} failed: ${printable(error.message)}`,
        { cause: error },
      );
  }
}

function timedOut(daemon: Daemon, what: string): PlimsollError {
  return new PlimsollError(
    'TIMED_OUT',
    `Cannot open ${what}: the engine at "${printable(daemon.socketPath)}" said nothing for ${daemon.timeoutMs} ms`,
  );
}
