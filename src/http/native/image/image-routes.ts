/**
 * `/api/v1/images`, `/vulnerabilities`, `/packages`: what is in images, and what is wrong with it.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import { compareImages } from '#scan/content/compare-images.ts';
import type { ContentContext } from '#scan/content/content-context.ts';
import type { Db } from '#store/database.ts';
import { listFindings, listLayerSummaries } from '#store/finding-list.ts';
import { type ImageFilter, listAffectedPackages, listImages } from '#store/image-list.ts';
import { findManifestScans, findManifestView, listChildren, type ManifestView } from '#store/manifest-view.ts';
import { listPackages } from '#store/package-list.ts';
import type { Scope } from '#store/visible.ts';
import { listVulnerabilities } from '#store/vulnerability-list.ts';
import { decodeCursor, namespaceQuery, pageOf, pageQuery, toPage } from '../../cursor.ts';
import { namespacesOf } from '../../route-access.ts';
import { problems, typed } from '../native-route.ts';
import { seenScope } from '../seen-scope.ts';
import {
  findingSchema,
  imageSchema,
  layerSchema,
  manifestSchema,
  packageSchema,
  presentFinding,
  presentImage,
  presentLayer,
  presentManifest,
  presentPackage,
  presentVulnerability,
  SCAN_STATES,
  severityName,
  severityRank,
  severitySchema,
  vulnerabilitySchema,
} from './image-schema.ts';

const params = z.object({ digest: z.string().regex(/^sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})$/, 'a digest') });
const access = { config: { access: 'signed-in' as const } };
const positions = z.array(z.union([z.string(), z.number()])).max(8);
const flag = z.stringbool().optional();
const MAX_LAYER = 10_000;
const words = z.string().trim().min(1).max(300).optional();

const imageFilter = {
  ...namespaceQuery,
  registry: z.uuid().optional(),
  repository: z.string().max(512).optional().describe('Full name'),
  severity: severitySchema.optional().describe('With a finding of this severity or worse'),
  fixable: flag.describe('With a finding that has a fix'),
  exploited: flag.describe('With a finding that is known to be exploited'),
  package: words.describe('With a package of this name'),
  version: words.describe('… in this version'),
  cve: words.describe('With this weakness, by any of its names'),
  waived: z
    .enum(['without', 'with'])
    .default('without')
    .describe('Of `cve`: also images in which waivers set all of it aside'),
  state: z.enum(SCAN_STATES).optional(),
  scannedAfter: z.iso.datetime().optional(),
  scannedBefore: z.iso.datetime().optional(),
  q: words.describe('In the name of a repository or tag, or the beginning of the digest'),
};
type ImageQuery = z.output<z.ZodObject<typeof imageFilter>>;

/** Adds the routes. */
export function imageRoutes(context: ContentContext) {
  return (instance: FastifyInstance): void => {
    listRoutes(instance, context);
    detailRoutes(instance, context);
    vulnerabilityRoutes(instance, context);
  };
}

/** A manifest that the one who asks may see. @throws {PlimsollError} `NOT_FOUND`. */
export async function manifestFor(request: FastifyRequest, db: Db, digest: string): Promise<ManifestView> {
  const view = await findManifestView(db, digest, { namespaceIds: namespacesOf(request) });
  if (view === undefined)
    throw new PlimsollError('NOT_FOUND', `Cannot find the image ${digest}: there is none, or none that you may see`);
  return view;
}

