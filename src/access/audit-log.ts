/**
 * Reading the audit log: all of it for whoever runs the server, a namespace's part for its admins.
 */
import { PlimsollError } from '#base/errors.ts';
import { type AuditEntry, type AuditQuery, listAudit } from '#store/audit.ts';
import type { AccessContext, Caller } from './caller.ts';
import { hasRole, requireRole } from './principal.ts';

/** What to read; `namespaceId` for one namespace. */
export interface AuditLogQuery extends Omit<AuditQuery, 'namespaceIds'> {
  readonly namespaceId?: string | undefined;
}

/** Entries that the caller may see, newest first. @throws {PlimsollError} `FORBIDDEN`, `NOT_FOUND`. */
export async function readAuditLog(
  { store: { db } }: AccessContext,
  { principal }: Caller,
  { namespaceId, ...query }: AuditLogQuery,
): Promise<readonly AuditEntry[]> {
  if (namespaceId !== undefined) {
    requireRole(principal, 'admin', namespaceId);
    return await listAudit(db, { ...query, namespaceIds: [namespaceId] });
  }
  if (hasRole(principal, 'admin', undefined)) return await listAudit(db, query);
  const own = [...principal.namespaces].filter(([, role]) => role === 'admin').map(([id]) => id);
  if (own.length === 0) throw new PlimsollError('FORBIDDEN', 'Cannot read the audit log: it needs the role admin');
  return await listAudit(db, { ...query, namespaceIds: own });
}
