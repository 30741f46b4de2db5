/**
 * The first start: a token that whoever started the server reads from its output, and the first account that it opens.
 *
 * Each server that starts before anybody is there makes a token of its own, for it cannot print those of others: only hashes are stored.
 */
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import {
  findAccount,
  hasAccounts,
  insertAccount,
  listServerAdmins,
  lockServerAdmins,
  updateAccount,
} from '#store/account.ts';
import { recordAudit } from '#store/audit.ts';
import type { Db } from '#store/database.ts';
import { findNamespaceByName, insertNamespace } from '#store/namespace.ts';
import { putRole } from '#store/role-binding.ts';
import { deleteSetting, findSetting, putSetting } from '#store/setting.ts';
import { checkAccount } from './account.ts';
import { type AccessContext, SYSTEM_CALLER, toActor } from './caller.ts';
import { toPrincipal } from './grant.ts';
import type { Principal } from './principal.ts';
import { hashToken, makeToken } from './secret-token.ts';

const SETTING = 'setup';
/** Tokens that are good at the same time: those of the servers that started last. */
const MAX_TOKENS = 20;
const settingSchema = z.object({ tokenHashes: z.array(z.string()) });

/** The namespace that is there from the beginning. */
const DEFAULT_NAMESPACE = 'default';

/** Whether nobody has set the server up yet. */
export async function needsSetup({ store: { db } }: AccessContext): Promise<boolean> {
  return !(await hasAccounts(db));
}

/** A token for {@link completeSetup} that is shown once; `undefined` when the server is set up. */
export async function prepareSetup({ store: { db } }: AccessContext): Promise<string | undefined> {
  return await db.transaction().execute(async trx => {
    await lockServerAdmins(trx);
    if (await hasAccounts(trx)) return undefined;
    const token = makeToken('setup_');
    const tokenHashes = [...(await readHashes(trx)), hashToken(token)].slice(-MAX_TOKENS);
    await putSetting(trx, SETTING, { tokenHashes });
    return token;
  });
}

/** Who the first account is. */
export interface FirstAdmin {
  readonly name: string;
  readonly displayName?: string | undefined;
  readonly password: string;
}

/**
 * Makes the first account, admin of the server, and the namespace `default`. Every token is used up by it.
 * @throws {PlimsollError} `CONFLICT` when it was done before, `UNAUTHENTICATED` for a wrong token, `REQUEST_INVALID`.
 */
export async function completeSetup(context: AccessContext, token: string, admin: FirstAdmin): Promise<Principal> {
  const { db } = context.store;
  // Before the password is hashed: strangers must not be able to keep a core busy.
  await checkToken(db, token);
  const account = await checkAccount(admin);
  return await db.transaction().execute(async trx => {
    await lockServerAdmins(trx);
    await checkToken(trx, token);
    await deleteSetting(trx, SETTING);
    return await insertFirstAdmin(context, trx, account, 'setup');
  });
}

/**
 * Makes sure that somebody can run the server, for those who start it by a program: when no account does, the one of that name gets this
 * password and is made admin, enabled if it was disabled. Otherwise nothing changes, not even the password.
 * @throws {PlimsollError} `REQUEST_INVALID` for a name or password that is not good enough.
 */
export async function ensureAdmin(
  context: AccessContext,
  admin: FirstAdmin,
): Promise<'created' | 'restored' | 'present'> {
  const { db } = context.store;
  if ((await listServerAdmins(db)).length > 0) return 'present';
  const account = await checkAccount(admin);
  return await db.transaction().execute(async trx => {
    await lockServerAdmins(trx);
    if ((await listServerAdmins(trx)).length > 0) return 'present';
    await deleteSetting(trx, SETTING);
    const known = await findAccount(trx, { name: account.name });
    if (known === undefined) {
      await insertFirstAdmin(context, trx, account, 'environment');
      return 'created';
    }
    await updateAccount(trx, known.id, { passwordHash: account.passwordHash, disabledAt: null });
    await makeAdmin(context, trx, known, 'environment');
    return 'restored';
  });
}

async function insertFirstAdmin(
  context: AccessContext,
  trx: Db,
  account: Awaited<ReturnType<typeof checkAccount>>,
  by: string,
): Promise<Principal> {
  const at = context.now();
  const made = await insertAccount(trx, { ...account, at });
  if ((await findNamespaceByName(trx, DEFAULT_NAMESPACE)) === undefined) {
    await insertNamespace(trx, { name: DEFAULT_NAMESPACE, displayName: 'Default', at });
  }
  await makeAdmin(context, trx, made, by);
  return toPrincipal(made, [{ namespaceId: undefined, role: 'admin' }], 'session');
}

async function makeAdmin(
  { now }: AccessContext,
  trx: Db,
  account: { id: string; name: string },
  by: string,
): Promise<void> {
  const role = 'admin';
  await putRole(trx, { accountId: account.id, namespaceId: undefined, role, origin: 'manual' });
  await recordAudit(trx, {
    at: now(),
    actor: toActor(SYSTEM_CALLER),
    action: 'account.setup',
    subjectKind: 'account',
    subjectId: account.id,
    detail: { name: account.name, role, by },
  });
}

async function checkToken(db: Db, token: string): Promise<void> {
  if (await hasAccounts(db)) {
    throw new PlimsollError('CONFLICT', 'Cannot set the server up: it is set up already; sign in instead');
  }
  // A look-up by hash: how long it takes says nothing about the tokens.
  if (!(await readHashes(db)).includes(hashToken(token))) {
    throw new PlimsollError(
      'UNAUTHENTICATED',
      'Cannot set the server up: the token is wrong; the server prints one whenever it starts before it is set up',
    );
  }
}

async function readHashes(db: Db): Promise<readonly string[]> {
  return settingSchema.safeParse(await findSetting(db, SETTING)).data?.tokenHashes ?? [];
}
