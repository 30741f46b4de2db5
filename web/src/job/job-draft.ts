/** The settings of a scan job as they are being written, and as the API takes them. */
import type { RegistryProduct, ScheduleSettings } from '../api/model.ts';
import { readLabels, writeLabels } from '../form/labels.ts';

/** A choice of the recurrence menu. */
export type IntervalChoice = '1' | '7' | '14' | '30' | 'custom';
/** A choice of the menu of pushed dates; numbers are "the last N days". */
export type PushedChoice = 'all' | 'today' | 'yesterday' | '7' | '14' | '30' | '90' | 'custom' | 'exactly';

export const WEEK_DAYS = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'] as const;
export type WeekDay = (typeof WEEK_DAYS)[number];

export interface JobDraft {
  readonly name: string;
  readonly scanType: ScheduleSettings['scanType'];
  /** Tags as they are written: several by commas. */
  readonly targets: readonly { readonly repository: string; readonly tags: string }[];
  readonly pushed: PushedChoice;
  readonly pushedDays: string;
  readonly interval: IntervalChoice;
  readonly intervalDays: string;
  readonly startTime: string;
  readonly weekDay: WeekDay;
  readonly timezone: string;
  readonly runBaselineNow: boolean;
  readonly pinStart: boolean;
  readonly scanAllImages: boolean;
  readonly limit: 'pushedWithinDays' | 'latestPerRepository';
  readonly limitDays: string;
  readonly limitCount: string;
  readonly includeUnknownAge: boolean;
  readonly platforms: string;
  readonly sensorLabels: string;
  readonly isEnabled: boolean;
  readonly patternMode: 'wildcard' | 'extended';
}

/** A new job: everything, once. */
export function newJob(
  product: RegistryProduct,
  { name, timezone }: { readonly name: string; readonly timezone: string },
): JobDraft {
  return {
    name,
    scanType: 'OnDemand',
    targets: [
      { repository: product.capabilities.catalog ? product.everything : '', tags: product.requiresTags ? '*' : '' },
    ],
    pushed: 'all',
    pushedDays: '60',
    interval: '1',
    intervalDays: '10',
    startTime: '02:00',
    weekDay: 'SUNDAY',
    timezone,
    runBaselineNow: true,
    pinStart: false,
    scanAllImages: false,
    limit: 'pushedWithinDays',
    limitDays: '30',
    limitCount: '10',
    includeUnknownAge: false,
    platforms: 'linux/amd64',
    sensorLabels: '',
    isEnabled: true,
    patternMode: 'wildcard',
  };
}

/** Days between runs; 0 when the field has no number. */
export function intervalOf({ interval, intervalDays }: Pick<JobDraft, 'interval' | 'intervalDays'>): number {
  return Number(interval === 'custom' ? intervalDays : interval) || 0;
}

/** What the API takes: nothing that the choices rule out, so that a field which is not shown is never complained of. */
export function toSettings(draft: JobDraft): ScheduleSettings {
  const isAutomatic = draft.scanType === 'Automatic';
  const days = intervalOf(draft);
  const targets = draft.targets
    .filter(({ repository, tags }) => repository.trim() !== '' || tags.trim() !== '')
    .map(({ repository, tags }) => ({ repository: repository.trim(), tags: isAutomatic ? [] : splitTags(tags) }));
  return {
    name: draft.name,
    scanType: draft.scanType,
    targets,
    filters: { pushed: isAutomatic ? { kind: 'all' } : pushedOf(draft) },
    recurrence: {
      timezone: draft.timezone,
      intervalDays: isAutomatic ? (draft.interval === 'custom' ? draft.intervalDays : days) : null,
      startTime: isAutomatic && days === 1 ? draft.startTime : null,
      weekDay: isAutomatic && days === 7 ? draft.weekDay : null,
      runBaselineNow: isAutomatic && days === 7 && draft.runBaselineNow,
      pinStart: isAutomatic && draft.pinStart,
    },
    scanAllImages: draft.scanAllImages,
    limit: draft.scanAllImages ? limitOf(draft) : null,
    includeUnknownAge: draft.includeUnknownAge,
    platforms: draft.platforms.split(/[,\s]+/).filter(platform => platform !== ''),
    sensorSelector: { labels: readLabels(draft.sensorLabels) },
    enabled: draft.isEnabled,
    patternMode: draft.patternMode,
  };
}

/** The form of settings that are kept. */
export function toDraft(settings: ScheduleSettings): JobDraft {
  const { recurrence, filters, limit } = settings;
  const interval = String(recurrence.intervalDays ?? '1');
  const isMenu = ['1', '7', '14', '30'].includes(interval);
  const { pushed } = filters;
  const pushedDays = String(pushed.days ?? '60');
  return {
    name: settings.name,
    scanType: settings.scanType,
    targets: settings.targets.map(({ repository, tags }) => ({ repository, tags: tags.join(', ') })),
    pushed: pushedChoice(pushed.kind, pushedDays),
    pushedDays,
    interval: isMenu ? (interval as IntervalChoice) : 'custom',
    intervalDays: interval,
    startTime: recurrence.startTime ?? '02:00',
    weekDay: (recurrence.weekDay ?? 'SUNDAY') as WeekDay,
    timezone: recurrence.timezone,
    runBaselineNow: recurrence.runBaselineNow,
    pinStart: recurrence.pinStart,
    scanAllImages: settings.scanAllImages,
    limit: limit?.kind ?? 'pushedWithinDays',
    limitDays: String(limit?.days ?? '30'),
    limitCount: String(limit?.count ?? '10'),
    includeUnknownAge: settings.includeUnknownAge,
    platforms: settings.platforms.join(', '),
    sensorLabels: writeLabels(settings.sensorSelector.labels),
    isEnabled: settings.enabled,
    patternMode: settings.patternMode,
  };
}

/** `re:` takes the whole rest, commas and all. */
function splitTags(text: string): string[] {
  const at = text.search(/(?:^|,)\s*re:/);
  const plain = at === -1 ? text : text.slice(0, at);
  const last = at === -1 ? [] : [text.slice(at).replace(/^,?\s*/, '')];
  return [...plain.split(',').map(tag => tag.trim()), ...last].filter(tag => tag !== '');
}

function pushedOf({ pushed, pushedDays }: JobDraft): ScheduleSettings['filters']['pushed'] {
  switch (pushed) {
    case 'all':
    case 'today':
    case 'yesterday':
      return { kind: pushed };
    case 'custom':
      return { kind: 'customDays', days: pushedDays };
    case 'exactly':
      return { kind: 'exactlyDaysAgo', days: pushedDays };
    default:
      return { kind: 'lastDays', days: Number(pushed) };
  }
}

function pushedChoice(kind: ScheduleSettings['filters']['pushed']['kind'], days: string): PushedChoice {
  if (kind === 'all' || kind === 'today' || kind === 'yesterday') return kind;
  if (kind === 'exactlyDaysAgo') return 'exactly';
  return kind === 'lastDays' && ['7', '14', '30', '90'].includes(days) ? (days as PushedChoice) : 'custom';
}

function limitOf({ limit, limitDays, limitCount }: JobDraft): NonNullable<ScheduleSettings['limit']> {
  return limit === 'pushedWithinDays' ? { kind: limit, days: limitDays } : { kind: limit, count: limitCount };
}
