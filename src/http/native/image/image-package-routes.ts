/**
 * `/api/v1/images/{digest}/packages` and `/coverage`: what is installed in an image, and what its report can not say.
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { tellEndOfLife } from '#matching/surroundings.ts';
import type { ContentContext } from '#scan/content/content-context.ts';
import { findReportDatabase, reportOfImage } from '#scan/content/report-of-image.ts';
import { type ListedImagePackage, listImagePackages } from '#store/image-package-list.ts';
import { decodeCursor, pageOf, pageQuery, toPage } from '../../cursor.ts';
import { problems, typed } from '../native-route.ts';
import { seenScope } from '../seen-scope.ts';
import { manifestFor } from './image-routes.ts';
import { countsOf, countsSchema, pathsOf } from './image-schema.ts';

const params = z.object({ digest: z.string().regex(/^sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})$/, 'a digest') });
const access = { config: { access: 'signed-in' as const } };
const tags = ['images'];
const words = z.string().trim().min(1).max(300).optional();
const count = z.number().int();
const position = z.tuple([z.number(), z.string(), z.string(), z.number()]);
/** Of a reason that concerns a whole distribution one wants to see some packages, not a thousand. */
const MAX_NAMED = 20;
const MAX_GAPS = 200;

const imagePackageSchema = z
  .object({
    type: z.string(),
    name: z.string(),
    version: z.string(),
    arch: z.string().nullable(),
    purl: z.string(),
    layer: count.describe('Position of the layer that introduced it, from 0; -1 for none'),
    locations: z.array(z.string()),
    counts: countsSchema.omit({ undetermined: true }),
    doubts: z.array(z.string()).describe('Why nothing, or not everything, can be said of it'),
  })
  .meta({ id: 'ImagePackage' });

const coverageSchema = z
  .object({
    distro: z
      .object({ id: z.string(), name: z.string(), endOfLife: z.string().nullable().describe('A date') })
      .nullable(),
    pastEndOfLife: z.string().nullable().describe('A sentence, when its release is no longer supported'),
    database: z.object({ version: count, builtAt: z.iso.datetime() }).nullable().describe('Null before the first'),
    analyserVersion: z.string(),
    undetermined: z
      .array(
        z.object({
          why: z.string(),
          packages: count,
          named: z.array(z.string()).describe('Some of them'),
          ids: z.array(z.string()).describe('The weaknesses concerned; empty: nothing at all can be said'),
        }),
      )
      .describe('Packages of which it is not known whether they are affected'),
    gaps: z
      .array(z.object({ layer: z.string().nullable(), path: z.string().nullable(), reason: z.string() }))
      .describe('What could not be read, at most 200'),
    gapCount: count,
  })
  .meta({ id: 'ImageCoverage' });

/** Adds the routes. */
export function imagePackageRoutes(context: ContentContext) {
  const { db } = context.store;
  return (instance: FastifyInstance): void => {
    const app = typed(instance);
    app.get(
      '/api/v1/images/:digest/packages',
      {
        ...access,
        schema: {
          tags,
          summary: 'List the packages of an image',
          params,
          querystring: z.object({
            q: words.describe('In the name'),
            type: words.describe('As in package URLs: deb, npm'),
            layer: z.coerce.number().int().min(-1).max(10_000).optional(),
            vulnerable: z.stringbool().optional(),
            undetermined: z.stringbool().optional(),
            sort: z.enum(['severity', 'name']).default('name'),
            ...pageQuery,
          }),
          response: { 200: pageOf(imagePackageSchema), ...problems },
        },
      },
      async request => {
        const view = await manifestFor(request, db, request.params.digest);
        const { limit, cursor, sort, q, type, layer, vulnerable, undetermined } = request.query;
        const filter = { text: q, type, layer, isVulnerable: vulnerable, isUndetermined: undetermined };
        const after = decodeCursor(cursor, position);
        const scope = await seenScope(request, context);
        const packages = await listImagePackages(db, view.id, filter, { sort, limit: limit + 1, after, scope });
        const { items, nextCursor } = toPage(packages, limit, one => one.position);
        return { items: items.map(presentImagePackage), nextCursor };
      },
    );
    app.get(
      '/api/v1/images/:digest/coverage',
      {
        ...access,
        schema: {
          tags,
          summary: 'What the report of an image can not say: doubts, gaps, an end of support',
          params,
          response: { 200: coverageSchema.nullable().describe('Null when there is no report yet'), ...problems },
        },
      },
      async request => {
        const view = await manifestFor(request, db, request.params.digest);
        const today = context.now();
        const report = await reportOfImage(db, view.digest, { reference: view.digest, today });
        if (report === undefined) return null;
        const { distro, gaps } = report.inventory;
        const database = await findReportDatabase(db);
        return {
          distro:
            distro === undefined ? null : { id: distro.id, name: distro.name, endOfLife: distro.endOfLife ?? null },
          pastEndOfLife: tellEndOfLife(distro, today.toISOString()) ?? null,
          database: database.sources.length === 0 ? null : { version: database.version, builtAt: database.builtAt },
          analyserVersion: report.analyserVersion,
          undetermined: report.undetermined.map(({ why, packages, ids }) => ({
            why,
            packages: packages.length,
            named: packages.slice(0, MAX_NAMED).map(({ name, version }) => `${name} ${version}`),
            ids: [...ids],
          })),
          gaps: gaps
            .slice(0, MAX_GAPS)
            .map(({ layer, path, reason }) => ({ layer: layer ?? null, path: path ?? null, reason })),
          gapCount: gaps.length,
        };
      },
    );
  };
}

function presentImagePackage(one: ListedImagePackage): z.output<typeof imagePackageSchema> {
  const { type, name, version, arch, purl, layer, locations, doubts } = one;
  const { undetermined: _, ...counts } = countsOf({ ...one, undetermined: 0 });
  return { type, name, version, arch, purl, layer, locations: pathsOf(locations), counts, doubts: [...doubts] };
}
