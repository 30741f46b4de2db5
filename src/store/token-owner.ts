/**
 * Who a token of the hosted registry is of, with what they may, in one question: it is asked at every request, of which a push makes dozens.
 */
import type { Account } from './account.ts';
import type { ApiKey } from './api-key.ts';
import type { Db } from './database.ts';
import type { RoleBinding } from './role-binding.ts';

/** An account and its roles at this moment. */
export interface TokenOwner {
  readonly account: Pick<Account, 'id' | 'name'>;
  readonly roles: readonly Pick<RoleBinding, 'namespaceId' | 'role'>[];
  /** The key that was asked for; missing when none was. */
  readonly key: Pick<ApiKey, 'id' | 'role' | 'namespaceId'> | undefined;
}

/** The account of that id, by one of its keys; `undefined` when it is disabled or gone, or the key was revoked or has expired by `at`. */
export async function findTokenOwner(
  db: Db,
  { accountId, apiKeyId, at }: { readonly accountId: string; readonly apiKeyId: string | undefined; readonly at: Date },
): Promise<TokenOwner | undefined> {
  const rows = await db
    .selectFrom('account')
    .leftJoin('roleBinding', 'roleBinding.accountId', 'account.id')
    .leftJoin('apiKey', join =>
      join
        .onRef('apiKey.accountId', '=', 'account.id')
        .on('apiKey.id', '=', apiKeyId ?? null)
        .on('apiKey.revokedAt', 'is', null)
        .on(eb => eb.or([eb('apiKey.expiresAt', 'is', null), eb('apiKey.expiresAt', '>', at.toISOString())])),
    )
    .select([
      'account.id',
      'account.name',
      'roleBinding.role',
      'roleBinding.namespaceId',
      'apiKey.id as keyId',
      'apiKey.role as keyRole',
      'apiKey.namespaceId as keyNamespaceId',
    ])
    .where('account.id', '=', accountId)
    .where('account.disabledAt', 'is', null)
    .execute();
  const [first] = rows;
  if (first === undefined || (apiKeyId !== undefined && first.keyId === null)) return undefined;
  return {
    account: { id: first.id, name: first.name },
    roles: rows.flatMap(({ role, namespaceId }) =>
      role === null ? [] : [{ role: role as RoleBinding['role'], namespaceId: namespaceId ?? undefined }],
    ),
    key:
      first.keyId === null
        ? undefined
        : {
            id: first.keyId,
            // The schema's check allows no other.
            role: first.keyRole as ApiKey['role'],
            namespaceId: first.keyNamespaceId ?? undefined,
          },
  };
}
