/**
 * Idempotency keys: a creation that is repeated with the same key gets the first answer again instead of happening twice.
 *
 * Only what succeeded is kept: a refused request made nothing, and may be tried again with the same key. What is left of a request that a
 * crash cut short stays refused for a day, since nobody can say whether it happened.
 *
 * Source: the IETF draft "The Idempotency-Key HTTP Header Field".
 */
import { hash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { ServerContext } from '#store/context.ts';
import { toJson } from '#store/database.ts';

const MAX_KEY = 200;
/** For so long an answer is given again. */
const KEPT_MS = 24 * 60 * 60 * 1000;
/** Headers that belong to what was made. */
const KEPT_HEADERS = ['etag', 'location'] as const;

/** The header, for the document of the API. */
export const IDEMPOTENCY_HEADERS = {
  type: 'object',
  properties: {
    'Idempotency-Key': {
      type: 'string',
      minLength: 1,
      maxLength: MAX_KEY,
      description:
        'Chosen by the client. For a day, the same request with the same key gets the first answer again, with `Idempotent-Replayed: true`; another request with it gets 422, and one while the first is under way 409',
    },
  },
} as const;

/** Whether requests to a route may carry a key: it makes or starts something, for somebody who is known, from a body that is not a file. */
export function takesIdempotencyKey({ method, config }: Pick<RouteOptions, 'method' | 'config'>): boolean {
  const { access = 'anonymous', answersSecret, takesFile } = config ?? {};
  const isForSomebody = access === 'signed-in' || typeof access === 'object';
  return method === 'POST' && isForSomebody && answersSecret !== true && takesFile !== true;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The answer has a secret: it is kept nowhere, and so cannot be given again to a request that is repeated. */
    answersSecret?: true;
    /** The body is a file that is read as it comes: nothing that happens twice, and too large to be compared. */
    takesFile?: true;
  }
  interface FastifyRequest {
    idempotencyKey: string | undefined;
  }
}

/** Adds idempotency keys to every POST of a server whose principal is known. */
export function addIdempotency(
  app: FastifyInstance,
  { store: { db }, now }: Pick<ServerContext, 'store' | 'now'>,
): void {
  app.decorateRequest('idempotencyKey', undefined);
  app.addHook('preHandler', async (request, reply) => {
    const key = keyOf(request);
    const accountId = request.principal?.accountId;
    // Files are streamed, and are nothing that happens twice.
    if (key === undefined || accountId === undefined || isStream(request.body)) return;
    if (request.routeOptions.config.answersSecret === true) {
      throw new PlimsollError(
        'REQUEST_INVALID',
        'Cannot use an Idempotency-Key here: the answer has a secret, which is not kept to be given again',
      );
    }
    const requestHash = hashOf(request);
    const at = now();
    await db
      .deleteFrom('idempotentAnswer')
      .where('accountId', '=', accountId)
      .where('key', '=', key)
      .where('createdAt', '<', new Date(at.getTime() - KEPT_MS).toISOString())
      .execute();
    const inserted = await db
      .insertInto('idempotentAnswer')
      .values({ accountId, key, requestHash, createdAt: at })
      .onConflict(conflict => conflict.columns(['accountId', 'key']).doNothing())
      .executeTakeFirst();
    if (inserted.numInsertedOrUpdatedRows === 1n) {
      request.idempotencyKey = key;
      return;
    }
    const known = await db
      .selectFrom('idempotentAnswer')
      .selectAll()
      .where('accountId', '=', accountId)
      .where('key', '=', key)
      .executeTakeFirst();
    if (known !== undefined && known.requestHash !== requestHash) {
      throw new PlimsollError(
        'REQUEST_INVALID',
        `Cannot use Idempotency-Key "${printable(key)}" again: it was used for another request`,
      );
    }
    if (known?.status === undefined || known.status === null) {
      throw new PlimsollError(
        'CONFLICT',
        'Cannot repeat the request yet: the first one with this Idempotency-Key is still under way',
      );
    }
    for (const [name, value] of Object.entries((known.headers ?? {}) as Readonly<Record<string, string>>)) {
      reply.header(name, value);
    }
    reply.code(known.status).header('idempotent-replayed', 'true');
    if (known.body === null) return await reply.send();
    // Text, since the database puts the keys of objects into an order of its own.
    const text = typeof known.body === 'string' ? known.body : JSON.stringify(known.body);
    return await reply
      .type('application/json; charset=utf-8')
      .serializer(() => text)
      .send(text);
  });
  app.addHook('onSend', async (request, reply, payload) => {
    const { idempotencyKey: key, principal } = request;
    const accountId = principal?.accountId;
    if (key === undefined || accountId === undefined) return payload;
    request.idempotencyKey = undefined;
    const body = bodyOf(reply, payload);
    if (body === undefined) {
      await db.deleteFrom('idempotentAnswer').where('accountId', '=', accountId).where('key', '=', key).execute();
    } else {
      const headers = KEPT_HEADERS.flatMap(name =>
        reply.hasHeader(name) ? [[name, String(reply.getHeader(name))]] : [],
      );
      await db
        .updateTable('idempotentAnswer')
        .set({ status: reply.statusCode, body: body.json, headers: toJson(Object.fromEntries(headers)) })
        .where('accountId', '=', accountId)
        .where('key', '=', key)
        .execute();
    }
    return payload;
  });
}

/** What is asked for, by which key: an API key that may do less must not be shown the answer to another one of the same account. */
function hashOf({ method, url, body, principal }: FastifyRequest): string {
  const text = `${principal?.apiKeyId ?? ''} ${method} ${url}\n${JSON.stringify(body ?? null)}`;
  return hash('sha256', text);
}

/** The text of an answer that is worth keeping. */
function bodyOf(
  reply: FastifyReply,
  payload: unknown,
): { readonly json: ReturnType<typeof toJson> | null } | undefined {
  if (reply.statusCode < 200 || reply.statusCode > 299) return undefined;
  if (payload === null || payload === undefined || payload === '') return { json: null };
  const isJson = String(reply.getHeader('content-type')).startsWith('application/json');
  return typeof payload === 'string' && isJson ? { json: toJson(payload) } : undefined;
}

function isStream(body: unknown): boolean {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}

function keyOf(request: FastifyRequest): string | undefined {
  const header = request.headers['idempotency-key'];
  if (request.method !== 'POST' || header === undefined) return undefined;
  const key = Array.isArray(header) ? header[0] : header;
  if (key === undefined || key === '' || key.length > MAX_KEY) {
    throw new PlimsollError('REQUEST_INVALID', `Cannot use the Idempotency-Key: it has 1 to ${MAX_KEY} characters`);
  }
  return key;
}
