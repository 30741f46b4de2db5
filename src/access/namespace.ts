/**
 * Namespaces, as people see to them.
 */
import { PlimsollError } from '#base/errors.ts';
import { recordAudit } from '#store/audit.ts';
import {
  deleteNamespace as deleteStoredNamespace,
  findNamespace,
  insertNamespace,
  listNamespaces as listStoredNamespaces,
  type Namespace,
  updateNamespace as updateStoredNamespace,
} from '#store/namespace.ts';
import { type AccessContext, type Caller, toActor } from './caller.ts';
import { parseDisplayName, parseNamespaceName } from './name.ts';
import { requireRole, visibleNamespaces } from './principal.ts';

/** The namespaces that the caller has a role in, by name. */
export async function listNamespaces(
  { store: { db } }: AccessContext,
  { principal }: Caller,
  page: { readonly after?: string | undefined; readonly limit: number },
): Promise<readonly Namespace[]> {
  return await listStoredNamespaces(db, { ...page, ids: visibleNamespaces(principal) });
}

/** One that the caller has a role in. @throws {PlimsollError} `NOT_FOUND`. */
export async function getNamespace(
  { store: { db } }: AccessContext,
  { principal }: Caller,
  id: string,
): Promise<Namespace> {
  requireRole(principal, 'viewer', id);
  const namespace = await findNamespace(db, id);
  if (namespace === undefined) throw notFound(id);
  return namespace;
}

/** Adds one; for whoever runs the server. @throws {PlimsollError} `FORBIDDEN`, `REQUEST_INVALID`, `CONFLICT`. */
export async function createNamespace(
  context: AccessContext,
  caller: Caller,
  { name, displayName = name }: { name: string; displayName?: string | undefined },
): Promise<Namespace> {
  requireRole(caller.principal, 'admin', undefined);
  const input = { name: parseNamespaceName(name), displayName: parseDisplayName(displayName), at: context.now() };
  return await context.store.db.transaction().execute(async trx => {
    const namespace = await insertNamespace(trx, input);
    await recordAudit(trx, entryFor(context, caller, 'namespace.create', namespace));
    return namespace;
  });
}

/** Renames one; for its admins. @throws {PlimsollError} `FORBIDDEN`, `NOT_FOUND`, `REQUEST_INVALID`, `CONFLICT`. */
export async function updateNamespace(
  context: AccessContext,
  caller: Caller,
  id: string,
  { name, displayName }: { name?: string | undefined; displayName?: string | undefined },
): Promise<Namespace> {
  requireRole(caller.principal, 'admin', id);
  const change = {
    name: name === undefined ? undefined : parseNamespaceName(name),
    displayName: displayName === undefined ? undefined : parseDisplayName(displayName),
  };
  return await context.store.db.transaction().execute(async trx => {
    const namespace = await updateStoredNamespace(trx, id, change);
    if (namespace === undefined) throw notFound(id);
    await recordAudit(trx, entryFor(context, caller, 'namespace.update', namespace));
    return namespace;
  });
}

/**
 * Removes one with the roles and keys in it; for whoever runs the server.
 * @throws {PlimsollError} `FORBIDDEN`, `NOT_FOUND`, `CONFLICT` when registries are left in it.
 */
export async function removeNamespace(context: AccessContext, caller: Caller, id: string): Promise<void> {
  requireRole(caller.principal, 'admin', undefined);
  await context.store.db.transaction().execute(async trx => {
    const namespace = await deleteStoredNamespace(trx, id);
    if (namespace === undefined) throw notFound(id);
    await recordAudit(trx, entryFor(context, caller, 'namespace.delete', namespace));
  });
}

function entryFor({ now }: AccessContext, caller: Caller, action: string, { id, name, displayName }: Namespace) {
  return {
    at: now(),
    actor: toActor(caller),
    action,
    namespaceId: id,
    subjectKind: 'namespace',
    subjectId: id,
    detail: { name, displayName },
  };
}

function notFound(id: string): PlimsollError {
  return new PlimsollError('NOT_FOUND', `Cannot find namespace "${id}": there is none, or none that you may see`);
}
