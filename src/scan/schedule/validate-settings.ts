/**
 * The rules of a scan job's settings, all judged at once: a form with five mistakes shows five, each beside its field.
 */
import type { RegistryProduct } from '#connector/connector.ts';
import { formatPlatform, parsePlatform } from '#oci/platform.ts';
import { parseStartTime } from './recurrence.ts';
import {
  type ImageLimit,
  type PushedFilter,
  type Recurrence,
  type ScheduleDraft,
  type ScheduleSettings,
  WEEK_DAYS,
  type WeekDay,
} from './settings.ts';
import { changeRefusals } from './settings-change.ts';
import type { JobState } from './state.ts';
import { checkTargets } from './validate-targets.ts';
import { isWarning, quoted, type Violation, violation } from './violation.ts';
import { isTimeZone } from './zone-time.ts';

/** What is known of the world that the job is for. */
export interface ScheduleFacts {
  readonly product: Pick<RegistryProduct, 'label' | 'everything' | 'requiresTags' | 'capabilities'>;
  readonly features: {
    /** `registry.forceScan`. */
    readonly forceScan: boolean;
    /** `registry.wildcards`. */
    readonly wildcards: boolean;
  };
  /** Where the registry does not know pushed dates: whether listings fill in others (of the config, or when first seen). */
  readonly estimatesDates?: boolean | undefined;
  /** The path that people mean: without host and the registry's own prefix. As `Connector.normaliseRepository`. */
  readonly normaliseRepository?: ((text: string) => string) | undefined;
  /** The job that is edited; missing for a new one. */
  readonly existing?: { readonly settings: ScheduleSettings; readonly state: JobState } | undefined;
  /** What an Automatic job selects cannot be edited, as with the vendor. */
  readonly isCompatibilityMode?: boolean | undefined;
}

/** What came of the rules. */
export interface ValidationResult {
  /** Errors in the order of the fields, at most 200; with any of them there are no settings. */
  readonly errors: readonly Violation[];
  /** At most 200. */
  readonly warnings: readonly Violation[];
  /** Errors and warnings beyond these bounds. */
  readonly unshown: number;
  /** Normalised: tags one an entry, paths without prefixes. */
  readonly settings?: ScheduleSettings;
}

const MAX_SHOWN = 200;
const MAX_FILTER_DAYS = 3650;
const MIN_FORCE_INTERVAL = 7;
const LIMIT_RANGES = { days: 365, count: 1000 } as const;

/** Judges settings of the right shape. Never throws. */
export function validateSettings(draft: ScheduleDraft, facts: ScheduleFacts): ValidationResult {
  const found: Violation[] = [];
  const report = (...violations: readonly Violation[]) => found.push(...violations);

  const targets = checkTargets(draft, facts, report);
  const pushed = checkPushed(draft, report);
  const recurrence = checkRecurrence(draft, report);
  const limit = checkLimit(draft, facts, report);
  checkDates(draft, facts, report);
  const platforms = checkPlatforms(draft.platforms, report);

  const { name, scanType, scanAllImages, includeUnknownAge, sensorSelector, enabled, patternMode } = draft;
  const settings: ScheduleSettings = {
    name,
    scanType,
    targets,
    filters: { pushed },
    recurrence,
    scanAllImages,
    limit,
    includeUnknownAge,
    platforms,
    sensorSelector,
    enabled,
    patternMode,
  };
  if (facts.existing !== undefined) report(...changeRefusals(facts.existing, settings, facts));
  const errors = found.filter(one => !isWarning(one));
  const warnings = found.filter(isWarning);
  const shown = { errors: errors.slice(0, MAX_SHOWN), warnings: warnings.slice(0, MAX_SHOWN) };
  const unshown = found.length - shown.errors.length - shown.warnings.length;
  return errors.length === 0 ? { ...shown, unshown, settings } : { ...shown, unshown };
}

/** Takes violations in. */
export type Report = (...violations: readonly Violation[]) => void;

type LoneNumber = number | string | null | undefined;

function checkPushed({ filters: { pushed }, scanType, patternMode }: ScheduleDraft, report: Report): PushedFilter {
  const { kind } = pushed;
  const field = 'filters.pushed';
  if (scanType === 'Automatic' && kind !== 'all') report(violation('DATE_FILTER_NOT_ALLOWED_AUTOMATIC', field));
  if (kind === 'all' || kind === 'today' || kind === 'yesterday') return { kind };
  if (kind === 'exactlyDaysAgo' && patternMode !== 'extended') report(violation('EXTENDED_MODE_REQUIRED', field));
  const days = wholeNumber(pushed.days, MAX_FILTER_DAYS);
  if (days === undefined) {
    report(
      violation('CUSTOM_DAYS_REQUIRED', `${field}.days`, `The pushed date filter has ${shown(pushed.days)} as days`),
    );
  }
  return { kind, days: days ?? 1 };
}

