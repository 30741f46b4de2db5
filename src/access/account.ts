/**
 * Accounts, as whoever runs the server sees to them. One account that may is always left.
 */
import { PlimsollError } from '#base/errors.ts';
import {
  type Account,
  type AccountChange,
  deleteAccount as deleteStoredAccount,
  findAccount,
  insertAccount,
  listServerAdmins,
  listAccounts as listStoredAccounts,
  lockServerAdmins,
  type OidcIdentity,
  updateAccount as updateStoredAccount,
} from '#store/account.ts';
import { type NewAuditEntry, recordAudit } from '#store/audit.ts';
import type { Db, Trx } from '#store/database.ts';
import { listRoles, type RoleBinding } from '#store/role-binding.ts';
import { deleteSessionsOf } from '#store/session.ts';
import { type AccessContext, type Caller, toActor } from './caller.ts';
import { parseAccountName, parseDisplayName, parseEmail } from './name.ts';
import { hashPassword, parsePassword } from './password.ts';
import { requireRole } from './principal.ts';

/** An account with its roles. */
export interface AccountView extends Account {
  readonly roles: readonly RoleBinding[];
}

/** Accounts by name. @throws {PlimsollError} `FORBIDDEN`. */
export async function listAccounts(
  { store: { db } }: AccessContext,
  { principal }: Caller,
  page: { readonly after?: string | undefined; readonly limit: number },
): Promise<readonly AccountView[]> {
  requireRole(principal, 'admin', undefined);
  return await withRoles(db, await listStoredAccounts(db, page));
}

/** One account: one's own, or any for whoever runs the server. @throws {PlimsollError} `FORBIDDEN`, `NOT_FOUND`. */
export async function getAccount(
  { store: { db } }: AccessContext,
  { principal }: Caller,
  id: string,
): Promise<AccountView> {
  if (id !== principal.accountId) requireRole(principal, 'admin', undefined);
  const [view] = await withRoles(db, [await getStored(db, id)]);
  if (view === undefined) throw notFound(id);
  return view;
}

/** An account to be added. */
export interface AccountInput {
  readonly name: string;
  readonly displayName?: string | undefined;
  readonly email?: string | undefined;
  /** Missing: signs in by OpenID Connect, or uses keys alone. */
  readonly password?: string | undefined;
  readonly oidc?: OidcIdentity | undefined;
}

/** Adds an account without any role. @throws {PlimsollError} `FORBIDDEN`, `REQUEST_INVALID`, `CONFLICT`. */
export async function createAccount(context: AccessContext, caller: Caller, input: AccountInput): Promise<AccountView> {
  requireRole(caller.principal, 'admin', undefined);
  const checked = await checkAccount(input);
  const at = context.now();
  const account = await context.store.db.transaction().execute(async trx => {
    const made = await insertAccount(trx, { ...checked, at });
    await recordAudit(trx, entry(caller, at, 'account.create', made.id, { name: made.name }));
    return made;
  });
  return { ...account, roles: [] };
}

/** The parts of an account, checked, its password hashed. @throws {PlimsollError} `REQUEST_INVALID`. */
export async function checkAccount({ name: text, displayName, email, password, oidc }: AccountInput) {
  const name = parseAccountName(text);
  return {
    name,
    displayName: parseDisplayName(displayName ?? name),
    email: email === undefined ? undefined : parseEmail(email),
    passwordHash: password === undefined ? undefined : await hashPassword(parsePassword(password, name)),
    oidc,
  };
}

/** What may change; missing fields stay. */
export interface AccountInputChange {
  readonly displayName?: string | undefined;
  readonly email?: string | null | undefined;
  readonly isDisabled?: boolean | undefined;
  readonly oidc?: OidcIdentity | null | undefined;
}

/**
 * Changes an account. One that is disabled is signed out everywhere, and its keys do not work until it is enabled again.
 * @throws {PlimsollError} `FORBIDDEN`, `NOT_FOUND`, `REQUEST_INVALID`, `CONFLICT` when nobody would be left to run the server.
 */