function listRoutes(instance: FastifyInstance, context: ContentContext): void {
  const {
    store: { db },
    now,
  } = context;
  const app = typed(instance);
  const tags = ['images'];
  app.get(
    '/api/v1/images',
    {
      ...access,
      schema: {
        tags,
        summary: 'List images',
        querystring: z.object({
          ...imageFilter,
          sort: z.enum(['worst', 'scanned', 'size', 'name']).default('worst'),
          ...pageQuery,
        }),
        response: { 200: pageOf(imageSchema), ...problems },
      },
    },
    async request => {
      const { limit, cursor, sort, ...query } = request.query;
      const after = decodeCursor(cursor, positions);
      const scope = await seenScope(request, context, query);
      const images = await listImages(db, toFilter(scope, query), { sort, limit: limit + 1, after });
      const { items, nextCursor } = toPage(images, limit, ({ position }) => position);
      const today = now();
      return { items: items.map(one => presentImage(one, today)), nextCursor };
    },
  );
  app.get(
    '/api/v1/packages',
    {
      ...access,
      schema: {
        tags: ['packages'],
        summary: 'List distinct packages, with how many images have each',
        querystring: z.object({
          q: words.describe('In the name'),
          name: words,
          version: words,
          type: words.describe('As in package URLs: deb, npm'),
          vulnerable: flag,
          ...namespaceQuery,
          registry: z.uuid().optional(),
          repository: z.string().max(512).optional(),
          ...pageQuery,
        }),
        response: { 200: pageOf(packageSchema), ...problems },
      },
    },
    async request => {
      const { limit, cursor, q, name, version, type, vulnerable, namespace, registry, repository } = request.query;
      const after = decodeCursor(cursor, z.tuple([z.string(), z.string(), z.number()]));
      const scope = await seenScope(request, context, { namespace, registry, repository });
      const packages = await listPackages(
        db,
        { ...scope, text: q, name, version, type, isVulnerable: vulnerable },
        { limit: limit + 1, after },
      );
      const { items, nextCursor } = toPage(packages, limit, ({ position }) => position);
      return { items: items.map(presentPackage), nextCursor };
    },
  );
}

function detailRoutes(instance: FastifyInstance, context: ContentContext): void {
  const { db } = context.store;
  const app = typed(instance);
  const tags = ['images'];
  app.get(
    '/api/v1/manifests/:digest',
    {
      ...access,
      schema: {
        tags,
        summary: 'Read a manifest or index, with the children of an index',
        params,
        response: { 200: manifestSchema, ...problems },
      },
    },
    async request => {
      const view = await manifestFor(request, db, request.params.digest);
      const children = (await listChildren(db, [view.id])).get(view.id) ?? [];
      const ids = children.flatMap(({ manifestId }) => (manifestId === null ? [] : [manifestId]));
      const scans = await findManifestScans(db, [view.id, ...ids], await seenScope(request, context));
      const withScans = children.map(child => ({
        ...child,
        scan: child.manifestId === null ? undefined : scans.get(child.manifestId),
      }));
      return presentManifest(view, scans.get(view.id), withScans, context.now());
    },
  );
  app.get(
    '/api/v1/images/:digest/findings',
    {
      ...access,
      schema: {
        tags,
        summary: 'List the findings of an image',
        params,
        querystring: z.object({
          severity: z.union([severitySchema.transform(one => [one]), z.array(severitySchema)]).optional(),
          fixable: flag,
          exploited: flag,
          q: words.describe('In the name of the weakness or of the package'),
          package: words,
          layer: z.coerce.number().int().min(-1).max(MAX_LAYER).optional().describe('Position, from 0; -1: in none'),
          waived: z.enum(['only', 'without', 'with']).default('without'),
          sort: z.enum(['severity', 'package', 'name']).default('severity'),
          ...pageQuery,
        }),
        response: { 200: pageOf(findingSchema), ...problems },
      },
    },
    async request => {
      const view = await manifestFor(request, db, request.params.digest);
      const {
        limit,
        cursor,
        sort,
        severity,
        fixable,
        exploited,
        q,
        package: packageName,
        layer,
        waived,
      } = request.query;
      const after = decodeCursor(cursor, positions);
      const filter = {
        severities: severity?.map(severityRank),
        isFixable: fixable,
        isKnownExploited: exploited,
        text: q,
        packageName,
        layer,
        waived,
      };
      const scope = await seenScope(request, context);
      const findings = await listFindings(db, view.id, filter, { sort, limit: limit + 1, after, scope });
      const { items, nextCursor } = toPage(findings, limit, ({ position }) => position);
      return { items: items.map(presentFinding), nextCursor };
    },
  );
  app.get(
    '/api/v1/images/:digest/layers',
    {
      ...access,
      schema: {
        tags,
        summary: 'List the layers of an image, lowest first, with what each brought',
        params,
        response: { 200: z.object({ items: z.array(layerSchema) }), ...problems },
      },
    },
    async request => {
      const view = await manifestFor(request, db, request.params.digest);
      const layers = await listLayerSummaries(db, view.id, await seenScope(request, context));
      return { items: layers.map(presentLayer) };
    },
  );
  app.get(
    '/api/v1/images/:digest/compare',
    {
      ...access,
      schema: {
        tags,
        summary: 'Compare with another image: what got better, what got worse',
        params,
        querystring: z.object({ with: params.shape.digest.describe('The later image') }),
        response: {
          200: z.object({
            gone: z.array(briefSchema).describe('Findings that only this image has'),
            new: z.array(briefSchema).describe('Findings that only the other has'),
            inBoth: z.number().int(),
            packages: z.array(
              z.object({
                type: z.string(),
                name: z.string(),
                kind: z.enum(['added', 'removed', 'changed']),
                before: z.array(z.string()),
                after: z.array(z.string()),
              }),
            ),
          }),
          ...problems,
        },
      },
    },
    async request => {
      const { digest } = request.params;
      const { with: other } = request.query;
      await manifestFor(request, db, digest);
      await manifestFor(request, db, other);
      const comparison = await compareImages(db, digest, other, context.now(), await seenScope(request, context));
      if (comparison === undefined)
        throw new PlimsollError('NOT_FOUND', 'Cannot compare them: one of them has no report yet');
      return {
        gone: comparison.onlyInA.map(presentBrief),
        new: comparison.onlyInB.map(presentBrief),
        inBoth: comparison.inBoth,
        packages: comparison.packages.map(({ before, after, ...one }) => ({
          ...one,
          before: [...before],
          after: [...after],
        })),
      };
    },
  );
}

