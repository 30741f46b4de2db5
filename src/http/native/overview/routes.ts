/** `/api/v1/overview`: what needs attention, in one answer. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { SEVERITY_RANKS } from '#store/counts.ts';
import type { Db } from '#store/database.ts';
import {
  type FindingDay,
  type FindingTotals,
  listFindingDays,
  listLateFindings,
  overviewTotals,
} from '#store/overview.ts';
import { namespaceQuery } from '../../cursor.ts';
import { countsOf, countsSchema, severityName, severitySchema } from '../image/image-schema.ts';
import { problems, typed } from '../native-route.ts';
import { seenScope } from '../seen-scope.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const LATE_DAYS = 14;
const MAX_LATE = 20;
const count = z.number().int();

const totalsSchema = z.object({
  images: count.describe('Distinct digests'),
  scannedImages: count,
  vulnerableImages: count,
  counts: countsSchema.describe('Findings of all images together'),
});

const overviewSchema = z
  .object({
    totals: totalsSchema.extend({
      failedImages: count,
      queuedImages: count,
      criticalImages: count.describe('With a critical finding'),
      exploitedImages: count.describe('With a finding that is known to be exploited'),
    }),
    lateFindings: z
      .array(
        z.object({
          digest: z.string(),
          registryId: z.uuid(),
          repository: z.string(),
          tag: z.string().nullable(),
          at: z.iso.datetime(),
          findingsNew: count,
          worstNew: severitySchema,
        }),
      )
      .describe('Images in which advisories of the last two weeks found something high or critical, newest first'),
    trend: z
      .array(totalsSchema.extend({ day: z.iso.date() }))
      .describe('By day in UTC, oldest first; the last is today until now'),
  })
  .meta({ id: 'Overview' });

/** Adds the route. */
export function overviewRoutes({
  store: { db },
  now,
}: {
  readonly store: { readonly db: Db };
  readonly now: () => Date;
}) {
  return (instance: FastifyInstance): void => {
    typed(instance).get(
      '/api/v1/overview',
      {
        config: { access: 'signed-in' },
        schema: {
          tags: ['overview'],
          summary: 'Totals, what was found lately, and findings over time',
          querystring: z.object({
            ...namespaceQuery,
            days: z.coerce.number().int().min(1).max(366).default(90).describe('How far the trend goes back'),
          }),
          response: { 200: overviewSchema, ...problems },
        },
      },
      async request => {
        const { namespace, days } = request.query;
        const at = now();
        const scope = await seenScope(request, { store: { db }, now }, { namespace });
        const { namespaceIds } = scope;
        const totals = await overviewTotals(db, scope);
        const { failedImages, queuedImages, criticalImages, exploitedImages } = totals;
        const late = await listLateFindings(db, scope, {
          since: before(at, LATE_DAYS),
          severityAtLeast: SEVERITY_RANKS.HIGH,
          limit: MAX_LATE,
        });
        const today = at.toISOString().slice(0, 10);
        const noted = await listFindingDays(db, { namespaceIds, since: before(at, days) });
        return {
          totals: { ...presentTotals(totals), failedImages, queuedImages, criticalImages, exploitedImages },
          lateFindings: late.map(({ worstNew, ...one }) => ({ ...one, worstNew: severityName(worstNew) })),
          trend: [...noted.filter(({ day }) => day < today), { ...totals, day: today }].map(presentDay),
        };
      },
    );
  };
}

function presentDay({ day, ...totals }: FindingDay): z.output<typeof overviewSchema>['trend'][number] {
  return { day, ...presentTotals(totals) };
}

function presentTotals(totals: FindingTotals): z.output<typeof totalsSchema> {
  const { images, scannedImages, vulnerableImages } = totals;
  return { images, scannedImages, vulnerableImages, counts: countsOf(totals) };
}

function before(at: Date, days: number): Date {
  return new Date(at.getTime() - days * DAY_MS);
}
