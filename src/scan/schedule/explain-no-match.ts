/**
 * Why a run selected nothing, pattern by pattern, with names that may have been meant.
 */
import { printable } from '#base/text.ts';
import { suggestNames } from './nearest-name.ts';
import type { Pattern } from './pattern.ts';
import {
  EXCLUSIONS,
  type Exclusion,
  type ExclusionCounts,
  type TagPatternFigures,
  type TagSelection,
} from './select-tags.ts';
import { type SelectionPlan, targetsOf } from './selection-plan.ts';

/** What a pattern saw in a whole run. */
export interface PatternFigures {
  /** As written. */
  readonly pattern: string;
  /** Names held against it. */
  readonly seen: number;
  readonly matched: number;
  /** Of those matched, left out by date or limit; 0 for repositories. */
  readonly excluded: number;
  /** Names that may have been meant, when nothing matched. */
  readonly suggestions: readonly string[];
}

/** The figures of a target: its repository pattern and each of its tag patterns. */
export interface TargetFigures {
  readonly repository: PatternFigures;
  readonly tags: readonly PatternFigures[];
}

/** Figures of a run, gathered repository by repository. */
export interface SelectionFigures {
  readonly targets: readonly TargetFigures[];
  readonly repositoriesSeen: number;
  readonly repositoriesMatched: number;
  readonly tagsSeen: number;
  readonly tagsSelected: number;
  readonly excluded: ExclusionCounts;
}

const MAX_NAMES = 20_000;
/** Entries that get suggestions: each looks at all names. */
const MAX_SUGGESTED = 20;
/** Targets told one by one in a sentence; the figures have all. */
const MAX_TOLD = 20;

/** Gathers what the selection of every repository says. One for each run. */
export class FigureCollector {
  readonly #plan: SelectionPlan;
  readonly #repositoryNames: string[] = [];
  readonly #tagNames: Set<string>[];
  readonly #matched: number[];
  readonly #tags: { seen: number; matched: number; excluded: number }[][];
  readonly #excluded: Partial<Record<Exclusion, number>> = {};
  #repositoriesSeen = 0;
  #repositoriesMatched = 0;
  #tagsSeen = 0;
  #tagsSelected = 0;

  constructor(plan: SelectionPlan) {
    this.#plan = plan;
    this.#tagNames = plan.targets.map(() => new Set());
    this.#matched = plan.targets.map(() => 0);
    this.#tags = plan.targets.map(({ tags }) => tags.map(() => ({ seen: 0, matched: 0, excluded: 0 })));
  }

