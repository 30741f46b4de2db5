/**
 * `/api/v1/vulnerability-database`: by which advisories images are judged, and renewing them.
 */
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import type { ContentContext } from '#scan/content/content-context.ts';
import {
  type ChangedDatabase,
  databaseStatus,
  importDatabase,
  type ServerDatabaseStatus,
} from '#scan/content/database-jobs.ts';
import { recordAudit } from '#store/audit.ts';
import type { DatabaseVersion } from '#store/database-version.ts';
import { actorOf } from '../../route-access.ts';
import { problems, typed } from '../native-route.ts';

/** Archives of all advisories of an ecosystem are some hundred megabytes. */
const MAX_UPLOAD_BYTES = 4 * 1024 ** 3;
const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,200}$/;
const tags = ['vulnerability database'];
const count = z.number().int();

const versionSchema = z.object({ id: count, sha256: z.string(), sizeBytes: count, builtAt: z.iso.datetime() });
const rematchSchema = z
  .object({
    id: count,
    fromVersion: count.nullable(),
    toVersion: count,
    startedAt: z.iso.datetime(),
    completedAt: z.iso.datetime().nullable(),
    packagesTotal: count,
    packagesJudged: count,
    imagesChanged: count,
    findingsNew: count,
    findingsFixed: count,
    findingsChanged: count,
  })
  .meta({ id: 'Rematch' });
const statusSchema = z
  .object({
    current: versionSchema
      .extend({
        advisories: count,
        parts: z.array(
          z.object({
            source: z.string(),
            name: z.string(),
            origin: z.string(),
            asOf: z.string(),
            importedAt: z.string(),
            advisories: count,
          }),
        ),
      })
      .nullable()
      .describe('By which all findings are; null before the first'),
    pending: versionSchema
      .extend({ judged: count, total: count })
      .nullable()
      .describe('By which packages are being judged'),
    isBuilding: z.boolean(),
    rematches: z.array(rematchSchema).describe('What the last changes changed, newest first'),
  })
  .meta({ id: 'VulnerabilityDatabase' });

const changeSchema = z
  .object({
    versionId: count.describe('The new version of the database'),
    imported: z.array(z.object({ kind: z.string(), parts: z.array(z.string()), counts: z.unknown() })),
    isUnchanged: z.boolean().describe('Nothing in it was new'),
    problems: z
      .array(z.object({ code: z.string(), message: z.string() }))
      .describe('What could not be read; the rest was'),
  })
  .meta({ id: 'DatabaseChange' });

/** Adds the routes. */
export function databaseRoutes(context: ContentContext, version: string) {
  return (instance: FastifyInstance): void => {
    const app = typed(instance);
    app.get(
      '/api/v1/vulnerability-database',
      {
        config: { access: 'signed-in' },
        schema: { tags, summary: 'Sources and freshness', response: { 200: statusSchema, ...problems } },
      },
      async () => presentStatus(await databaseStatus(context)),
    );
    app.post(
      '/api/v1/vulnerability-database/update',
      {
        config: { access: { server: 'admin' } },
        schema: { tags, summary: 'Fetch the sources now, in the background', response: { 202: z.null(), ...problems } },
      },
      async (request, reply) => {
        await context.store.db.transaction().execute(async trx => {
          await context.queue.send(trx, 'database-update', {});
          await recordAudit(trx, {
            at: context.now(),
            actor: actorOf(request),
            action: 'database.update',
            subjectKind: 'database',
            subjectId: 'current',
          });
        });
        return await reply.code(202).send(null);
      },
    );
    uploadRoute(instance, context, version);
  };
}

/** A file is streamed to disk as it comes, and goes when it has been read. */
function uploadRoute(instance: FastifyInstance, context: ContentContext, version: string): void {
  instance.register(async scope => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    typed(scope).post(
      '/api/v1/vulnerability-database/import',
      {
        config: { access: { server: 'admin' }, takesFile: true },
        bodyLimit: MAX_UPLOAD_BYTES,
        schema: {
          tags,
          summary: 'Import a file of advisories, for sites without internet',
          description:
            'The body is the file itself, of any kind that `plimsoll db import` knows: curl --data-binary @all.zip. It is known by what is in it.',
          querystring: z.object({
            name: z.string().regex(FILE_NAME, 'a plain file name').describe('Its name, for messages: `npm.zip`'),
            allowFewer: z.stringbool().default(false).describe('A source may have far fewer advisories than it had'),
          }),
          response: { 200: changeSchema, ...problems },
        },
      },
      async request => {
        const folder = await mkdtemp(join(context.vulnerabilities.folder, '..', 'tmp', 'upload-'));
        try {
          const path = join(folder, request.query.name);
          const body = request.body as AsyncIterable<Uint8Array>;
          await pipeline(limited(body), createWriteStream(path), { signal: request.server.stopping });
          const options = { signal: request.server.stopping, builtBy: version, mayShrink: request.query.allowFewer };
          const changed = await importDatabase(context, [path], options);
          await recordAudit(context.store.db, {
            at: context.now(),
            actor: actorOf(request),
            action: 'database.import',
            subjectKind: 'database',
            subjectId: String(changed.version.id),
            detail: { file: request.query.name },
          });
          return presentChange(changed);
        } finally {
          await rm(folder, { recursive: true, force: true });
        }
      },
    );
  });
}

async function* limited(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let seen = 0;
  for await (const chunk of body) {
    seen += chunk.byteLength;
    if (seen > MAX_UPLOAD_BYTES)
      throw new PlimsollError('LIMIT_EXCEEDED', `Cannot import the file: over ${MAX_UPLOAD_BYTES} bytes`);
    yield chunk;
  }
}

/** Without the paths that the file had on this server for a moment. */
function presentChange({ version, report }: ChangedDatabase): z.output<typeof changeSchema> {
  return {
    versionId: version.id,
    imported: report.imported.map(({ kind, parts, counts }) => ({ kind, parts: [...parts], counts })),
    isUnchanged: report.imported.length === 0,
    problems: report.failed.map(({ code, message }) => ({ code, message })),
  };
}

function presentStatus({
  current,
  pending,
  isBuilding,
  rematches,
}: ServerDatabaseStatus): z.output<typeof statusSchema> {
  return {
    current:
      current === undefined
        ? null
        : {
            ...versionOf(current),
            advisories: current.status.advisories,
            parts: current.status.parts.map(({ source, name, origin, asOf, importedAt, advisories }) => ({
              source,
              name,
              // The name of a file, not where it lay on this server for a moment.
              origin: isAbsolute(origin) ? basename(origin) : origin,
              asOf,
              importedAt,
              advisories,
            })),
          },
    pending: pending === undefined ? null : { ...versionOf(pending), judged: pending.judged, total: pending.total },
    isBuilding,
    rematches: rematches.map(one => ({ ...one })),
  };
}

function versionOf({
  id,
  sha256,
  sizeBytes,
  builtAt,
}: Pick<DatabaseVersion, 'id' | 'sha256' | 'sizeBytes' | 'builtAt'>) {
  return { id, sha256, sizeBytes, builtAt };
}