export async function updateAccount(
  context: AccessContext,
  caller: Caller,
  id: string,
  { displayName, email, isDisabled, oidc }: AccountInputChange,
): Promise<AccountView> {
  requireRole(caller.principal, 'admin', undefined);
  const at = context.now();
  const change: AccountChange = {
    displayName: displayName === undefined ? undefined : parseDisplayName(displayName),
    email: email === undefined || email === null ? email : parseEmail(email),
    disabledAt: isDisabled === undefined ? undefined : isDisabled ? at : null,
    oidc,
  };
  await keepingOneAdmin(context, async trx => {
    await getStored(trx, id);
    await updateStoredAccount(trx, id, change);
    if (isDisabled === true) await deleteSessionsOf(trx, id);
    const changed = Object.entries({ displayName, email, isDisabled, oidc }).filter(([, value]) => value !== undefined);
    await recordAudit(trx, entry(caller, at, 'account.update', id, Object.fromEntries(changed)));
  });
  return await getAccount(context, caller, id);
}

/** Gives an account another password, and ends its sessions. @throws {PlimsollError} `FORBIDDEN`, `NOT_FOUND`, `REQUEST_INVALID`. */
export async function resetPassword(
  context: AccessContext,
  caller: Caller,
  id: string,
  password: string,
): Promise<void> {
  requireRole(caller.principal, 'admin', undefined);
  const { name } = await getStored(context.store.db, id);
  const passwordHash = await hashPassword(parsePassword(password, name));
  const at = context.now();
  await context.store.db.transaction().execute(async trx => {
    await updateStoredAccount(trx, id, { passwordHash });
    await deleteSessionsOf(trx, id);
    await recordAudit(trx, entry(caller, at, 'account.password', id, { isReset: true }));
  });
}

/**
 * Removes an account with its roles, sessions and keys; the audit log keeps its name.
 * @throws {PlimsollError} `FORBIDDEN`, `NOT_FOUND`, `CONFLICT` when nobody would be left to run the server.
 */
export async function removeAccount(context: AccessContext, caller: Caller, id: string): Promise<void> {
  requireRole(caller.principal, 'admin', undefined);
  await keepingOneAdmin(context, async trx => {
    const removed = await deleteStoredAccount(trx, id);
    if (removed === undefined) throw notFound(id);
    await recordAudit(trx, entry(caller, context.now(), 'account.delete', id, { name: removed.name }));
  });
}

/**
 * Runs a change that may take away an account that runs the server, and undoes it when none would be left.
 * @throws {PlimsollError} `CONFLICT`.
 */
export async function keepingOneAdmin<T>(
  { store: { db } }: AccessContext,
  change: (trx: Trx) => Promise<T>,
): Promise<T> {
  return await db.transaction().execute(async trx => {
    await lockServerAdmins(trx);
    const hadAdmin = (await listServerAdmins(trx)).length > 0;
    const result = await change(trx);
    if (hadAdmin && (await listServerAdmins(trx)).length === 0) {
      throw new PlimsollError(
        'CONFLICT',
        'Cannot do this: nobody would be left to run the server; make another account admin of the server first',
      );
    }
    return result;
  });
}

async function withRoles(db: Db, accounts: readonly Account[]): Promise<readonly AccountView[]> {
  const roles = Map.groupBy(
    await listRoles(
      db,
      accounts.map(({ id }) => id),
    ),
    ({ accountId }) => accountId,
  );
  return accounts.map(account => ({ ...account, roles: roles.get(account.id) ?? [] }));
}

async function getStored(db: Db, id: string): Promise<Account> {
  const account = await findAccount(db, { id });
  if (account === undefined) throw notFound(id);
  return account;
}

function entry(
  caller: Caller,
  at: Date,
  action: string,
  subjectId: string,
  detail: NewAuditEntry['detail'],
): NewAuditEntry {
  return { at, actor: toActor(caller), action, subjectKind: 'account', subjectId, detail };
}

function notFound(id: string): PlimsollError {
  return new PlimsollError('NOT_FOUND', `Cannot find account "${id}": there is none, or none that you may see`);
}
