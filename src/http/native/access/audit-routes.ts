/**
 * `/api/v1/audit-entries`: every change that somebody asked for.
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { readAuditLog } from '#access/audit-log.ts';
import type { AccessContext } from '#access/caller.ts';
import { callerOf } from '../../authentication.ts';
import { decodeCursor, pageOf, pageQuery, toPage } from '../../cursor.ts';
import { problems, typed } from '../native-route.ts';
import { auditEntrySchema, presentAuditEntry } from './schema.ts';

const word = z.string().min(1).max(200).optional();
const time = z.iso.datetime({ offset: true }).optional();

/** Adds the route. */
export function auditRoutes(context: AccessContext) {
  return (instance: FastifyInstance): void => {
    typed(instance).get(
      '/api/v1/audit-entries',
      {
        config: { access: 'signed-in' },
        schema: {
          tags: ['audit'],
          summary: 'List changes, newest first',
          description: 'All for whoever runs the server; for admins of namespaces what happened in those.',
          querystring: z.object({
            namespace: z.uuid().optional().describe('Only in this namespace'),
            account: z.uuid().optional().describe('Only by this account'),
            action: word.describe('Only this action: `registry.create`'),
            subjectKind: word.describe('Only about such things: `account`'),
            subjectId: word.describe('Only about this thing'),
            since: time.describe('Not before this'),
            until: time.describe('Before this'),
            ...pageQuery,
          }),
          response: { 200: pageOf(auditEntrySchema), ...problems },
        },
      },
      async request => {
        const { limit, cursor, namespace, account, action, subjectKind, subjectId, since, until } = request.query;
        const entries = await readAuditLog(context, callerOf(request), {
          before: decodeCursor(cursor, z.number().int()),
          limit: limit + 1,
          namespaceId: namespace,
          accountId: account,
          action,
          subjectKind,
          subjectId,
          since: since === undefined ? undefined : new Date(since),
          until: until === undefined ? undefined : new Date(until),
        });
        const { items, nextCursor } = toPage(entries, limit, ({ id }) => id);
        return { items: items.map(presentAuditEntry), nextCursor };
      },
    );
  };
}
