/**
 * Accounts, namespaces, keys and the audit log as the native API shows them.
 */
import { z } from 'zod';
import type { AccountView } from '#access/account.ts';
import { ROLES } from '#access/principal.ts';
import type { ApiKey } from '#store/api-key.ts';
import type { AuditEntry } from '#store/audit.ts';
import type { Namespace } from '#store/namespace.ts';
import type { Member } from '#store/role-binding.ts';

export const roleSchema = z.enum(ROLES).describe('Each has all rights of those before it');

/** Bounds alone: what makes a good name is decided where names are, with a sentence that says so. */
export const nameInput = z.string().min(1).max(200);
export const passwordInput = z.string().min(1).max(1024);
export const originSchema = z
  .enum(['manual', 'oidc'])
  .describe('Given by people, or by groups of the OpenID provider, which each sign-in brings up to date');

export const accountSchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    displayName: z.string(),
    email: z.string().nullable(),
    hasPassword: z.boolean(),
    oidc: z.object({ issuer: z.string(), subject: z.string() }).nullable(),
    isDisabled: z.boolean(),
    createdAt: z.iso.datetime(),
    lastSignInAt: z.iso.datetime().nullable(),
    roles: z.array(
      z.object({
        namespaceId: z.uuid().nullable().describe('Null: everywhere, the server itself included'),
        role: roleSchema,
        origin: originSchema,
      }),
    ),
  })
  .meta({ id: 'Account' });

/** An account without its password. */
export function presentAccount(account: AccountView): z.infer<typeof accountSchema> {
  const { id, name, displayName, email, passwordHash, oidc, disabledAt, createdAt, lastSignInAt, roles } = account;
  return {
    id,
    name,
    displayName,
    email: email ?? null,
    hasPassword: passwordHash !== undefined,
    oidc: oidc === undefined ? null : { issuer: oidc.issuer, subject: oidc.subject },
    isDisabled: disabledAt !== undefined,
    createdAt,
    lastSignInAt: lastSignInAt ?? null,
    roles: roles.map(({ namespaceId, role, origin }) => ({ namespaceId: namespaceId ?? null, role, origin })),
  };
}

export const namespaceSchema = z
  .object({ id: z.uuid(), name: z.string(), displayName: z.string(), createdAt: z.iso.datetime() })
  .meta({ id: 'Namespace' });

export function presentNamespace({ id, name, displayName, createdAt }: Namespace): z.infer<typeof namespaceSchema> {
  return { id, name, displayName, createdAt };
}

export const memberSchema = z
  .object({
    account: z.string().describe('Name of the account'),
    accountId: z.uuid(),
    displayName: z.string(),
    role: roleSchema,
    origin: originSchema,
  })
  .meta({ id: 'Member' });

export function presentMember(member: Member): z.infer<typeof memberSchema> {
  const { accountName, accountId, displayName, role, origin } = member;
  return { account: accountName, accountId, displayName, role, origin };
}

export const apiKeySchema = z
  .object({
    id: z.uuid(),
    accountId: z.uuid(),
    name: z.string(),
    prefix: z.string().describe('How the key begins, to recognise it by'),
    role: roleSchema,
    namespaceId: z.uuid().nullable().describe('Null: wherever the account has a role'),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime().nullable(),
    lastUsedAt: z.iso.datetime().nullable().describe('Good to a minute'),
    revokedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'ApiKey' });

export function presentApiKey(key: ApiKey): z.infer<typeof apiKeySchema> {
  const { id, accountId, name, prefix, role, namespaceId, createdAt, expiresAt, lastUsedAt, revokedAt } = key;
  return {
    id,
    accountId,
    name,
    prefix,
    role,
    namespaceId: namespaceId ?? null,
    createdAt,
    expiresAt: expiresAt ?? null,
    lastUsedAt: lastUsedAt ?? null,
    revokedAt: revokedAt ?? null,
  };
}

export const auditEntrySchema = z
  .object({
    id: z.number().int(),
    at: z.iso.datetime(),
    actor: z.object({
      name: z.string().describe('As the account was called then'),
      accountId: z.uuid().nullable(),
      apiKeyId: z.uuid().nullable(),
    }),
    action: z.string().describe('Subject and verb: `registry.create`'),
    namespaceId: z.uuid().nullable(),
    subjectKind: z.string(),
    subjectId: z.string(),
    detail: z.record(z.string(), z.unknown()),
    requestId: z.string().nullable(),
    remoteAddress: z.string().nullable(),
  })
  .meta({ id: 'AuditEntry' });

export function presentAuditEntry(entry: AuditEntry): z.infer<typeof auditEntrySchema> {
  const { id, at, actor, action, namespaceId, subjectKind, subjectId, detail } = entry;
  return {
    id,
    at,
    actor: { name: actor.name, accountId: actor.accountId ?? null, apiKeyId: actor.apiKeyId ?? null },
    action,
    namespaceId: namespaceId ?? null,
    subjectKind,
    subjectId,
    detail: { ...detail },
    requestId: actor.requestId ?? null,
    remoteAddress: actor.remoteAddress ?? null,
  };
}
