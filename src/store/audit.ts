/**
 * The audit log: every change that somebody asked for, written in its transaction.
 */
import { type Db, toJson } from './database.ts';

/** Who, and by which request. */
export interface Actor {
  readonly accountId?: string | undefined;
  readonly name: string;
  readonly apiKeyId?: string | undefined;
  readonly requestId?: string | undefined;
  readonly remoteAddress?: string | undefined;
}

/** An entry to be written. */
export interface NewAuditEntry {
  readonly at: Date;
  readonly actor: Actor;
  /** Subject and verb: `registry.create`, `run.cancel`. */
  readonly action: string;
  readonly namespaceId?: string | undefined;
  readonly subjectKind: string;
  readonly subjectId: string;
  /** What changed; never a secret. */
  readonly detail?: Readonly<Record<string, unknown>> | undefined;
}

/** Writes one entry. */
export async function recordAudit(db: Db, entry: NewAuditEntry): Promise<void> {
  const { at, actor, action, namespaceId, subjectKind, subjectId, detail } = entry;
  await db
    .insertInto('auditEntry')
    .values({
      at,
      accountId: actor.accountId ?? null,
      actor: actor.name,
      apiKeyId: actor.apiKeyId ?? null,
      action,
      namespaceId: namespaceId ?? null,
      subjectKind,
      subjectId,
      detail: toJson(detail ?? {}),
      requestId: actor.requestId ?? null,
      remoteAddress: actor.remoteAddress ?? null,
    })
    .execute();
}
