/**
 * Members of a namespace, and of the server: giving and taking roles.
 */
import { PlimsollError } from '#base/errors.ts';
import { findAccount } from '#store/account.ts';
import { recordAudit } from '#store/audit.ts';
import { findNamespace } from '#store/namespace.ts';
import {
  deleteRole,
  listMembers as listStoredMembers,
  type Member,
  type MemberQuery,
  putRole,
} from '#store/role-binding.ts';
import { keepingOneAdmin } from './account.ts';
import { type AccessContext, type Caller, toActor } from './caller.ts';
import { normaliseAccountName } from './name.ts';
import { type Role, requireRole } from './principal.ts';

/** Where a role holds; without a namespace everywhere. */
interface Place {
  readonly namespaceId: string | undefined;
}

/** Who has a role of his own there, by name; for admins of the place. @throws {PlimsollError} `FORBIDDEN`, `NOT_FOUND`. */
export async function listMembers(
  context: AccessContext,
  caller: Caller,
  query: MemberQuery,
): Promise<readonly Member[]> {
  await requireAdmin(context, caller, query);
  return await listStoredMembers(context.store.db, query);
}

/**
 * Gives an account, by name, a role there, in place of the one that it was given before.
 * @throws {PlimsollError} `FORBIDDEN`, `NOT_FOUND`, `CONFLICT` when nobody would be left to run the server.
 */
export async function grantRole(
  context: AccessContext,
  caller: Caller,
  { namespaceId, account: accountName, role }: Place & { readonly account: string; readonly role: Role },
): Promise<void> {
  await requireAdmin(context, caller, { namespaceId });
  await changeRole(context, caller, { namespaceId, accountName }, async (trx, accountId) => {
    await putRole(trx, { accountId, namespaceId, role, origin: 'manual' });
    return { action: 'role.grant', detail: { role } };
  });
}

/**
 * Takes the role that an account, by name, was given there. What a provider's groups give stays: it is theirs to take.
 * @throws {PlimsollError} `FORBIDDEN`, `NOT_FOUND`, `CONFLICT` when nobody would be left to run the server.
 */
export async function withdrawRole(
  context: AccessContext,
  caller: Caller,
  { namespaceId, account: accountName }: Place & { readonly account: string },
): Promise<void> {
  await requireAdmin(context, caller, { namespaceId });
  await changeRole(context, caller, { namespaceId, accountName }, async (trx, accountId) => {
    if (!(await deleteRole(trx, { accountId, namespaceId }))) {
      throw new PlimsollError('NOT_FOUND', `Cannot take the role of "${accountName}": it was given none here`);
    }
    return { action: 'role.withdraw', detail: {} };
  });
}

async function changeRole(
  context: AccessContext,
  caller: Caller,
  { namespaceId, accountName }: Place & { readonly accountName: string },
  change: (
    trx: Parameters<Parameters<typeof keepingOneAdmin>[1]>[0],
    accountId: string,
  ) => Promise<{ readonly action: string; readonly detail: Readonly<Record<string, unknown>> }>,
): Promise<void> {
  await keepingOneAdmin(context, async trx => {
    const account = await findAccount(trx, { name: normaliseAccountName(accountName) });
    if (account === undefined)
      throw new PlimsollError('NOT_FOUND', 'Cannot find the account: there is none of that name');
    const { action, detail } = await change(trx, account.id);
    await recordAudit(trx, {
      at: context.now(),
      actor: toActor(caller),
      action,
      namespaceId,
      subjectKind: 'account',
      subjectId: account.id,
      detail: { account: account.name, ...detail },
    });
  });
}

async function requireAdmin(
  { store: { db } }: AccessContext,
  { principal }: Caller,
  { namespaceId }: Place,
): Promise<void> {
  requireRole(principal, 'admin', namespaceId);
  if (namespaceId !== undefined && (await findNamespace(db, namespaceId)) === undefined) {
    throw new PlimsollError(
      'NOT_FOUND',
      `Cannot find namespace "${namespaceId}": there is none, or none that you may see`,
    );
  }
}
