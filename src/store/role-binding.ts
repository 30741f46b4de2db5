/**
 * Which account has which role where.
 */
import type { Db } from './database.ts';

/** Where a role comes from: people give and take manual ones; a provider's groups decide about the others at each sign-in. */
export type RoleOrigin = 'manual' | 'oidc';

/** A role of an account; without a namespace it holds in all of them. */
export interface RoleBinding {
  readonly accountId: string;
  readonly namespaceId: string | undefined;
  readonly role: 'viewer' | 'operator' | 'admin';
  readonly origin: RoleOrigin;
}

/** A role as the members of a namespace are listed. */
export interface Member extends RoleBinding {
  readonly accountName: string;
  readonly displayName: string;
}

/** The roles of some accounts. */
export async function listRoles(db: Db, accountIds: readonly string[]): Promise<readonly RoleBinding[]> {
  if (accountIds.length === 0) return [];
  const rows = await db
    .selectFrom('roleBinding')
    .selectAll()
    .where('accountId', 'in', [...accountIds])
    .orderBy('accountId')
    .orderBy('namespaceId')
    .orderBy('origin')
    .execute();
  return rows.map(toBinding);
}

/** Which members to list. */
export interface MemberQuery {
  /** Missing: those whose role holds everywhere. */
  readonly namespaceId: string | undefined;
  readonly after?: { readonly accountName: string; readonly origin: RoleOrigin } | undefined;
  readonly limit: number;
}

/** Who has a role of his own in a namespace, by name. */
export async function listMembers(db: Db, { namespaceId, after, limit }: MemberQuery): Promise<readonly Member[]> {
  let select = db
    .selectFrom('roleBinding')
    .innerJoin('account', 'account.id', 'roleBinding.accountId')
    .select(['accountId', 'namespaceId', 'role', 'origin', 'account.name as accountName', 'account.displayName']);
  select =
    namespaceId === undefined ? select.where('namespaceId', 'is', null) : select.where('namespaceId', '=', namespaceId);
  if (after !== undefined) {
    const { accountName, origin } = after;
    select = select.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('account.name', 'origin'), '>', tuple(accountName, origin)),
    );
  }
  const rows = await select.orderBy('account.name').orderBy('origin').limit(limit).execute();
  return rows.map(row => ({ ...toBinding(row), accountName: row.accountName, displayName: row.displayName }));
}

/** Gives a role, in place of one of the same origin there. */
export async function putRole(db: Db, { accountId, namespaceId, role, origin }: RoleBinding): Promise<void> {
  await db
    .insertInto('roleBinding')
    .values({ accountId, namespaceId: namespaceId ?? null, role, origin })
    .onConflict(conflict => conflict.columns(['accountId', 'namespaceId', 'origin']).doUpdateSet({ role }))
    .execute();
}

/** Takes a role that people gave; false when there was none. */
export async function deleteRole(
  db: Db,
  { accountId, namespaceId }: { accountId: string; namespaceId: string | undefined },
): Promise<boolean> {
  let remove = db.deleteFrom('roleBinding').where('accountId', '=', accountId).where('origin', '=', 'manual');
  remove =
    namespaceId === undefined ? remove.where('namespaceId', 'is', null) : remove.where('namespaceId', '=', namespaceId);
  const { numDeletedRows } = await remove.executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Puts the roles that a provider's groups give in place of those they gave before. */
export async function replaceOidcRoles(
  db: Db,
  accountId: string,
  roles: readonly Pick<RoleBinding, 'namespaceId' | 'role'>[],
): Promise<void> {
  await db.deleteFrom('roleBinding').where('accountId', '=', accountId).where('origin', '=', 'oidc').execute();
  if (roles.length === 0) return;
  await db
    .insertInto('roleBinding')
    .values(
      roles.map(({ namespaceId, role }) => ({ accountId, namespaceId: namespaceId ?? null, role, origin: 'oidc' })),
    )
    .execute();
}

function toBinding(row: { accountId: string; namespaceId: string | null; role: string; origin: string }): RoleBinding {
  return {
    accountId: row.accountId,
    namespaceId: row.namespaceId ?? undefined,
    // The schema's checks allow no others.
    role: row.role as RoleBinding['role'],
    origin: row.origin as RoleOrigin,
  };
}
