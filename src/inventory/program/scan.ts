/**
 * Looks for the patterns of several rules in one pass over a file, window by window.
 */
import type { FileBody } from '../file-body.ts';
import type { Region } from './regions.ts';
import { DEFAULT_AFTER_BYTES, MAX_CONTEXT_BYTES, NEAR_BYTES, type Pattern, type ProgramRule } from './rule.ts';

/** A program that was found. */
export interface FoundProgram {
  readonly rule: ProgramRule;
  readonly version: string;
}

/** A rule to try, and the version in the name of the file, for needles that contain it. */
export interface Candidate {
  readonly rule: ProgramRule;
  readonly nameVersion?: string | undefined;
}

const NAME_VERSION = '{name}';
const WINDOW_BYTES = 4 * 1024 * 1024;
/** Bytes looked at around needles that turn out to have no version: a real program has a few such places, a hostile one as many as fit. */
const MAX_LOOKED_BYTES = 16 * 1024 * 1024;

/** A pattern with its needle as bytes, and its place in the order of its rule. */
interface Search {
  readonly pattern: Pattern;
  readonly needle: Buffer;
  readonly rank: number;
  lookedBytes: number;
}

/** What is known of one rule so far: the version by its best pattern yet. */
interface State {
  readonly rule: ProgramRule;
  readonly searches: readonly Search[];
  best: { readonly version: string; readonly rank: number } | undefined;
}

/** Every rule whose program is in the file, with the version by its first pattern that is found; `unless` is obeyed. */
export function scan(body: FileBody, regions: readonly Region[], candidates: readonly Candidate[]): FoundProgram[] {
  const states = candidates.map(toState);
  for (const region of regions) {
    for (let start = region.start; start < region.end; start += WINDOW_BYTES) {
      const open = states.filter(state => state.best?.rank !== 0);
      if (open.length === 0) return conclude(states);
      // Needles must begin inside the window; what a version needs around them may lie outside.
      const end = Math.min(start + WINDOW_BYTES, region.end);
      const from = Math.max(0, start - MAX_CONTEXT_BYTES);
      const bytes = body.read(from, end + MAX_CONTEXT_BYTES - from);
      for (const state of open) searchWindow(state, bytes, start - from, end - from);
    }
  }
  return conclude(states);
}

function toState({ rule, nameVersion }: Candidate): State {
  const searches = rule.patterns.flatMap((pattern, rank): Search[] => {
    if (nameVersion === undefined && pattern.needle.includes(NAME_VERSION)) return [];
    const needle = Buffer.from(pattern.needle.replace(NAME_VERSION, nameVersion ?? ''), 'latin1');
    return [{ pattern, needle, rank, lookedBytes: 0 }];
  });
  return { rule, searches, best: undefined };
}

function searchWindow(state: State, bytes: Buffer, start: number, end: number): void {
  for (const search of state.searches) {
    if (state.best !== undefined && state.best.rank <= search.rank) return;
    let at = bytes.indexOf(search.needle, start);
    while (at !== -1 && at < end && search.lookedBytes < MAX_LOOKED_BYTES) {
      const version = versionAt(search, bytes, at);
      if (version !== undefined) {
        state.best = { version, rank: search.rank };
        return;
      }
      at = bytes.indexOf(search.needle, at + 1);
    }
  }
}

function versionAt(search: Search, bytes: Buffer, at: number): string | undefined {
  const { pattern, needle } = search;
  const { before = 0, after = DEFAULT_AFTER_BYTES, near } = pattern;
  const look = (start: number, end: number) => {
    search.lookedBytes += end - start;
    return bytes.toString('latin1', Math.max(0, start), Math.min(bytes.length, end));
  };
  const version = matchVersion(pattern.version, look(at - before, at + needle.length + after));
  if (version === undefined || near === undefined) return version;
  return near.test(look(at - NEAR_BYTES, at + NEAR_BYTES)) ? version : undefined;
}

function matchVersion(expression: RegExp, text: string): string | undefined {
  if (!expression.global) return expression.exec(text)?.[1];
  const versions = new Set<string>();
  for (const match of text.matchAll(expression)) if (match[1] !== undefined) versions.add(match[1]);
  return versions.size === 1 ? [...versions][0] : undefined;
}

function conclude(states: readonly State[]): FoundProgram[] {
  const found = states.flatMap(({ rule, best }) => (best === undefined ? [] : [{ rule, version: best.version }]));
  const names = new Set(found.map(({ rule }) => rule.name));
  return found.filter(({ rule }) => !rule.unless?.some(name => names.has(name)));
}
