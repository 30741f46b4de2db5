/** Answers of Clair's API: documents, compressed for who takes that, and errors in its form. */
import { promisify } from 'node:util';
import { gzip, zstdCompress } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { toProblem } from '../problem.ts';

/** Less is not worth the time. */
const COMPRESSED_FROM_BYTES = 4096;

const CODES: Readonly<Record<number, string>> = {
  400: 'bad-request',
  404: 'not-found',
  405: 'method-not-allowed',
  429: 'too-many-requests',
};

/** Sends a document under exactly this media type. */
export async function sendDocument(
  request: FastifyRequest,
  reply: FastifyReply,
  { type, body }: { readonly type: string; readonly body: unknown },
): Promise<FastifyReply> {
  const plain = Buffer.from(JSON.stringify(body));
  reply.header('content-type', type).header('vary', 'accept-encoding');
  if (plain.length < COMPRESSED_FROM_BYTES) return await reply.send(plain);
  const accepted = String(request.headers['accept-encoding'] ?? '');
  for (const [name, compress] of [
    ['zstd', promisify(zstdCompress)],
    ['gzip', promisify(gzip)],
  ] as const) {
    if (accepts(accepted, name)) return await reply.header('content-encoding', name).send(await compress(plain));
  }
  return await reply.send(plain);
}

/** Sends an error. Quay reads some of these texts as ASCII, and falls over any other character. */
export async function sendFailure(request: FastifyRequest, reply: FastifyReply, error: unknown): Promise<FastifyReply> {
  const { status, detail, code } = toProblem(error, request.id);
  if (status >= 500) request.log.error({ err: error, code }, 'request failed');
  // What Clair calls a bad request has several numbers here.
  const isBadRequest = status === 400 || status === 422;
  return await sendError(reply, isBadRequest ? 400 : status, detail);
}

/** Sends an error with these words. */
export async function sendError(reply: FastifyReply, status: number, message: string): Promise<FastifyReply> {
  const ascii = message
    .replaceAll(/[“”]/g, '"')
    .replaceAll('’', "'")
    .replaceAll(/[^\x20-\x7e]/g, '?');
  return await reply
    .code(status)
    .header('content-type', 'application/json')
    .send(Buffer.from(JSON.stringify({ code: CODES[status] ?? 'internal-error', message: ascii })));
}

/** Whether `Accept-Encoding` names an encoding, and not to refuse it. Source: RFC 9110, 12.5.3. */
function accepts(header: string, name: string): boolean {
  return header.split(',').some(part => {
    const [coding = '', ...parameters] = part.split(';').map(text => text.trim().toLowerCase());
    return coding === name && !parameters.some(text => /^q=0(?:\.0*)?$/.test(text));
  });
}