function vulnerabilityRoutes(instance: FastifyInstance, context: ContentContext): void {
  const {
    store: { db },
    now,
  } = context;
  const app = typed(instance);
  const tags = ['vulnerabilities'];
  const named = z.object({ vulnerabilityId: z.string().min(1).max(300) });
  app.get(
    '/api/v1/vulnerabilities',
    {
      ...access,
      schema: {
        tags,
        summary: 'List weaknesses that images have',
        querystring: z.object({
          q: words.describe('In the name, the title or an alias'),
          severity: severitySchema.optional(),
          exploited: flag,
          fixable: flag,
          waived: z
            .enum(['without', 'with'])
            .default('without')
            .describe('Those too that waivers set aside in all images; they are not counted'),
          ...namespaceQuery,
          registry: z.uuid().optional(),
          repository: z.string().max(512).optional(),
          sort: z.enum(['worst', 'epss', 'name']).default('worst'),
          ...pageQuery,
        }),
        response: { 200: pageOf(vulnerabilitySchema), ...problems },
      },
    },
    async request => {
      const { limit, cursor, sort, q, severity, exploited, fixable, waived, ...where } = request.query;
      const after = decodeCursor(cursor, positions);
      const filter = {
        ...(await seenScope(request, context, where)),
        text: q,
        severityAtLeast: severity === undefined ? undefined : severityRank(severity),
        isKnownExploited: exploited,
        isFixable: fixable,
        includesWaived: waived === 'with',
      };
      const found = await listVulnerabilities(db, filter, { sort, limit: limit + 1, after });
      const { items, nextCursor } = toPage(found, limit, ({ position }) => position);
      return { items: items.map(presentVulnerability), nextCursor };
    },
  );
  app.get(
    '/api/v1/vulnerabilities/:vulnerabilityId',
    {
      ...access,
      schema: {
        tags,
        summary: 'Read a weakness, by any of its names',
        params: named,
        response: { 200: vulnerabilitySchema, ...problems },
      },
    },
    async request => {
      const scope = await seenScope(request, context);
      const [found] = await listVulnerabilities(
        db,
        { ...scope, named: request.params.vulnerabilityId, includesWaived: true },
        { sort: 'worst', limit: 1 },
      );
      if (found === undefined)
        throw new PlimsollError('NOT_FOUND', `No image that you may see has ${request.params.vulnerabilityId}`);
      return presentVulnerability(found);
    },
  );
  app.get(
    '/api/v1/vulnerabilities/:vulnerabilityId/images',
    {
      ...access,
      schema: {
        tags,
        summary: 'Which images have a weakness, and in which packages',
        params: named,
        querystring: z.object({
          ...imageFilter,
          sort: z.enum(['worst', 'scanned', 'size', 'name']).default('worst'),
          ...pageQuery,
        }),
        response: { 200: pageOf(z.object({ image: imageSchema, packages: z.array(affectedSchema) })), ...problems },
      },
    },
    async request => {
      const { limit, cursor, sort, ...query } = request.query;
      const name = request.params.vulnerabilityId;
      const after = decodeCursor(cursor, positions);
      const scope = await seenScope(request, context, query);
      const images = await listImages(db, toFilter(scope, { ...query, cve: name }), {
        sort,
        limit: limit + 1,
        after,
      });
      const { items, nextCursor } = toPage(images, limit, ({ position }) => position);
      const affected = await listAffectedPackages(
        db,
        name,
        items.map(({ id }) => id),
        { limit: 20, scope: query.waived === 'with' ? {} : scope },
      );
      const today = now();
      const byImage = Map.groupBy(affected, ({ manifestId }) => manifestId);
      return {
        items: items.map(image => ({
          image: presentImage(image, today),
          packages: (byImage.get(image.id) ?? []).map(({ manifestId: _, severity, fixKind, fixedVersion, ...one }) => ({
            ...one,
            severity: severityName(severity),
            fix: { kind: fixKind, version: fixedVersion },
          })),
        })),
        nextCursor,
      };
    },
  );
}

