/** Plans of launches for tests: settings checked as in production, on a registry that can do everything. */
import type { TagEntry } from '#connector/connector.ts';
import { planSelection, type SelectionPlan } from '../selection-plan.ts';
import { type ScheduleInput, scheduleDraftSchema } from '../settings.ts';
import { validateSettings } from '../validate-settings.ts';

/** What a Docker registry with a catalogue and dates would be. */
const PRODUCT = {
  label: 'Docker Registry',
  everything: '.*',
  requiresTags: false,
  capabilities: {
    catalog: true,
    pushedDate: true,
    newestFirst: false,
    dateFilter: false,
    pullTimeSideEffect: false,
    rateLimitHeaders: false,
  },
} as const;
/** When every plan is launched. */
export const LAUNCH = new Date('2026-11-21T12:00:00Z');

/** The plan of an On Demand job on the repository `app`, changed by `input`. */
export function planOf(input: Partial<ScheduleInput>): SelectionPlan {
  const draft = scheduleDraftSchema.parse({
    name: 'x',
    scanType: 'OnDemand',
    targets: [{ repository: 'app' }],
    ...input,
  });
  const { settings, errors } = validateSettings(draft, {
    product: PRODUCT,
    features: { forceScan: true, wildcards: true },
  });
  if (settings === undefined) throw new Error(JSON.stringify(errors));
  return planSelection(settings, PRODUCT, LAUNCH);
}
/** A tag as a listing tells it. */
export const tag = (name: string, pushedAt?: string): TagEntry => ({
  name,
  ...(pushedAt === undefined ? {} : { pushedAt }),
});
/** The names of tags, in their order. */
export const namesOf = (tags: readonly TagEntry[]): readonly string[] => tags.map(({ name }) => name);
/** Two old versions, one of today, and one tag of unknown age. */
export const TAGS: readonly TagEntry[] = [
  tag('v1.0', '2026-01-01T00:00:00Z'),
  tag('v1.1', '2026-11-20T10:00:00Z'),
  tag('v2.0', '2026-11-21T10:00:00Z'),
  tag('edge'),
];
/** "Scan all images" with a limit. */
export const force = (limit: ScheduleInput['limit']): Partial<ScheduleInput> => ({ scanAllImages: true, limit });
