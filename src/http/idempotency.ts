/**
 * Idempotency keys: a creation that is repeated with the same key gets the first answer again instead of happening twice.
 *
 * Source: the IETF draft "The Idempotency-Key HTTP Header Field".
 */
import { hash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { PlimsollError } from '#base/errors.ts';
import type { ServerContext } from '#store/context.ts';
import { toJson } from '#store/database.ts';

const MAX_KEY = 200;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The answer has a secret that is shown once: it is never kept, and so cannot be given again. */
    answersSecret?: true;
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
    const requestHash = hash('sha256', `${request.method} ${request.url}\n${JSON.stringify(request.body ?? null)}`);
    const inserted = await db
      .insertInto('idempotentAnswer')
      .values({ accountId, key, requestHash, createdAt: now() })
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
        `Cannot use Idempotency-Key "${key}" again: it was used for another request`,
      );
    }
    if (known?.status === undefined || known.status === null) {
      throw new PlimsollError(
        'CONFLICT',
        'Cannot repeat the request yet: the first one with this Idempotency-Key is still under way',
      );
    }
    await reply.code(known.status).header('idempotent-replayed', 'true').serializer(JSON.stringify).send(known.body);
  });
  app.addHook('onSend', async (request, reply, payload) => {
    const { idempotencyKey: key, principal } = request;
    const accountId = principal?.accountId;
    if (key === undefined || accountId === undefined) return payload;
    request.idempotencyKey = undefined;
    const row = db.updateTable('idempotentAnswer').where('accountId', '=', accountId).where('key', '=', key);
    const isKept = reply.statusCode < 500 && (typeof payload === 'string' || payload === null || payload === undefined);
    // What failed by our fault may be tried again with the same key.
    if (isKept)
      await row
        .set({ status: reply.statusCode, body: payload ? toJson(JSON.parse(payload as string)) : null })
        .execute();
    else await db.deleteFrom('idempotentAnswer').where('accountId', '=', accountId).where('key', '=', key).execute();
    return payload;
  });
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
