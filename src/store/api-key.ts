/**
 * API keys, by the hash of what is shown once.
 */
import { randomUUID } from 'node:crypto';
import type { Db } from './database.ts';

/** A key, as it is listed; the key itself is nowhere. */
export interface ApiKey {
  readonly id: string;
  readonly accountId: string;
  readonly name: string;
  /** Its first characters, by which people recognise it. */
  readonly prefix: string;
  /** The most it may do; its account's roles bound it besides. */
  readonly role: 'viewer' | 'operator' | 'admin';
  /** Missing: wherever its account has a role. */
  readonly namespaceId: string | undefined;
  readonly createdAt: string;
  readonly expiresAt: string | undefined;
  /** Good to a minute. */
  readonly lastUsedAt: string | undefined;
  readonly revokedAt: string | undefined;
}

/** Adds one. */
export async function insertApiKey(
  db: Db,
  key: Pick<ApiKey, 'accountId' | 'name' | 'prefix' | 'role' | 'namespaceId'> & {
    readonly hash: string;
    readonly at: Date;
    readonly expiresAt?: Date | undefined;
  },
): Promise<ApiKey> {
  const { accountId, name, prefix, hash, role, namespaceId, at, expiresAt } = key;
  const row = await db
    .insertInto('apiKey')
    .values({
      id: randomUUID(),
      accountId,
      name,
      prefix,
      hash,
      role,
      namespaceId: namespaceId ?? null,
      createdAt: at,
      expiresAt: expiresAt ?? null,
    })
    .returning(COLUMNS)
    .executeTakeFirstOrThrow();
  return toApiKey(row);
}

/** The key of that id, or with that hash; revoked and expired ones included. */
export async function findApiKey(
  db: Db,
  by: { readonly id: string } | { readonly hash: string },
): Promise<ApiKey | undefined> {
  const select = db.selectFrom('apiKey').select(COLUMNS);
  const row = await ('id' in by
    ? select.where('id', '=', by.id)
    : select.where('hash', '=', by.hash)
  ).executeTakeFirst();
  return row === undefined ? undefined : toApiKey(row);
}

/** Which keys to list. */
export interface ApiKeyQuery {
  /** Missing: of all accounts. */
  readonly accountId?: string | undefined;
  readonly after?: { readonly createdAt: string; readonly id: string } | undefined;
  readonly limit: number;
}

/** Keys, newest first. */
export async function listApiKeys(db: Db, { accountId, after, limit }: ApiKeyQuery): Promise<readonly ApiKey[]> {
  let select = db.selectFrom('apiKey').select(COLUMNS);
  if (accountId !== undefined) select = select.where('accountId', '=', accountId);
  if (after !== undefined) {
    const { createdAt, id } = after;
    select = select.where(({ eb, refTuple, tuple }) => eb(refTuple('createdAt', 'id'), '<', tuple(createdAt, id)));
  }
  const rows = await select.orderBy('createdAt', 'desc').orderBy('id', 'desc').limit(limit).execute();
  return rows.map(toApiKey);
}

/** Remembers that it was used. */
export async function touchApiKey(db: Db, id: string, at: Date): Promise<void> {
  await db.updateTable('apiKey').set({ lastUsedAt: at }).where('id', '=', id).execute();
}

/** Ends one for good; false when it had ended before. */
export async function revokeApiKey(db: Db, id: string, at: Date): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('apiKey')
    .set({ revokedAt: at })
    .where('id', '=', id)
    .where('revokedAt', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** All but the hash. */
const COLUMNS = [
  'id',
  'accountId',
  'name',
  'prefix',
  'role',
  'namespaceId',
  'createdAt',
  'expiresAt',
  'lastUsedAt',
  'revokedAt',
] as const;

interface ApiKeyRow {
  id: string;
  accountId: string;
  name: string;
  prefix: string;
  role: string;
  namespaceId: string | null;
  createdAt: string;
  expiresAt: string | null;
  lastUsedAt: string | null;
  revokedAt: string | null;
}

function toApiKey(row: ApiKeyRow): ApiKey {
  return {
    ...row,
    // The schema's check allows no other.
    role: row.role as ApiKey['role'],
    namespaceId: row.namespaceId ?? undefined,
    expiresAt: row.expiresAt ?? undefined,
    lastUsedAt: row.lastUsedAt ?? undefined,
    revokedAt: row.revokedAt ?? undefined,
  };
}