const affectedSchema = z.object({
  name: z.string(),
  type: z.string(),
  version: z.string(),
  vulnerability: z.string(),
  severity: severitySchema,
  fix: z.object({ kind: z.string(), version: z.string().nullable() }),
});

const briefSchema = z
  .object({
    id: z.string(),
    severity: severitySchema,
    package: z.object({ type: z.string(), name: z.string(), version: z.string() }),
    fixedVersion: z.string().nullable(),
  })
  .meta({ id: 'FindingBrief' });

function presentBrief({
  id,
  severity,
  package: { type, name, version },
  fix,
}: NonNullable<Awaited<ReturnType<typeof compareImages>>>['onlyInA'][number]) {
  return { id, severity, package: { type, name, version }, fixedVersion: fix.kind === 'fixed' ? fix.version : null };
}

function toFilter(scope: Scope, query: ImageQuery): ImageFilter {
  const {
    severity,
    fixable,
    exploited,
    package: name,
    version,
    cve,
    waived,
    state,
    scannedAfter,
    scannedBefore,
    q,
  } = query;
  return {
    ...scope,
    severityAtLeast: severity === undefined ? undefined : severityRank(severity),
    isFixable: fixable,
    isKnownExploited: exploited,
    package: name === undefined ? undefined : { name, version },
    vulnerability: cve,
    includesWaived: waived === 'with',
    states: state === undefined ? undefined : [state],
    scannedAfter: scannedAfter === undefined ? undefined : new Date(scannedAfter),
    scannedBefore: scannedBefore === undefined ? undefined : new Date(scannedBefore),
    text: q,
  };
}
