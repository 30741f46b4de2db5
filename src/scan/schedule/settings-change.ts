/**
 * What an edit of a scan job means, told before it is saved.
 *
 * An edit of what a job selects gives it a new version: repositories that come in get a baseline of their own, the rest stays incremental.
 * In compatibility mode such an edit is refused, as the vendor does: there it takes another job.
 */
import type { ScheduleSettings } from './settings.ts';
import { isRunning, type JobState } from './state.ts';
import { type Violation, violation } from './violation.ts';

/** A field that differs. */
export interface FieldChange {
  /** As in the settings, one level deep: `recurrence`, `targets`. */
  readonly field: ComparedField;
  readonly before: unknown;
  readonly after: unknown;
}

/** What saving would do. */
export interface SettingsChange {
  /** In the order of the settings; empty when nothing differs. */
  readonly fields: readonly FieldChange[];
  /** Whether the job gets the next version. */
  readonly bumpsVersion: boolean;
  /** Repository entries, patterns as written, that get a baseline of their own. */
  readonly addedRepositories: readonly string[];
  readonly removedRepositories: readonly string[];
  /** Whether the next due time is computed anew from the last planned start. */
  readonly replans: boolean;
  /** For people, one sentence without full stop each. */
  readonly effects: readonly string[];
}

const COMPARED = [
  'name',
  'scanType',
  'targets',
  'filters',
  'recurrence',
  'scanAllImages',
  'limit',
  'includeUnknownAge',
  'platforms',
  'sensorSelector',
  'enabled',
  'patternMode',
] as const satisfies readonly (keyof ScheduleSettings)[];
type ComparedField = (typeof COMPARED)[number];

/** What an image is selected by; a limit only says how many of the selected are scanned again. */
const SELECTING: readonly ComparedField[] = [
  'scanType',
  'targets',
  'filters',
  'includeUnknownAge',
  'platforms',
  'patternMode',
];

/** What compatibility mode lets through: the vendor's interval, weekday, start time and force flag with its limit, and what it has not. */
const ALWAYS_MUTABLE: readonly ComparedField[] = ['recurrence', 'scanAllImages', 'limit', 'sensorSelector', 'enabled'];

/** Compares checked settings. */
export function describeChange(before: ScheduleSettings, after: ScheduleSettings): SettingsChange {
  const fields = COMPARED.filter(field => !isSame(before[field], after[field])).map(field => ({
    field,
    before: before[field],
    after: after[field],
  }));
  const changed = new Set<ComparedField>(fields.map(({ field }) => field));
  const had = new Set(before.targets.map(({ repository }) => repository));
  const has = new Set(after.targets.map(({ repository }) => repository));
  const addedRepositories = [...has].filter(repository => !had.has(repository));
  const removedRepositories = [...had].filter(repository => !has.has(repository));
  const bumpsVersion = SELECTING.some(field => changed.has(field));
  const replans = changed.has('recurrence') || (changed.has('scanType') && after.scanType === 'Automatic');
  const change = { fields, bumpsVersion, addedRepositories, removedRepositories, replans };
  return { ...change, effects: tellEffects({ before, after, changed, change }) };
}

/** Why an edit is refused, given the job and its new settings. */
export function changeRefusals(
  { settings, state }: { readonly settings: ScheduleSettings; readonly state: JobState },
  after: ScheduleSettings,
  { isCompatibilityMode = false }: { readonly isCompatibilityMode?: boolean | undefined },
): readonly Violation[] {
  const refusals: Violation[] = [];
  if (settings.scanType === 'OnDemand') {
    refusals.push(violation('SCHEDULE_IMMUTABLE', '', 'An On Demand job cannot be edited'));
  }
  if (isRunning(state)) refusals.push(violation('SCHEDULE_RUNNING', '', `A job cannot be edited while it is ${state}`));
  if (settings.scanType === 'Automatic' && isCompatibilityMode) {
    const frozen = describeChange(settings, after).fields.filter(({ field }) => !ALWAYS_MUTABLE.includes(field));
    const message = (field: string) => `In compatibility mode ${field} of a job cannot be changed`;
    refusals.push(...frozen.map(({ field }) => violation('SCHEDULE_IMMUTABLE', field, message(field))));
  }
  return refusals;
}

function tellEffects({
  before,
  after,
  changed,
  change,
}: {
  readonly before: ScheduleSettings;
  readonly after: ScheduleSettings;
  readonly changed: ReadonlySet<ComparedField>;
  readonly change: Omit<SettingsChange, 'effects'>;
}): readonly string[] {
  const { addedRepositories: added, removedRepositories: removed, bumpsVersion, replans } = change;
  const effects: string[] = [];
  if (bumpsVersion) effects.push('The job gets a new version, which counts from its next run on');
  if (added.length > 0) {
    effects.push(`${listed(added)}: the next run scans every image there, as a baseline; the rest stays incremental`);
  }
  if (removed.length > 0) effects.push(`${listed(removed)}: no longer scanned; images and reports are kept`);
  if (changed.has('platforms')) effects.push('Images of added platforms count as newly found in the next run');
  if (changed.has('scanAllImages')) {
    effects.push(
      after.scanAllImages
        ? 'Every run scans every image within the limit from now on'
        : 'Runs scan only newly found images from now on, after a baseline if none was completed',
    );
  }
  if (before.scanType === 'Automatic' && after.scanType === 'OnDemand') {
    effects.push('No further runs are planned, and the job cannot be edited any more');
  } else if (replans)
    effects.push('The next run is planned anew, counted from the last planned start, not earlier than now');
  if (before.enabled && !after.enabled)
    effects.push('Due times pass by until the job is enabled; it can be run by hand');
  return effects;
}

function listed(repositories: readonly string[]): string {
  const rest = repositories.length - 5;
  return `${repositories.slice(0, 5).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

/** Equal as JSON; targets, their tags and the platforms are sets, whose order means nothing. */
function isSame(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).sort().join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join(',')}}`;
}
