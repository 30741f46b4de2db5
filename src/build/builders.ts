/** Builders: who may build for this server. An admin adds one and gets its token, once; the one in the server's own process needs none. */
import type { Caller } from '#access/caller.ts';
import { toActor } from '#access/caller.ts';
import { requireRole } from '#access/principal.ts';
import { hashToken, makeToken } from '#access/secret-token.ts';
import { PlimsollError } from '#base/errors.ts';
import { recordAudit } from '#store/audit.ts';
import {
  type BuilderRecord,
  findBuilderByToken,
  insertBuilder,
  listBuilders as listStored,
  retireBuilder,
} from '#store/build-lease.ts';
import type { ServerContext } from '#store/context.ts';
import { inTransaction } from '#store/transaction.ts';

type BuilderContext = Pick<ServerContext, 'store' | 'now'>;

const PREFIX = 'plbt_';

/** Adds a builder; the answer is the only time that its token is shown. For admins of the server. @throws {PlimsollError} `CONFLICT` for a name that is taken. */
export async function addBuilder(
  { store, now }: BuilderContext,
  caller: Caller,
  name: string,
): Promise<{ readonly builder: BuilderRecord; readonly token: string }> {
  requireRole(caller.principal, 'admin', undefined);
  const token = makeToken(PREFIX);
  const builder = await inTransaction(store.db, async trx => {
    const at = now();
    const made = await insertBuilder(trx, { name, tokenHash: hashToken(token), at });
    await recordAudit(trx, {
      at,
      actor: toActor(caller),
      action: 'builder.add',
      subjectKind: 'builder',
      subjectId: made.id,
      detail: { name },
    });
    return made;
  });
  return { builder, token };
}

/** All builders; for viewers of the server. */
export async function listBuilders(
  { store }: Pick<BuilderContext, 'store'>,
  { principal }: Caller,
): Promise<readonly BuilderRecord[]> {
  requireRole(principal, 'viewer', undefined);
  return await listStored(store.db);
}

/** Ends a builder: its token opens nothing any more, and what it is at goes to another. For admins of the server. @throws {PlimsollError} `NOT_FOUND`. */
export async function removeBuilder({ store, now }: BuilderContext, caller: Caller, id: string): Promise<void> {
  requireRole(caller.principal, 'admin', undefined);
  await inTransaction(store.db, async trx => {
    const at = now();
    const name = await retireBuilder(trx, id, at);
    if (name === undefined) throw new PlimsollError('NOT_FOUND', 'Cannot remove the builder: there is none of that id');
    await recordAudit(trx, {
      at,
      actor: toActor(caller),
      action: 'builder.remove',
      subjectKind: 'builder',
      subjectId: id,
      detail: { name },
    });
  });
}

/** The builder that shows a token. @throws {PlimsollError} `UNAUTHENTICATED`. */
export async function authenticateBuilder(
  { store }: Pick<BuilderContext, 'store'>,
  token: string,
): Promise<BuilderRecord> {
  const isOne = token.startsWith(PREFIX) && token.length < 200;
  const builder = isOne ? await findBuilderByToken(store.db, hashToken(token)) : undefined;
  if (builder !== undefined) return builder;
  throw new PlimsollError(
    'UNAUTHENTICATED',
    'Cannot let the builder in: its token is unknown, or the builder was removed; add it again for a fresh one',
  );
}
