/**
 * Which records speak of the same weakness: a union by ids and aliases, among the records about one package.
 *
 * An erratum fixes many weaknesses, so it is taken apart by what it derives from and never joins them; `related` joins nothing either.
 * Source: OSV schema 1.7, "aliases" and "upstream"; duplicates by alias are grype#1202, #204, #1401, #973, #132 and #3511.
 */
import type { Advisory } from '#advisory/advisory.ts';
import { isCve } from '#advisory/cve-id.ts';
import type { Candidate } from './candidate.ts';

/** Everything that is said of one weakness in one package. */
export interface Cluster {
  /** All ids and aliases, in the order of `compareIds`. */
  readonly ids: readonly string[];
  /** In the order they were given. */
  readonly candidates: readonly Candidate[];
}

/** The clusters of `candidates` that need a decision: those in which something is affected or undetermined. In order of their first id. */
export function clusterCandidates(candidates: readonly Candidate[]): readonly Cluster[] {
  const open = candidates.filter(candidate => candidate.verdict.kind !== 'not-affected');
  if (open.length === 0) return [];
  const groups = new Groups();
  for (const candidate of open) for (const ids of weaknessesOf(candidate.advisory)) groups.add(ids, candidate);
  // What clears a package may know the weakness by an alias that only another record knows, so it goes round until nothing joins.
  let rest = candidates
    .filter(({ verdict }) => verdict.kind === 'not-affected')
    .flatMap(candidate => weaknessesOf(candidate.advisory).map(ids => ({ candidate, ids })));
  for (let isGrowing = true; isGrowing; ) {
    const joining = rest.filter(({ ids }) => groups.knows(ids));
    for (const { ids, candidate } of joining) groups.add(ids, candidate);
    rest = rest.filter(one => !joining.includes(one));
    isGrowing = joining.length > 0 && rest.length > 0;
  }
  return groups.list();
}

/** CVE ids first, then GitHub's, then all others; each kind in code point order. */
export function compareIds(a: string, b: string): number {
  return idRank(a) - idRank(b) || (a < b ? -1 : a > b ? 1 : 0);
}

function idRank(id: string): number {
  return id.startsWith('CVE-') ? 0 : id.startsWith('GHSA-') ? 1 : 2;
}

const WEAKNESSES = new WeakMap<Advisory, readonly (readonly string[])[]>();

/** The weaknesses a record speaks of, each by the ids that it goes by there. */
function weaknessesOf(advisory: Advisory): readonly (readonly string[])[] {
  let weaknesses = WEAKNESSES.get(advisory);
  if (weaknesses === undefined) {
    weaknesses = findWeaknesses(advisory);
    WEAKNESSES.set(advisory, weaknesses);
  }
  return weaknesses;
}

function findWeaknesses({ id, aliases, upstream }: Advisory): readonly (readonly string[])[] {
  const own = [id, ...aliases];
  if (upstream.length === 0 || own.some(isCve)) return [own];
  const cves = upstream.filter(isCve);
  const derived = cves.length > 0 ? cves : upstream;
  // A record about one weakness goes by that one's ids: `DEBIAN-CVE-2024-1`, `CGA-…` of a CVE and its GHSA.
  if (derived.length === 1) return [[...own, ...upstream]];
  return derived.map(one => [one]);
}

/** Whether a record is about several weaknesses, so that its id is none of theirs. */
export function isErratum(advisory: Advisory): boolean {
  return weaknessesOf(advisory).length > 1;
}

interface Group {
  readonly ids: Set<string>;
  readonly candidates: Set<Candidate>;
}

class Groups {
  readonly #byId = new Map<string, Group>();

  knows(ids: readonly string[]): boolean {
    return ids.some(id => this.#byId.has(id));
  }

  add(ids: readonly string[], candidate: Candidate): void {
    let group: Group = { ids: new Set(), candidates: new Set() };
    for (const id of ids) group = union(group, this.#byId.get(id));
    for (const id of ids) group.ids.add(id);
    group.candidates.add(candidate);
    for (const id of group.ids) this.#byId.set(id, group);
  }

  list(): readonly Cluster[] {
    return [...new Set(this.#byId.values())]
      .map(({ ids, candidates }) => ({ ids: [...ids].sort(compareIds), candidates: [...candidates] }))
      .sort((a, b) => compareIds(a.ids[0] ?? '', b.ids[0] ?? ''));
  }
}

/** The smaller one goes into the larger. */
function union(a: Group, b: Group | undefined): Group {
  if (b === undefined || a === b) return a;
  const [into, from] = a.ids.size > b.ids.size ? [a, b] : [b, a];
  for (const id of from.ids) into.ids.add(id);
  for (const candidate of from.candidates) into.candidates.add(candidate);
  return into;
}
