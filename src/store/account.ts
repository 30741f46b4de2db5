/**
 * Accounts: people and robots.
 */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { conflictOn } from './constraint.ts';
import type { Db } from './database.ts';

/** Who somebody is at an OpenID provider. */
export interface OidcIdentity {
  readonly issuer: string;
  readonly subject: string;
}

/** An account. */
export interface Account {
  readonly id: string;
  /** Unique, in lower case; what is typed to sign in. */
  readonly name: string;
  readonly displayName: string;
  readonly email: string | undefined;
  /** In the form of the password hashing competition; never leaves the server. */
  readonly passwordHash: string | undefined;
  readonly oidc: OidcIdentity | undefined;
  readonly disabledAt: string | undefined;
  readonly createdAt: string;
  readonly lastSignInAt: string | undefined;
}

/** An account to be added. */
export interface NewAccount {
  readonly name: string;
  readonly displayName: string;
  readonly email?: string | undefined;
  readonly passwordHash?: string | undefined;
  readonly oidc?: OidcIdentity | undefined;
  readonly at: Date;
}

/** Adds one. @throws {PlimsollError} `CONFLICT` when the name or the identity at the provider is taken. */
export async function insertAccount(db: Db, account: NewAccount): Promise<Account> {
  const { name, displayName, email, passwordHash, oidc, at } = account;
  const taken = `Cannot create account "${name}": the name, or the identity at the provider, is taken`;
  const row = await conflictOn('unique', taken, () =>
    db
      .insertInto('account')
      .values({
        id: randomUUID(),
        name,
        displayName,
        email: email ?? null,
        passwordHash: passwordHash ?? null,
        oidcIssuer: oidc?.issuer ?? null,
        oidcSubject: oidc?.subject ?? null,
        createdAt: at,
      })
      .returningAll()
      .executeTakeFirstOrThrow(),
  );
  return toAccount(row);
}

/** The account of that id, name or identity. Inside a transaction, `isLocked` keeps others from changing it until the end. */
export async function findAccount(
  db: Db,
  by: { readonly id: string } | { readonly name: string } | { readonly oidc: OidcIdentity },
  { isLocked = false }: { isLocked?: boolean | undefined } = {},
): Promise<Account | undefined> {
  let select = db.selectFrom('account').selectAll();
  if ('id' in by) select = select.where('id', '=', by.id);
  else if ('name' in by) select = select.where('name', '=', by.name);
  else select = select.where('oidcIssuer', '=', by.oidc.issuer).where('oidcSubject', '=', by.oidc.subject);
  if (isLocked) select = select.forUpdate();
  const row = await select.executeTakeFirst();
  return row === undefined ? undefined : toAccount(row);
}

/** Whether there is any account at all. */
export async function hasAccounts(db: Db): Promise<boolean> {
  return (await db.selectFrom('account').select('id').limit(1).executeTakeFirst()) !== undefined;
}

/** Accounts by name, those after `after`. */
export async function listAccounts(
  db: Db,
  { after, limit }: { after?: string | undefined; limit: number },
): Promise<readonly Account[]> {
  let select = db.selectFrom('account').selectAll();
  if (after !== undefined) select = select.where('name', '>', after);
  const rows = await select.orderBy('name').limit(limit).execute();
  return rows.map(toAccount);
}

/** What may change; missing fields stay, `null` empties one. */
export interface AccountChange {
  readonly displayName?: string | undefined;
  readonly email?: string | null | undefined;
  readonly passwordHash?: string | null | undefined;
  readonly oidc?: OidcIdentity | null | undefined;
  readonly disabledAt?: Date | null | undefined;
  readonly lastSignInAt?: Date | undefined;
}

/** Changes one; `undefined` when there is none. @throws {PlimsollError} `CONFLICT` when the identity is another account's. */
export async function updateAccount(db: Db, id: string, change: AccountChange): Promise<Account | undefined> {
  const { displayName, email, passwordHash, oidc, disabledAt, lastSignInAt } = change;
  const set = {
    ...(displayName === undefined ? {} : { displayName }),
    ...(email === undefined ? {} : { email }),
    ...(passwordHash === undefined ? {} : { passwordHash }),
    ...(oidc === undefined ? {} : { oidcIssuer: oidc?.issuer ?? null, oidcSubject: oidc?.subject ?? null }),
    ...(disabledAt === undefined ? {} : { disabledAt }),
    ...(lastSignInAt === undefined ? {} : { lastSignInAt }),
  };
  if (Object.keys(set).length === 0) return await findAccount(db, { id });
  const row = await conflictOn('unique', 'Cannot link the identity: it belongs to another account', () =>
    db.updateTable('account').set(set).where('id', '=', id).returningAll().executeTakeFirst(),
  );
  return row === undefined ? undefined : toAccount(row);
}

/** Removes one with its roles, sessions and keys; `undefined` when there is none. */
export async function deleteAccount(db: Db, id: string): Promise<Account | undefined> {
  const row = await db.deleteFrom('account').where('id', '=', id).returningAll().executeTakeFirst();
  return row === undefined ? undefined : toAccount(row);
}

/**
 * Makes changes of who runs the server wait for each other until the end of the transaction: whether one admin is left can only be counted
 * when nobody else is taking one away.
 */
export async function lockServerAdmins(db: Db): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(hashtext('plimsoll server admins'))`.execute(db);
}

/** Ids of the accounts that run the server: not disabled, and admin everywhere. */
export async function listServerAdmins(db: Db): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('roleBinding')
    .innerJoin('account', 'account.id', 'roleBinding.accountId')
    .select('account.id')
    .distinct()
    .where('roleBinding.namespaceId', 'is', null)
    .where('roleBinding.role', '=', 'admin')
    .where('account.disabledAt', 'is', null)
    .execute();
  return rows.map(({ id }) => id);
}

interface AccountRow {
  id: string;
  name: string;
  displayName: string;
  email: string | null;
  passwordHash: string | null;
  oidcIssuer: string | null;
  oidcSubject: string | null;
  disabledAt: string | null;
  createdAt: string;
  lastSignInAt: string | null;
}

/** The domain's account for a row. */
function toAccount(row: AccountRow): Account {
  const { oidcIssuer: issuer, oidcSubject: subject } = row;
  return {
    id: row.id,
    name: row.name,
    displayName: row.displayName,
    email: row.email ?? undefined,
    passwordHash: row.passwordHash ?? undefined,
    oidc: issuer === null || subject === null ? undefined : { issuer, subject },
    disabledAt: row.disabledAt ?? undefined,
    createdAt: row.createdAt,
    lastSignInAt: row.lastSignInAt ?? undefined,
  };
}