function checkRecurrence({ recurrence, scanType, scanAllImages }: ScheduleDraft, report: Report): Recurrence {
  const { timezone, runBaselineNow, pinStart } = recurrence;
  if (!isTimeZone(timezone)) {
    report(violation('TIMEZONE_UNKNOWN', 'recurrence.timezone', `There is no time zone ${quoted(timezone)}`));
  }
  const rest = { timezone, runBaselineNow, pinStart };
  const startTime = recurrence.startTime ?? null;
  const weekDay = recurrence.weekDay ?? null;
  if (scanType === 'OnDemand') {
    const given = (['intervalDays', 'startTime', 'weekDay'] as const).filter(key => (recurrence[key] ?? null) !== null);
    report(...given.map(key => violation('RECURRENCE_NOT_ALLOWED_ON_DEMAND', `recurrence.${key}`)));
    return { intervalDays: null, startTime: null, weekDay: null, ...rest };
  }
  const intervalDays = wholeNumber(recurrence.intervalDays, 365);
  if (intervalDays === undefined) {
    // What else is wrong depends on the interval that was meant.
    const message = `The interval is ${shown(recurrence.intervalDays)}: it must be a whole number from 1 to 365`;
    report(violation('INTERVAL_OUT_OF_RANGE', 'recurrence.intervalDays', message));
    return { intervalDays: null, startTime: null, weekDay: null, ...rest };
  }
  checkStartTime(intervalDays, startTime, report);
  checkWeekDay(intervalDays, weekDay, report);
  if (scanAllImages && intervalDays < MIN_FORCE_INTERVAL) {
    report(
      violation(
        'FORCE_INTERVAL_TOO_SHORT',
        'recurrence.intervalDays',
        `Scan all images (scanAllImages) needs an interval (recurrence.intervalDays) of at least 7 days, not ${intervalDays}`,
      ),
    );
  }
  return { intervalDays, startTime, weekDay: isWeekDay(weekDay) ? weekDay : null, ...rest };
}

function checkStartTime(intervalDays: number, startTime: string | null, report: Report): void {
  const field = 'recurrence.startTime';
  if (intervalDays !== 1) {
    if (startTime !== null) report(violation('START_TIME_ONLY_DAILY', field));
  } else if (startTime === null || startTime === '') {
    report(violation('START_TIME_REQUIRED_DAILY', field));
  } else if (parseStartTime(startTime) === undefined) {
    report(violation('START_TIME_INVALID', field, `${quoted(startTime)} is no time of the day`));
  }
}

function checkWeekDay(intervalDays: number, weekDay: string | null, report: Report): void {
  const field = 'recurrence.weekDay';
  if (intervalDays !== 7) {
    if (weekDay !== null) report(violation('WEEKDAY_ONLY_WEEKLY', field));
  } else if (!isWeekDay(weekDay)) {
    const message = weekDay === null ? 'A weekly recurrence has no weekday' : `${quoted(weekDay)} is no weekday`;
    report(violation('WEEKDAY_REQUIRED_WEEKLY', field, message));
  }
}

function checkLimit(
  { limit, scanAllImages }: ScheduleDraft,
  { features }: ScheduleFacts,
  report: Report,
): ImageLimit | null {
  if (scanAllImages && !features.forceScan) report(violation('FORCE_NOT_ENABLED', 'scanAllImages'));
  if (limit === null || limit === undefined) {
    if (scanAllImages) report(violation('LIMIT_REQUIRED', 'limit'));
    return null;
  }
  if (!scanAllImages) report(violation('LIMIT_NOT_ALLOWED', 'limit'));
  const { kind } = limit;
  const [own, other] = kind === 'pushedWithinDays' ? (['days', 'count'] as const) : (['count', 'days'] as const);
  if ((limit[other] ?? null) !== null) report(violation('LIMIT_AMBIGUOUS', `limit.${other}`));
  const given = limit[own] ?? null;
  const number = wholeNumber(given, LIMIT_RANGES[own]);
  if (given === null || given === '') {
    report(violation('LIMIT_REQUIRED', `limit.${own}`, `The limit ${kind} has no ${own}`));
  } else if (number === undefined) {
    const message = `The limit is ${shown(given)}: it must be a whole number from 1 to ${LIMIT_RANGES[own]}`;
    report(violation('LIMIT_OUT_OF_RANGE', `limit.${own}`, message));
  }
  return kind === 'pushedWithinDays' ? { kind, days: number ?? 1 } : { kind, count: number ?? 1 };
}

/** A filter by dates that nobody knows would silently match nothing, or everything. */
function checkDates(draft: ScheduleDraft, { product, estimatesDates = false }: ScheduleFacts, report: Report): void {
  if (product.capabilities.pushedDate) return;
  const isFiltered = draft.scanType === 'OnDemand' && draft.filters.pushed.kind !== 'all';
  const limitKind = draft.scanAllImages ? draft.limit?.kind : undefined;
  const fields: string[] = [];
  if (isFiltered) fields.push('filters.pushed');
  if (limitKind === 'pushedWithinDays') fields.push('limit');
  const passes = estimatesDates || draft.includeUnknownAge;
  report(...fields.map(field => violation(passes ? 'DATE_ESTIMATED' : 'DATE_UNSUPPORTED', field)));
  if (limitKind === 'latestPerRepository') {
    const message = estimatesDates
      ? 'The registry does not know pushed dates: the latest images are told by estimated ones'
      : 'The registry does not know pushed dates: which images are the latest is told by their tags alone, in alphabetical order';
    report(violation('DATE_ESTIMATED', 'limit', message));
  }
}

function checkPlatforms(written: readonly string[], report: Report): readonly string[] {
  const platforms = new Set<string>();
  for (const [place, text] of written.entries()) {
    try {
      platforms.add(formatPlatform(parsePlatform(text.trim())));
    } catch {
      report(violation('PLATFORM_INVALID', `platforms[${place}]`, `${quoted(text)} is no platform`));
    }
  }
  return [...platforms];
}

function wholeNumber(value: LoneNumber, max: number): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max ? value : undefined;
}

function isWeekDay(text: string | null): text is WeekDay {
  const days: readonly (string | null)[] = WEEK_DAYS;
  return days.includes(text);
}

function shown(value: LoneNumber): string {
  if (value === null || value === undefined || value === '') return 'nothing';
  return typeof value === 'number' ? String(value) : quoted(value);
}
