/** The builders' port over HTTP: for builders that are not the server itself. */

import { type Agent as PlainAgent, request as sendPlain } from 'node:http';
import { Agent, request as send } from 'node:https';
import { z } from 'zod';
import { ERRORS, type ErrorCode, PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { answerSchema, BUILDER_API, type BuilderPort, leasedBuildSchema } from './builder-port.ts';
import { type ProxySettings, readBuildProxies } from './proxies.ts';

/** Where the server is. */
export interface BuilderServer {
  /** Its address; `https:`, or `http:` where that was allowed. */
  readonly url: string;
  readonly token: string;
  /** Certificates to trust besides the system's, in PEM. */
  readonly caPem?: string | undefined;
  readonly userAgent: string;
  /** `HTTPS_PROXY` and `NO_PROXY`, in upper or lower case. */
  readonly proxies?: ProxySettings | undefined;
}

const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
const problemSchema = z.object({ code: z.string().max(100).default(''), detail: z.string().max(10_000).default('') });

/** Opens the port to a server; nothing is asked yet. */
export function openHttpBuilderPort(server: BuilderServer): BuilderPort {
  const proxyEnv = readBuildProxies(server.proxies).env;
  const agent = server.url.startsWith('https:') ? new Agent({ keepAlive: true, proxyEnv }) : undefined;
  const ask = async (path: string, json: unknown, signal: AbortSignal) =>
    await askServer({ ...server, agent }, path, json, signal);
  return {
    async lease(question, { signal }) {
      const answer = await ask('/lease', question, signal);
      return parse(z.object({ build: leasedBuildSchema.nullable() }), answer, server).build ?? undefined;
    },
    async report(buildId, report, { signal }) {
      return parse(answerSchema, await ask(`/builds/${buildId}/report`, report, signal), server).answer;
    },
    async end(buildId, ending, { signal }) {
      return parse(answerSchema, await ask(`/builds/${buildId}/end`, ending, signal), server).answer;
    },
  };
}

async function askServer(
  { url, token, caPem, userAgent, agent }: BuilderServer & { readonly agent: PlainAgent | undefined },
  path: string,
  json: unknown,
  signal: AbortSignal,
): Promise<string> {
  const target = new URL(`.${BUILDER_API}${path}`, url.endsWith('/') ? url : `${url}/`);
  const body = Buffer.from(JSON.stringify(json));
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'content-length': String(body.byteLength),
    accept: 'application/json, application/problem+json',
    'user-agent': userAgent,
  };
  let status: number;
  let text: string;
  try {
    ({ status, text } = await new Promise<{ status: number; text: string }>((resolve, reject) => {
      const options = { method: 'POST', headers, signal, agent, ...(caPem === undefined ? {} : { ca: caPem }) };
      const outgoing = (target.protocol === 'http:' ? sendPlain : send)(target, options, answer => {
        const chunks: Buffer[] = [];
        let sizeBytes = 0;
        answer.on('data', (chunk: Buffer) => {
          sizeBytes += chunk.byteLength;
          if (sizeBytes > MAX_ANSWER_BYTES) answer.destroy(new Error(`it sends over ${MAX_ANSWER_BYTES} bytes`));
          chunks.push(chunk);
        });
        answer.on('error', reject);
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
        );
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    }));
  } catch (cause) {
    signal.throwIfAborted();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PlimsollError('SERVER_UNAVAILABLE', `Cannot reach the server at ${target.host}: ${printable(why)}`, {
      cause,
    });
  }
  if (status >= 200 && status < 300) return text;
  throw toFailure(target, status, text);
}

function toFailure(target: URL, status: number, text: string): PlimsollError {
  let said: z.output<typeof problemSchema> = { code: '', detail: '' };
  try {
    said = problemSchema.parse(JSON.parse(text));
  } catch {
    // Not ours: a proxy, or another server.
  }
  const detail = said.detail === '' ? `${target.host} answers ${status}` : printable(said.detail, 1000);
  if (status === 401) return new PlimsollError('UNAUTHENTICATED', detail);
  const code = Object.hasOwn(ERRORS, said.code) ? (said.code as ErrorCode) : 'SERVER_UNAVAILABLE';
  return new PlimsollError(status >= 500 ? 'SERVER_UNAVAILABLE' : code, `Cannot talk to the server: ${detail}`);
}

function parse<T extends z.ZodType>(schema: T, text: string, { url }: BuilderServer): z.output<T> {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    const message = `Cannot use the answer of ${new URL(url).host}: it is something else than was asked for; are server and builder of the same version?`;
    throw new PlimsollError('SERVER_UNAVAILABLE', message, { cause });
  }
}
