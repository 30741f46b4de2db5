/**
 * The settings of a scan job: one shape for On Demand and Automatic.
 *
 * Two steps: the schema checks the shape and bounds the size of what comes from outside, `validateSettings` checks the rules. Fields whose
 * mistakes have a code of their own (an interval of 1.5, an empty start time) are therefore taken by the schema as they come.
 */
import { z } from 'zod';

/** `OnDemand` runs once, at once, and may filter by tag and date; `Automatic` recurs over whole repositories. */
export const SCAN_TYPES = ['OnDemand', 'Automatic'] as const;
export type ScanType = (typeof SCAN_TYPES)[number];

/** As the API spells them; Monday first, as ISO 8601 counts. */
export const WEEK_DAYS = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'] as const;
export type WeekDay = (typeof WEEK_DAYS)[number];

/** `wildcard`: `.*`, `*value`, `value*`. `extended`: besides `glob:`, `re:` and "exactly N days ago". */
export const PATTERN_MODES = ['wildcard', 'extended'] as const;
export type PatternMode = (typeof PATTERN_MODES)[number];

/** Sizes that no settings exceed. */
export const SETTINGS_LIMITS = {
  name: 200,
  targets: 1000,
  tagsPerTarget: 1000,
  /** Repository and tag entries of all targets together: every name of a listing is held against them. */
  patterns: 20_000,
  /** `glob:` and `re:` entries together: each costs far more than a wildcard. */
  extendedPatterns: 50,
  entry: 512,
  platforms: 20,
  labels: 20,
} as const;

/** Which dates of a push are wanted; judged anew at every launch, in the zone of the job. */
export type PushedFilter =
  | { readonly kind: 'all' | 'today' | 'yesterday' }
  /** Rolling `days` x 24 h before the launch; `customDays` is the same with a free number. `exactlyDaysAgo` is one calendar day. */
  | { readonly kind: 'lastDays' | 'customDays' | 'exactlyDaysAgo'; readonly days: number };

/** How many images "Scan all images" takes. */
export type ImageLimit =
  | { readonly kind: 'pushedWithinDays'; readonly days: number }
  | { readonly kind: 'latestPerRepository'; readonly count: number };

/** What to scan: a repository or a pattern of them, and tags or patterns of tags; no tags means all. */
export interface Target {
  readonly repository: string;
  readonly tags: readonly string[];
}

/** When to scan. On Demand jobs have only the zone. */
export interface Recurrence {
  /** 1 to 365; null for On Demand. */
  readonly intervalDays: number | null;
  /** `HH:MM` on the clock of `timezone`; only with an interval of 1. */
  readonly startTime: string | null;
  /** Only with an interval of 7. */
  readonly weekDay: WeekDay | null;
  /** IANA name. */
  readonly timezone: string;
  /** Weekly: the first run starts at once instead of on the next weekday. */
  readonly runBaselineNow: boolean;
  /** Start on the minute, even if other jobs of the same registry do. */
  readonly pinStart: boolean;
}

/** Checked settings, as they are stored and shown: only `validateSettings` makes them. */
export interface ScheduleSettings {
  readonly name: string;
  readonly scanType: ScanType;
  readonly targets: readonly Target[];
  readonly filters: { readonly pushed: PushedFilter };
  readonly recurrence: Recurrence;
  /** Every launch scans every image within `limit`, known ones too. */
  readonly scanAllImages: boolean;
  /** Set exactly when `scanAllImages` is. */
  readonly limit: ImageLimit | null;
  /** Whether images whose pushed date nobody knows pass filters by date. */
  readonly includeUnknownAge: boolean;
  /** Normalised: `linux/amd64`. Children of an index for other platforms are skipped. */
  readonly platforms: readonly string[];
  /** Only sensors with all of these labels; none: any sensor that reaches the registry. */
  readonly sensorSelector: { readonly labels: Readonly<Record<string, string>> };
  /** Due times of a disabled job pass by; it can still be run by hand. */
  readonly enabled: boolean;
  readonly patternMode: PatternMode;
}

const text = (maxLength: number) => z.string().max(maxLength);
const loneNumber = z.union([z.number(), text(32), z.null()]).optional();
const labelText = z.string().regex(/^[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$/, 'letters, digits, "._/-"');

/** Settings as somebody wrote them: of the right shape and size, not yet by the rules. Defaults are filled in. */
export const scheduleDraftSchema = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1, 'a job has a name')
    .max(SETTINGS_LIMITS.name)
    .refine(name => !/[\p{Cc}\p{Bidi_Control}]/u.test(name), 'no control characters'),
  scanType: z.enum(SCAN_TYPES),
  targets: z
    .array(
      z.strictObject({
        repository: text(SETTINGS_LIMITS.entry),
        tags: z.array(text(SETTINGS_LIMITS.entry)).max(SETTINGS_LIMITS.tagsPerTarget).default([]),
      }),
    )
    .max(SETTINGS_LIMITS.targets)
    .default([]),
  filters: z
    .strictObject({
      pushed: z
        .strictObject({
          kind: z.enum(['all', 'today', 'yesterday', 'lastDays', 'customDays', 'exactlyDaysAgo']),
          days: loneNumber,
        })
        .default({ kind: 'all' }),
    })
    .prefault({}),
  recurrence: z
    .strictObject({
      intervalDays: loneNumber,
      startTime: text(32).nullish(),
      weekDay: text(32).nullish(),
      timezone: text(64).default('UTC'),
      runBaselineNow: z.boolean().default(false),
      pinStart: z.boolean().default(false),
    })
    .prefault({}),
  scanAllImages: z.boolean().default(false),
  limit: z
    .strictObject({
      kind: z.enum(['pushedWithinDays', 'latestPerRepository']),
      days: loneNumber,
      count: loneNumber,
    })
    .nullish(),
  includeUnknownAge: z.boolean().default(false),
  platforms: z.array(text(64)).min(1).max(SETTINGS_LIMITS.platforms).default(['linux/amd64']),
  sensorSelector: z
    .strictObject({
      labels: z
        .record(labelText, z.union([labelText, z.literal('')]))
        .refine(labels => Object.keys(labels).length <= SETTINGS_LIMITS.labels, `at most ${SETTINGS_LIMITS.labels}`)
        .default({}),
    })
    .prefault({}),
  enabled: z.boolean().default(true),
  patternMode: z.enum(PATTERN_MODES).default('wildcard'),
});

/** What the schema gives. */
export type ScheduleDraft = z.output<typeof scheduleDraftSchema>;

/** What the schema takes: fields with defaults may be missing. */
export type ScheduleInput = z.input<typeof scheduleDraftSchema>;