  /** A repository that the registry lists, or that was named and is there. Returns whether any target selects it. */
  addRepository(name: string): boolean {
    this.#repositoriesSeen += 1;
    if (this.#repositoryNames.length < MAX_NAMES) this.#repositoryNames.push(name);
    const places = targetsOf(name, this.#plan);
    for (const place of places) this.#matched[place] = (this.#matched[place] ?? 0) + 1;
    if (places.length > 0) this.#repositoriesMatched += 1;
    return places.length > 0;
  }

  /** The selection in one repository, with the names of its tags for suggestions. */
  addTags(selection: TagSelection, names: Iterable<string>): void {
    this.#tagsSeen += selection.seen;
    this.#tagsSelected += selection.selected.length;
    for (const [reason, count] of Object.entries(selection.excluded) as [Exclusion, number][]) {
      this.#excluded[reason] = (this.#excluded[reason] ?? 0) + count;
    }
    for (const figures of selection.patterns) this.#addPattern(figures);
    const targets = new Set(selection.patterns.map(({ target }) => target));
    const wanting = [...targets].flatMap(target => this.#tagNames[target] ?? []);
    if (wanting.every(known => known.size >= MAX_NAMES)) return;
    for (const name of names) for (const known of wanting) if (known.size < MAX_NAMES) known.add(name);
  }

  /** The figures so far. Names are suggested for the first twenty entries that matched nothing. */
  figures(): SelectionFigures {
    let suggested = 0;
    const figuresOf = (
      pattern: Pattern,
      sums: { readonly seen: number; readonly matched: number; readonly excluded: number },
      names: Iterable<string>,
    ): PatternFigures => {
      const isSuggested = sums.matched === 0 && suggested < MAX_SUGGESTED;
      if (isSuggested) suggested += 1;
      return { pattern: pattern.text, ...sums, suggestions: isSuggested ? suggestNames(pattern, names) : [] };
    };
    return {
      targets: this.#plan.targets.map(({ repository, tags }, place) => ({
        repository: figuresOf(
          repository,
          { seen: this.#repositoriesSeen, matched: this.#matched[place] ?? 0, excluded: 0 },
          this.#repositoryNames,
        ),
        tags: tags.map((tag, at) =>
          figuresOf(tag, this.#tags[place]?.[at] ?? { seen: 0, matched: 0, excluded: 0 }, this.#tagNames[place] ?? []),
        ),
      })),
      repositoriesSeen: this.#repositoriesSeen,
      repositoriesMatched: this.#repositoriesMatched,
      tagsSeen: this.#tagsSeen,
      tagsSelected: this.#tagsSelected,
      excluded: { ...this.#excluded },
    };
  }

  #addPattern({ target, place, seen, matched, excluded }: TagPatternFigures): void {
    const sum = this.#tags[target]?.[place];
    if (sum === undefined) return;
    sum.seen += seen;
    sum.matched += matched;
    sum.excluded += excluded;
  }
}

/** Why nothing was selected: sentences without full stop, the first for the whole run, then one a pattern. Undefined when something was. */
export function explainNoMatch(figures: SelectionFigures): readonly string[] | undefined {
  if (figures.tagsSelected > 0) return undefined;
  const told = figures.targets.slice(0, MAX_TOLD).flatMap(target => {
    const repository = `Repository ${tell(target.repository, repositories)}`;
    // Tags of repositories that did not match were never looked at.
    if (target.repository.matched === 0) return [repository];
    return [repository, ...target.tags.slice(0, MAX_TOLD).map(tag => `Tag ${tell(tag, tags)}`)];
  });
  const rest = figures.targets.length - MAX_TOLD;
  return [summary(figures), ...told, ...(rest > 0 ? [`${rest} more targets selected nothing either`] : [])];
}

function summary({ repositoriesSeen, repositoriesMatched, tagsSeen, excluded }: SelectionFigures): string {
  if (repositoriesSeen === 0) return 'No image matched: no repository was found with these credentials';
  if (repositoriesMatched === 0) return `No image matched: ${repositories(repositoriesSeen)} seen, none selected`;
  if (tagsSeen === 0) return `No image matched: ${repositories(repositoriesMatched)} selected, without any tags`;
  const reasons = (Object.entries(excluded) as [Exclusion, number][]).sort(([, a], [, b]) => b - a);
  const list = reasons.map(([reason, count]) => `${count} ${EXCLUSIONS[reason]}`).join(', ');
  return `No image matched: of ${tags(tagsSeen)} in ${repositories(repositoriesMatched)}, ${list}`;
}

function tell(
  { pattern, seen, matched, excluded, suggestions }: PatternFigures,
  show: (count: number) => string,
): string {
  const left = excluded > 0 ? `, ${excluded} of them left out by date or limit` : '';
  const meant =
    suggestions.length > 0 ? `; did you mean ${suggestions.map(name => printable(name, 100)).join(', ')}?` : '';
  return `"${printable(pattern, 100)}" matched ${matched} of ${show(seen)}${left}${meant}`;
}

function repositories(count: number): string {
  return `${count} ${count === 1 ? 'repository' : 'repositories'}`;
}

function tags(count: number): string {
  return `${count} ${count === 1 ? 'tag' : 'tags'}`;
}
