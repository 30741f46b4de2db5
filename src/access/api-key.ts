/**
 * API keys: made for an account, shown once, never worth more than their account.
 */
import { PlimsollError } from '#base/errors.ts';
import { findAccount } from '#store/account.ts';
import {
  type ApiKey,
  type ApiKeyQuery,
  findApiKey,
  insertApiKey,
  listApiKeys as listStoredKeys,
  revokeApiKey as revokeStoredKey,
} from '#store/api-key.ts';
import { recordAudit } from '#store/audit.ts';
import { findNamespace } from '#store/namespace.ts';
import { listRoles } from '#store/role-binding.ts';
import { type AccessContext, type Caller, toActor } from './caller.ts';
import { API_KEY_PREFIX } from './credentials.ts';
import { toPrincipal } from './grant.ts';
import { parseDisplayName } from './name.ts';
import { hasRole, type Principal, type Role, requireRole } from './principal.ts';
import { hashToken, makeToken } from './secret-token.ts';

/** Characters of a key that are shown with it: its prefix and 8 more, which leaves 208 bits unknown. */
const SHOWN = API_KEY_PREFIX.length + 8;

/** A key to be made. */
export interface NewApiKey {
  readonly name: string;
  readonly role: Role;
  /** Missing: wherever the account has a role. */
  readonly namespaceId?: string | undefined;
  readonly expiresAt?: Date | undefined;
  /** Whose; missing: the caller's own. For others only whoever runs the server may make keys. */
  readonly accountId?: string | undefined;
}

/**
 * Makes a key. Keys are made by people: a key that could make keys would live on in them after it was revoked.
 * @throws {PlimsollError} `FORBIDDEN` when the caller showed a key, or the key would be allowed more than its maker or its account;
 * `NOT_FOUND`, `REQUEST_INVALID`.
 */
export async function createApiKey(
  context: AccessContext,
  caller: Caller,
  { name, role, namespaceId, expiresAt, accountId = caller.principal.accountId }: NewApiKey,
): Promise<{ readonly apiKey: ApiKey; readonly key: string }> {
  const { principal } = caller;
  const { db } = context.store;
  const at = context.now();
  if (principal.by === 'api-key' || accountId === undefined) {
    throw new PlimsollError('FORBIDDEN', 'Cannot create an API key with an API key: sign in for it');
  }
  if (accountId !== principal.accountId) requireRole(principal, 'admin', undefined);
  if (expiresAt !== undefined && expiresAt <= at) {
    throw new PlimsollError('REQUEST_INVALID', 'Cannot create an API key that has expired: choose a time to come');
  }
  if (namespaceId !== undefined) {
    requireRole(principal, role, namespaceId);
    if ((await findNamespace(db, namespaceId)) === undefined) throw notFound('namespace', namespaceId);
  } else {
    requireRoleSomewhere(principal, role);
  }
  const account = await findAccount(db, { id: accountId });
  if (account === undefined) throw notFound('account', accountId);
  const owner = toPrincipal(account, await listRoles(db, [accountId]), 'session');
  if (namespaceId === undefined) requireRoleSomewhere(owner, role);
  else if (!hasRole(owner, role, namespaceId)) throw tooMuch(role);
  const key = makeToken(API_KEY_PREFIX);
  const apiKey = await db.transaction().execute(async trx => {
    const made = await insertApiKey(trx, {
      accountId,
      name: parseDisplayName(name),
      prefix: key.slice(0, SHOWN),
      hash: hashToken(key),
      role,
      namespaceId,
      at,
      expiresAt,
    });
    await recordAudit(trx, {
      at,
      actor: toActor(caller),
      action: 'api-key.create',
      namespaceId,
      subjectKind: 'api-key',
      subjectId: made.id,
      detail: { name: made.name, prefix: made.prefix, role, accountId, expiresAt: made.expiresAt ?? null },
    });
    return made;
  });
  return { apiKey, key };
}

/** Keys, newest first: one's own, or any for whoever runs the server. @throws {PlimsollError} `FORBIDDEN`. */
export async function listApiKeys(
  { store: { db } }: AccessContext,
  { principal }: Caller,
  query: ApiKeyQuery,
): Promise<readonly ApiKey[]> {
  if (query.accountId === undefined || query.accountId !== principal.accountId)
    requireRole(principal, 'admin', undefined);
  return await listStoredKeys(db, query);
}

/**
 * Ends a key for good: one's own, any for whoever runs the server, and those of a namespace for its admins.
 * @throws {PlimsollError} `NOT_FOUND`.
 */
export async function revokeApiKey(context: AccessContext, caller: Caller, id: string): Promise<void> {
  const { db } = context.store;
  const { principal } = caller;
  const key = await findApiKey(db, { id });
  // A key may end itself, but not the other keys of its account.
  const isOwn = principal.by === 'api-key' ? principal.apiKeyId === id : key?.accountId === principal.accountId;
  if (key === undefined || !(isOwn || hasRole(principal, 'admin', key.namespaceId))) throw notFound('API key', id);
  const at = context.now();
  await db.transaction().execute(async trx => {
    if (!(await revokeStoredKey(trx, id, at))) return;
    await recordAudit(trx, {
      at,
      actor: toActor(caller),
      action: 'api-key.revoke',
      namespaceId: key.namespaceId,
      subjectKind: 'api-key',
      subjectId: id,
      detail: { name: key.name, prefix: key.prefix, accountId: key.accountId },
    });
  });
}

function requireRoleSomewhere(principal: Principal, role: Role): void {
  const places = [undefined, ...principal.namespaces.keys()];
  if (!places.some(namespaceId => hasRole(principal, role, namespaceId))) throw tooMuch(role);
}

function tooMuch(role: Role): PlimsollError {
  return new PlimsollError('FORBIDDEN', `Cannot create an API key with the role ${role}: its account has less there`);
}

function notFound(kind: string, id: string): PlimsollError {
  return new PlimsollError('NOT_FOUND', `Cannot find ${kind} "${id}": there is none, or none that you may see`);
}
