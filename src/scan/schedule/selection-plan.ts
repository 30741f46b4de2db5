/**
 * What a launch selects, made ready: patterns read, windows of dates computed for the moment of the launch.
 */
import { PlimsollError } from '#base/errors.ts';
import type { RegistryProduct } from '#connector/connector.ts';
import { MatchBudget } from './match-budget.ts';
import { type Pattern, parsePattern } from './pattern.ts';
import { lastDaysWindow, type PushedWindow, pushedWindow } from './pushed-filter.ts';
import type { PatternMode, ScheduleSettings } from './settings.ts';

/** A target with its patterns read. */
export interface PlannedTarget {
  readonly repository: Pattern;
  /** Never empty: no tags means everything. */
  readonly tags: readonly Pattern[];
}

/** The selection of one launch. */
export interface SelectionPlan {
  readonly targets: readonly PlannedTarget[];
  /** Missing: any date, unknown ones too. */
  readonly pushed?: PushedWindow | undefined;
  /** Limit of "Scan all images" by date. */
  readonly within?: PushedWindow | undefined;
  /** Limit of "Scan all images" by count, per repository. */
  readonly latest?: number | undefined;
  readonly includeUnknownAge: boolean;
  /** Spent by whatever matches names by this plan. */
  readonly budget: MatchBudget;
}

const EVERYTHING: Pattern = { kind: 'everything', text: '(any tag)' };

/** Reads checked settings for a launch. @throws {PlimsollError} `SCHEDULE_INVALID` for settings that the product does not take any more. */
export function planSelection(
  settings: ScheduleSettings,
  product: Pick<RegistryProduct, 'everything' | 'label'>,
  launchedAt: Date,
  budget: MatchBudget = new MatchBudget(),
): SelectionPlan {
  const { limit, scanType, patternMode, recurrence, includeUnknownAge } = settings;
  const read = (text: string, of: 'repository' | 'tag') => readPattern(text, { of, mode: patternMode, product });
  const isOnDemand = scanType === 'OnDemand';
  return {
    targets: settings.targets.map(({ repository, tags }) => ({
      repository: read(repository, 'repository'),
      tags: isOnDemand && tags.length > 0 ? tags.map(tag => read(tag, 'tag')) : [EVERYTHING],
    })),
    pushed: isOnDemand ? pushedWindow(settings.filters.pushed, launchedAt, recurrence.timezone) : undefined,
    within: limit?.kind === 'pushedWithinDays' ? lastDaysWindow(limit.days, launchedAt) : undefined,
    latest: limit?.kind === 'latestPerRepository' ? limit.count : undefined,
    includeUnknownAge,
    budget,
  };
}

/** The repositories that need no listing: those named in full. */
export function namedRepositories({ targets }: SelectionPlan): readonly string[] {
  const names = targets.flatMap(({ repository }) => (repository.kind === 'literal' ? [repository.value] : []));
  return [...new Set(names)];
}

/** Whether the registry's repositories must be listed. */
export function needsCatalogue({ targets }: SelectionPlan): boolean {
  return targets.some(({ repository }) => repository.kind !== 'literal');
}

/** The targets that a repository is selected by, as places in the plan; none: not selected. @throws {PlimsollError} `LIMIT_EXCEEDED`. */
export function targetsOf(repository: string, { targets, budget }: SelectionPlan): readonly number[] {
  const names = [repository];
  return targets.flatMap((target, place) => (budget.cover(target.repository, names).length > 0 ? [place] : []));
}

/** What to ask a registry for: tags before `since` and, when all tags are named in full, any others may be left out. @throws {PlimsollError} `LIMIT_EXCEEDED`. */
export function tagQueryOf(
  repository: string,
  plan: SelectionPlan,
): { readonly since?: Date | undefined; readonly names?: readonly string[] | undefined } {
  const patterns = targetsOf(repository, plan).flatMap(place => plan.targets[place]?.tags ?? []);
  const names = patterns.flatMap(pattern => (pattern.kind === 'literal' ? [pattern.value] : []));
  const starts = [plan.pushed?.from, plan.within?.from].flatMap(date => date ?? []);
  const latestStart = starts.length === 0 ? undefined : new Date(Math.max(...starts.map(Number)));
  return {
    // A registry that leaves out what is old would leave out what has no date as well.
    since: plan.includeUnknownAge ? undefined : latestStart,
    names: names.length === patterns.length ? [...new Set(names)] : undefined,
  };
}

function readPattern(
  text: string,
  options: {
    readonly of: 'repository' | 'tag';
    readonly mode: PatternMode;
    readonly product: Pick<RegistryProduct, 'everything' | 'label'>;
  },
): Pattern {
  const result = parsePattern(text, options);
  if (result.ok) return result.pattern;
  const { message, remedy } = result.problem;
  throw new PlimsollError(
    'SCHEDULE_INVALID',
    `Cannot launch the job: ${message}${remedy === undefined ? '' : `. ${remedy}`}`,
  );
}
