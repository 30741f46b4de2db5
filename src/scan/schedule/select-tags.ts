/**
 * Which tags of a repository a launch selects.
 *
 * Order of the rules: names, pushed date, then the limit of "Scan all images", before digests are made one. Latest first; ties go by the name
 * of the tag, and tags of unknown age come last. Everything left out is counted under its reason.
 */
import type { TagEntry } from '#connector/connector.ts';
import type { Pattern } from './pattern.ts';
import { type PushedWindow, placeInWindow, readDate } from './pushed-filter.ts';
import { type SelectionPlan, targetsOf } from './selection-plan.ts';

/** Why a tag is left out. */
export const EXCLUSIONS = {
  'tag-name': 'not named by any tag entry',
  'pushed-before': 'pushed before the wanted dates',
  'pushed-after': 'pushed after the wanted dates',
  'pushed-unknown': 'pushed at a date that nobody knows',
  'limit-age': 'pushed before the limit of Scan all images',
  'limit-unknown-age': 'of unknown age, which the limit of Scan all images leaves out',
  'limit-count': 'beyond the latest images that Scan all images takes',
} as const;
export type Exclusion = keyof typeof EXCLUSIONS;

/** Counts by reason; reasons without a tag are missing. */
export type ExclusionCounts = Readonly<Partial<Record<Exclusion, number>>>;

/** What one tag pattern of a target saw in a repository. */
export interface TagPatternFigures {
  /** Place of the target in the plan, and of the pattern in the target. */
  readonly target: number;
  readonly place: number;
  /** Tags held against it, and those that it covers by name. */
  readonly seen: number;
  readonly matched: number;
  /** Of those covered, left out by date or limit. */
  readonly excluded: number;
}

/** The selection in one repository. */
export interface TagSelection<Tag extends TagEntry = TagEntry> {
  readonly repository: string;
  /** Tags listed, each name once. */
  readonly seen: number;
  /** Latest first, unknown age last, ties by name. */
  readonly selected: readonly Tag[];
  readonly excluded: ExclusionCounts;
  /** Up to five names a reason, for a preview. */
  readonly examples: Readonly<Partial<Record<Exclusion, readonly string[]>>>;
  readonly patterns: readonly TagPatternFigures[];
}

const MAX_EXAMPLES = 5;

/**
 * Selects among the tags of one repository; none when no target names it. Of a name that a listing repeats the first counts.
 * @throws {PlimsollError} `LIMIT_EXCEEDED` when matching takes too long.
 */
export function selectTags<Tag extends TagEntry>(
  repository: string,
  listed: Iterable<Tag>,
  plan: SelectionPlan,
): TagSelection<Tag> {
  const tags = new Map<string, Tag>();
  for (const tag of listed) if (!tags.has(tag.name)) tags.set(tag.name, tag);
  const reasons = new Map<string, Exclusion>();
  const patterns = targetsOf(repository, plan).flatMap(target =>
    (plan.targets[target]?.tags ?? []).map((pattern, place) => ({
      target,
      place,
      names: covered(pattern, tags, plan),
    })),
  );
  const named = new Set(patterns.flatMap(({ names }) => [...names]));
  const kept: Tag[] = [];
  for (const tag of tags.values()) {
    const reason = named.has(tag.name) ? reasonByDate(tag, plan) : 'tag-name';
    if (reason === undefined) kept.push(tag);
    else reasons.set(tag.name, reason);
  }
  kept.sort(latestFirst);
  const selected = plan.latest === undefined ? kept : kept.slice(0, plan.latest);
  for (const tag of kept.slice(selected.length)) reasons.set(tag.name, 'limit-count');
  return {
    repository,
    seen: tags.size,
    selected,
    ...tally(reasons),
    patterns: patterns.map(({ target, place, names }) => ({
      target,
      place,
      seen: tags.size,
      matched: names.size,
      excluded: [...names].filter(name => reasons.has(name)).length,
    })),
  };
}

function covered(
  pattern: Pattern,
  tags: ReadonlyMap<string, TagEntry>,
  { budget }: SelectionPlan,
): ReadonlySet<string> {
  if (pattern.kind === 'literal') return new Set(tags.has(pattern.value) ? [pattern.value] : []);
  return new Set(budget.cover(pattern, [...tags.keys()]));
}

function reasonByDate({ pushedAt }: TagEntry, plan: SelectionPlan): Exclusion | undefined {
  return (
    reasonOf(pushedAt, plan.pushed, plan.includeUnknownAge, {
      before: 'pushed-before',
      after: 'pushed-after',
      unknown: 'pushed-unknown',
    }) ??
    reasonOf(pushedAt, plan.within, plan.includeUnknownAge, {
      before: 'limit-age',
      after: 'limit-age',
      unknown: 'limit-unknown-age',
    })
  );
}

function reasonOf(
  pushedAt: string | undefined,
  window: PushedWindow | undefined,
  includeUnknownAge: boolean,
  reasons: Readonly<Record<'before' | 'after' | 'unknown', Exclusion>>,
): Exclusion | undefined {
  if (window === undefined) return undefined;
  const place = placeInWindow(pushedAt, window);
  if (place === 'inside' || (place === 'unknown' && includeUnknownAge)) return undefined;
  return reasons[place];
}

function latestFirst(a: TagEntry, b: TagEntry): number {
  const dateA = readDate(a.pushedAt) ?? Number.NEGATIVE_INFINITY;
  const dateB = readDate(b.pushedAt) ?? Number.NEGATIVE_INFINITY;
  if (dateA !== dateB) return dateA > dateB ? -1 : 1;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

function tally(reasons: ReadonlyMap<string, Exclusion>): Pick<TagSelection, 'excluded' | 'examples'> {
  const excluded: Partial<Record<Exclusion, number>> = {};
  const examples: Partial<Record<Exclusion, string[]>> = {};
  for (const [name, reason] of reasons) {
    excluded[reason] = (excluded[reason] ?? 0) + 1;
    const names = examples[reason] ?? [];
    if (names.length < MAX_EXAMPLES) names.push(name);
    examples[reason] = names;
  }
  return { excluded, examples };
}
