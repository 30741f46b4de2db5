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

/** An entry as it is read. */
export interface AuditEntry extends Omit<NewAuditEntry, 'at' | 'detail'> {
  /** Rises with time. */
  readonly id: number;
  readonly at: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Which entries to read; missing fields do not limit. */
export interface AuditQuery {
  /** Only entries older than the one of this id. */
  readonly before?: number | undefined;
  readonly limit: number;
  /** Only of these namespaces; entries of none are then left out. */
  readonly namespaceIds?: readonly string[] | undefined;
  readonly accountId?: string | undefined;
  readonly action?: string | undefined;
  readonly subjectKind?: string | undefined;
  readonly subjectId?: string | undefined;
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
}

/** Entries, newest first. */
export async function listAudit(db: Db, query: AuditQuery): Promise<readonly AuditEntry[]> {
  const { before, limit, namespaceIds, accountId, action, subjectKind, subjectId, since, until } = query;
  if (namespaceIds?.length === 0) return [];
  let select = db.selectFrom('auditEntry').selectAll();
  if (before !== undefined) select = select.where('id', '<', before);
  if (namespaceIds !== undefined) select = select.where('namespaceId', 'in', [...namespaceIds]);
  if (accountId !== undefined) select = select.where('accountId', '=', accountId);
  if (action !== undefined) select = select.where('action', '=', action);
  if (subjectKind !== undefined) select = select.where('subjectKind', '=', subjectKind);
  if (subjectId !== undefined) select = select.where('subjectId', '=', subjectId);
  if (since !== undefined) select = select.where('at', '>=', since.toISOString());
  if (until !== undefined) select = select.where('at', '<', until.toISOString());
  const rows = await select.orderBy('id', 'desc').limit(limit).execute();
  return rows.map(row => ({
    id: row.id,
    at: row.at,
    actor: {
      name: row.actor,
      accountId: row.accountId ?? undefined,
      apiKeyId: row.apiKeyId ?? undefined,
      requestId: row.requestId ?? undefined,
      remoteAddress: row.remoteAddress ?? undefined,
    },
    action: row.action,
    namespaceId: row.namespaceId ?? undefined,
    subjectKind: row.subjectKind,
    subjectId: row.subjectId,
    detail: row.detail as AuditEntry['detail'],
  }));
}
