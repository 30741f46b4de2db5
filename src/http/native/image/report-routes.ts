/**
 * `/api/v1/images/{digest}/report` and `/sbom`: a stored image in every format of the command line.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { visibleNamespaces } from '#access/principal.ts';
import { PlimsollError } from '#base/errors.ts';
import { FORMATS, type FormatName } from '#report/formats.ts';
import { SCAN_FORMATS, type ScanFormatName } from '#report/scan/formats.ts';
import type { ContentContext } from '#scan/content/content-context.ts';
import { inventoryOfImage, reportOfImage, toStoredScanReport } from '#scan/content/report-of-image.ts';
import { listPlaces } from '#store/image-list.ts';
import { signedIn } from '../../route-access.ts';
import { problems, typed } from '../native-route.ts';
import { seenScope } from '../seen-scope.ts';
import { manifestFor } from './image-routes.ts';
import { severitySchema } from './image-schema.ts';

const params = z.object({ digest: z.string().regex(/^sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})$/, 'a digest') });
const access = { config: { access: 'signed-in' as const } };
const tags = ['images'];

const count = z.number().int();
const upgradeSchema = z
  .object({
    name: z.string().describe('The package, or the source of several'),
    version: z.string().describe('The lowest that fixes all that can be fixed'),
    packages: z
      .array(z.object({ type: z.string(), name: z.string(), version: z.string(), purl: z.string().nullable() }))
      .describe('What is installed of it'),
    fixedCount: count.describe('Weaknesses that it fixes'),
    knownExploitedCount: count,
    bySeverity: z.record(severitySchema, count).describe('Of those that it fixes'),
    unfixedCount: count.describe('Weaknesses that stay, since nothing fixes them'),
  })
  .meta({ id: 'Upgrade' });

/** Adds the routes. */
export function reportRoutes(context: ContentContext, version: string) {
  const { db } = context.store;
  return (instance: FastifyInstance): void => {
    const app = typed(instance);
    const referenceOf = async (request: FastifyRequest, id: number, digest: string) => {
      const [place] =
        (await listPlaces(db, { namespaceIds: visibleNamespaces(signedIn(request)) }, [id])).get(id) ?? [];
      return place === undefined ? digest : `${place.host}/${place.repository}@${digest}`;
    };
    app.get(
      '/api/v1/images/:digest/report',
      {
        ...access,
        schema: {
          tags,
          summary: 'The report of an image, in a format of the command line',
          params,
          querystring: z.object({
            format: z.enum(Object.keys(SCAN_FORMATS) as [ScanFormatName, ...ScanFormatName[]]).default('json'),
          }),
          response: { 200: documentsOf(SCAN_FORMATS), ...problems },
        },
      },
      async (request, reply) => {
        const view = await manifestFor(request, db, request.params.digest);
        const reference = await referenceOf(request, view.id, view.digest);
        const today = context.now();
        const scope = await seenScope(request, context);
        const report = await reportOfImage(db, view.digest, { reference, today, scope });
        if (report === undefined) throw noReport(view.digest);
        using lease = await context.vulnerabilities.acquire(request.server.stopping);
        const { load, mediaType, extension } = SCAN_FORMATS[request.query.format];
        const render = await load();
        const text = render([toStoredScanReport(report, lease.lookup)], { createdAt: today, toolVersion: version });
        return await reply
          .type(mediaType)
          .header('content-disposition', disposition(view.digest, extension))
          .send(text);
      },
    );
    app.get(
      '/api/v1/images/:digest/sbom',
      {
        ...access,
        schema: {
          tags,
          summary: 'What is installed in an image, in a format of the command line',
          params,
          querystring: z.object({
            format: z.enum(Object.keys(FORMATS) as [FormatName, ...FormatName[]]).default('cyclonedx-json'),
          }),
          response: { 200: documentsOf(FORMATS), ...problems },
        },
      },
      async (request, reply) => {
        const view = await manifestFor(request, db, request.params.digest);
        const reference = await referenceOf(request, view.id, view.digest);
        const inventory = await inventoryOfImage(db, view.digest, { reference });
        if (inventory === undefined) throw noReport(view.digest);
        const { load, mediaType, extension } = FORMATS[request.query.format];
        const render = await load();
        const text = render(inventory, { createdAt: context.now(), toolVersion: version });
        return await reply
          .type(mediaType)
          .header('content-disposition', disposition(view.digest, extension))
          .send(text);
      },
    );
    app.get(
      '/api/v1/images/:digest/upgrades',
      {
        ...access,
        schema: {
          tags,
          summary: 'What to upgrade, the most helpful first',
          params,
          response: { 200: z.object({ items: z.array(upgradeSchema) }), ...problems },
        },
      },
      async request => {
        const view = await manifestFor(request, db, request.params.digest);
        const scope = await seenScope(request, context);
        const report = await reportOfImage(db, view.digest, { reference: view.digest, today: context.now(), scope });
        if (report === undefined) throw noReport(view.digest);
        using lease = await context.vulnerabilities.acquire(request.server.stopping);
        return {
          items: toStoredScanReport(report, lease.lookup).upgrades.map(({ packages, bySeverity, ...one }) => ({
            ...one,
            packages: packages.map(({ type, name, version, purl }) => ({ type, name, version, purl: purl ?? null })),
            bySeverity: { ...bySeverity },
          })),
        };
      },
    );
  };
}

/** Answers that are documents of several formats. */
function documentsOf(formats: Readonly<Record<string, { readonly mediaType: string }>>) {
  const types = [...new Set(Object.values(formats).map(({ mediaType }) => mediaType))];
  const contentOf = (type: string) => ({ schema: /json/.test(type) ? z.unknown() : z.string() });
  return {
    description: 'The document in the format',
    content: Object.fromEntries(types.map(type => [type, contentOf(type)])),
  };
}

function noReport(digest: string): PlimsollError {
  return new PlimsollError(
    'NOT_FOUND',
    `Cannot show the report of ${digest}: it was not scanned yet, or it is an index, whose images have reports of their own`,
  );
}

function disposition(digest: string, extension: string): string {
  return `inline; filename="${digest.replace(':', '-').slice(0, 24)}${extension}"`;
}
