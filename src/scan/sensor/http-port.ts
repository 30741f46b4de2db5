/**
 * The port of sensors over HTTPS, the sensor's side: every question is one request that the sensor makes.
 */
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { z } from 'zod';
import { ERRORS, type ErrorCode, PlimsollError, toPlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { isLoopback } from '#image/registry/address.ts';
import { AttemptError, backoffMs, DEFAULT_PATIENCE, type Patience } from '#image/registry/attempt.ts';
import { readAll } from '#image/registry/read-body.ts';
import { type Answer, discard, type Hop, type ProxyEnvironment, Transport } from '#image/registry/transport.ts';
import { heartbeatAnswer, type Lease, type LeaseAnswer, type SensorPort } from '../task/contract.ts';
import { pause } from './reports.ts';
import {
  LEASE_HEADER,
  leasedTasks,
  leaseVerdict,
  MAX_LEASE_WAIT_MS,
  type registerAnswer as RegisterAnswer,
  registerAnswer,
  type registerRequest,
  SENSOR_API,
  unknownDigests,
  WIRE_LIMITS,
} from './wire.ts';

/** How the server is reached. */
export interface ServerConnectionOptions {
  /** `https://plimsoll.example`, perhaps with a path in front of the API. */
  readonly url: string;
  /** Further certificate authorities, PEM texts. */
  readonly authorities: readonly string[];
  /** `HTTPS_PROXY` and `NO_PROXY`. */
  readonly env: ProxyEnvironment;
  readonly userAgent: string;
  /** Whether plain http may be spoken to other machines: secrets of registries go over it. */
  readonly allowsHttp?: boolean | undefined;
  readonly patience?: Partial<Patience> | undefined;
}

/** A server that is asked. Closing it cuts every connection. */
export interface ServerConnection extends AsyncDisposable {
  /** Introduces this sensor. @throws {PlimsollError} `UNAUTHENTICATED` for a token that lets nobody in. */
  register(
    introduction: z.input<typeof registerRequest>,
    options: { readonly signal: AbortSignal },
  ): Promise<z.output<typeof RegisterAnswer>>;
  /** The port for a sensor that shows `secret`. */
  port(secret: string): SensorPort;
}

/** A server has less to say than a registry before it answers, but a lease may be waited for. */
const PATIENCE: Patience = {
  ...DEFAULT_PATIENCE,
  attempts: 3,
  baseDelayMs: 300,
  maxDelayMs: 3000,
  headersTimeoutMs: MAX_LEASE_WAIT_MS + 30_000,
};

const CHUNK_BYTES = 1024 * 1024;
const MAX_PROBLEM_BYTES = 64 * 1024;
const toGzip = promisify(gzip);

const problemSchema = z.object({ code: z.string().catch(''), detail: z.string().catch('') });

/** Opens the way to a server; no request is made yet. @throws {PlimsollError} `USAGE` for an address that cannot be used. */
export function openServerConnection(options: ServerConnectionOptions): ServerConnection {
  const base = readServerUrl(options.url, options.allowsHttp ?? false);
  const patience = { ...PATIENCE, ...options.patience };
  const transport = new Transport({
    tlsVerify: true,
    authorities: options.authorities,
    proxies: options.env,
    patience,
    userAgent: options.userAgent,
    allowsLinkLocal: false,
    home: base.hostname,
    allowsPrivate: true,
    advice: 'ca-file',
  });
  const asking = new Asking(base, transport, patience);
  return {
    async register(introduction, { signal }) {
      const task = 'Cannot register the sensor';
      const answer = await asking.ask({ method: 'POST', path: '/register', json: introduction, task, signal });
      return parse(registerAnswer, answer, task);
    },
    port: secret => createPort(asking, secret),
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
}

/** The address of a server, with a slash at its end. @throws {PlimsollError} `USAGE`. */
export function readServerUrl(text: string, allowsHttp: boolean): URL {
  const url = URL.parse(text);
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
  if (url === null || !isWeb || url.username !== '' || url.password !== '') {
    throw new PlimsollError(
      'USAGE',
      'Cannot use the address of the server: expected a URL such as https://plimsoll.example',
    );
  }
  if (url.protocol === 'http:' && !allowsHttp && !isLoopback(url.hostname)) {
    throw new PlimsollError(
      'USAGE',
      `Cannot use ${printable(url.origin)}: secrets of registries would go over plain http; use https, or say --allow-http where the network is safe`,
    );
  }
  url.search = '';
  url.hash = '';
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/`;
  return url;
}

function createPort(asking: Asking, secret: string): SensorPort {
  const ask = (question: Omit<Question, 'secret'>) => asking.ask({ ...question, secret });
  const report = async (
    lease: Lease,
    what: string,
    body: Pick<Question, 'json' | 'bytes' | 'mediaType'>,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<LeaseAnswer> => {
    const task = `Cannot report ${what} of task ${lease.taskId}`;
    const path = `/tasks/${lease.taskId}/${what}`;
    const answer = await ask({ method: 'POST', path, lease, task, signal, ...body });
    return parse(leaseVerdict, answer, task).answer;
  };
  return {
    async heartbeat(json, { signal }) {
      const task = 'Cannot send a heartbeat';
      return parse(heartbeatAnswer, await ask({ method: 'POST', path: '/heartbeat', json, task, signal }), task);
    },
    async lease(count, { waitMs, signal }) {
      const task = 'Cannot lease tasks';
      const json = { count: Math.min(count, 20), waitMs: Math.min(waitMs, MAX_LEASE_WAIT_MS) };
      // Not repeated here: what a lost answer leased is leased until the server notices.
      const answer = await ask({
        method: 'POST',
        path: '/lease',
        json,
        task,
        signal,
        attempts: 1,
        limitBytes: 64 * 1024 * 1024,
      });
      return parse(leasedTasks, answer, task).tasks;
    },
    reportRepositories: (lease, repositories, options) =>
      report(lease, 'repositories', { json: { repositories } }, options),
    async findUnknownManifests(lease, digests, { signal }) {
      const task = `Cannot ask about manifests of task ${lease.taskId}`;
      const path = `/tasks/${lease.taskId}/unknown-manifests`;
      const answer = await ask({ method: 'POST', path, lease, json: { digests }, task, signal });
      return parse(unknownDigests, answer, task).unknown;
    },
    reportManifests: (lease, manifests, options) => report(lease, 'manifests', { json: { manifests } }, options),
    reportTags: (lease, tags, options) => report(lease, 'tags', { json: { tags } }, options),
    async findLayerFacts(layerDigest, version, { signal }) {
      const task = `Cannot ask for the facts of layer ${layerDigest}`;
      const path = factsPath(layerDigest, version);
      return await ask({ method: 'GET', path, task, signal, limitBytes: WIRE_LIMITS.facts, mayBeMissing: true });
    },
    async keepLayerFacts(layerDigest, version, bytes, { signal }) {
      const task = `Cannot share the facts of layer ${layerDigest}`;
      const mediaType = 'application/octet-stream';
      await ask({ method: 'PUT', path: factsPath(layerDigest, version), bytes, mediaType, task, signal });
    },
    reportInventory: async (lease, inventory, options) => {
      const bytes = await toGzip(inventory, { level: 1 });
      return await report(lease, 'inventory', { bytes, mediaType: 'application/gzip' }, options);
    },
    async end(lease, outcome, { signal }) {
      const task = `Cannot report the end of task ${lease.taskId}`;
      await ask({ method: 'POST', path: `/tasks/${lease.taskId}/end`, lease, json: { outcome }, task, signal });
    },
  };
}

function factsPath(layerDigest: string, version: string): string {
  return `/layers/${encodeURIComponent(layerDigest)}/facts/${encodeURIComponent(version)}`;
}

/** One question to the server. */
interface Question {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Below the API. */
  readonly path: string;
  readonly task: string;
  readonly signal: AbortSignal;
  readonly secret?: string | undefined;
  readonly lease?: Lease | undefined;
  readonly json?: unknown;
  readonly bytes?: Uint8Array;
  readonly mediaType?: string;
  /** Most bytes of the answer; 8 MiB unless told. */
  readonly limitBytes?: number;
  readonly attempts?: number;
  /** Whether 404 is an answer: undefined. */
  readonly mayBeMissing?: true;
}

class Asking {
  readonly #base: URL;
  readonly #transport: Transport;
  readonly #patience: Patience;

  constructor(base: URL, transport: Transport, patience: Patience) {
    this.#base = base;
    this.#transport = transport;
    this.#patience = patience;
  }

  /** The body of the answer. @throws {PlimsollError} `SERVER_UNAVAILABLE`, or what the server says is wrong. */
  async ask(question: Question): Promise<Uint8Array | undefined> {
    const { signal, attempts = this.#patience.attempts } = question;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#once(question);
      } catch (error) {
        if (signal.aborted) throw toPlimsollError(signal.reason);
        const failure = this.#toUnavailable(error);
        if (failure.code !== 'SERVER_UNAVAILABLE' || attempt >= attempts) throw failure;
        await pause(backoffMs(attempt, this.#patience), signal);
      }
    }
  }

  async #once(question: Question): Promise<Uint8Array | undefined> {
    const { task, signal, limitBytes = WIRE_LIMITS.document } = question;
    const options = { task, signal };
    const answer = await this.#transport.send(this.#toHop(question), options);
    try {
      if (answer.status === 404 && question.mayBeMissing === true) return undefined;
      if (answer.status >= 200 && answer.status < 300) {
        return await readAll(answer, this.#transport, { ...options, limitBytes });
      }
      throw await this.#toFailure(answer, question);
    } finally {
      await discard(answer);
    }
  }

  #toHop({ method, path, secret, lease, json, bytes, mediaType }: Question): Hop {
    const body = json === undefined ? bytes : Buffer.from(JSON.stringify(json));
    return {
      method,
      url: new URL(`.${SENSOR_API}${path}`, this.#base),
      headers: {
        accept: 'application/json, application/octet-stream, application/problem+json',
        ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }),
        ...(lease === undefined ? {} : { [LEASE_HEADER]: lease.leaseToken }),
        ...(body === undefined
          ? {}
          : { 'content-type': mediaType ?? 'application/json', 'content-length': String(body.length) }),
      },
      // In pieces, so that the time that a slow line takes does not count as waiting for an answer.
      ...(body === undefined ? {} : { body: body.length > CHUNK_BYTES ? Readable.from(pieces(body)) : body }),
    };
  }

  async #toFailure(answer: Answer, { task, signal }: Question): Promise<PlimsollError> {
    const { status, url } = answer;
    const said = await this.#readProblem(answer, { task, signal });
    const detail = said.detail === '' ? `${url.host} answers ${status}` : printable(said.detail, 1000);
    if (status === 401) return new PlimsollError('UNAUTHENTICATED', detail);
    const isPassing = status >= 500 || status === 408 || status === 429 || status === 499;
    if (isPassing) return new PlimsollError('SERVER_UNAVAILABLE', `${task}: ${detail}`);
    if (said.code === '') {
      const what = 'is it a Plimsoll server, and is there no proxy or log-in page in between?';
      return new PlimsollError('SERVER_UNAVAILABLE', `${task}: ${url.host} answers ${status}; ${what}`);
    }
    return new PlimsollError(isErrorCode(said.code) ? said.code : 'REQUEST_INVALID', `${task}: ${detail}`);
  }

  async #readProblem(
    answer: Answer,
    options: { readonly task: string; readonly signal: AbortSignal },
  ): Promise<z.output<typeof problemSchema>> {
    try {
      const bytes = await readAll(answer, this.#transport, { ...options, limitBytes: MAX_PROBLEM_BYTES });
      return problemSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
    } catch {
      return { code: '', detail: '' };
    }
  }

  /** Whatever went wrong on the way. */
  #toUnavailable(error: unknown): PlimsollError {
    if (!(error instanceof AttemptError)) return toPlimsollError(error);
    return new PlimsollError('SERVER_UNAVAILABLE', error.message, { cause: error });
  }
}

function* pieces(body: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < body.length; at += CHUNK_BYTES) yield body.subarray(at, at + CHUNK_BYTES);
}

function parse<T extends z.ZodType>(schema: T, answer: Uint8Array | undefined, task: string): z.output<T> {
  try {
    return schema.parse(JSON.parse(Buffer.from(answer ?? []).toString('utf8')));
  } catch (cause) {
    throw new PlimsollError(
      'SERVER_UNAVAILABLE',
      `${task}: the server answers something else than was asked for; are server and sensor of the same version?`,
      { cause },
    );
  }
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}
