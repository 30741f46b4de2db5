/**
 * From a decision to a finding: everything that is told of it, but for the package.
 */
import type { Advisory, Rating } from '#advisory/advisory.ts';
import { isCve } from '#advisory/cve-id.ts';
import { isErratum } from './cluster.ts';
import type { Decision } from './decide.ts';
import { explain } from './explain.ts';
import type { AdvisoryLookup, Finding } from './finding.ts';
import { textOf } from './record-text.ts';
import { rate } from './severity.ts';

/** A finding for whichever packages it holds. */
export type FindingFacts = Omit<Finding, 'package'>;

type Affected = Extract<Decision, { kind: 'affected' }>;

const MAX_REFERENCES = 30;
/** Curated records of Go modules are rank 0 and 1. */
const SECOND_HAND_RANK = 2;

/** What a decision says, with the words of other records of the same weakness where its own have none. */
export function toFindingFacts(decision: Affected, lookup: AdvisoryLookup): FindingFacts {
  const { ids, errata, candidates, fix } = decision;
  const [id = '', ...rest] = ids;
  const [primary] = candidates;
  const records = [...new Set(candidates.map(({ advisory }) => advisory))];
  const others = decision.others.filter(({ withdrawn }) => withdrawn === undefined);
  const elsewhere = [...others, ...(wantsMore(candidates) ? findElsewhere(id, [...records, ...others], lookup) : [])];
  const kind = kindOf(records);
  const cves = ids.filter(isCve);
  const epss = findWorst(cves.map(cve => lookup.epss(cve)));
  const kev = cves.map(cve => lookup.kev(cve)).find(entry => entry !== undefined);
  const title = titleOf(records, elsewhere);
  const disputedBy = decision.disputedBy ?? findCuratedElsewhere(decision, lookup);
  return {
    id,
    aliases: [...rest, ...errata].sort(),
    kind,
    ...rate(
      kind,
      candidates.map(({ affected, advisory }) => [...(affected.ratings ?? []), ...advisory.ratings]),
      elsewhere,
    ),
    ...(epss === undefined ? {} : { epss: { score: epss.score, percentile: epss.percentile } }),
    ...(kev === undefined ? {} : { kev: withoutCve(kev) }),
    fix,
    ...(title === undefined ? {} : { title }),
    references: listReferences(records),
    evidence: {
      advisory: primary.advisory.id,
      source: primary.advisory.source,
      ecosystem: primary.question.feed.ecosystem,
      name: primary.question.name,
      why: explain(primary),
      ...(disputedBy === undefined ? {} : { disputedBy }),
    },
  };
}

function kindOf(records: readonly Advisory[]): Advisory['kind'] {
  if (records.some(({ kind }) => kind === 'malware')) return 'malware';
  return records.every(({ kind }) => kind === 'notice') ? 'notice' : 'weakness';
}

/** Looking records up by id is slow, so it is done only where something is missing: a vector, or a title of this weakness alone. */
function wantsMore(candidates: Affected['candidates']): boolean {
  const [{ advisory }] = candidates;
  if (textOf(advisory).title === undefined || isErratum(advisory)) return true;
  return !candidates.some(one => hasVector(one.advisory.ratings) || hasVector(one.affected.ratings ?? []));
}

function hasVector(ratings: readonly Rating[]): boolean {
  return ratings.some(({ kind }) => kind === 'cvss');
}

function findElsewhere(id: string, known: readonly Advisory[], lookup: AdvisoryLookup): readonly Advisory[] {
  const found = lookup.records?.(id) ?? [];
  return found.filter(record => record.withdrawn === undefined && !isKnown(record, known)).sort(compareRecords);
}

function isKnown(record: Advisory, known: readonly Advisory[]): boolean {
  return known.some(({ id, source }) => id === record.id && source === record.source);
}

function compareRecords(a: Advisory, b: Advisory): number {
  const [x, y] = [`${a.id}\0${a.source}`, `${b.id}\0${b.source}`];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** An erratum's title is about the update. */
function titleOf(records: readonly Advisory[], elsewhere: readonly Advisory[]): string | undefined {
  const about = [...records, ...elsewhere].filter(record => !isErratum(record));
  for (const record of [...about, ...records]) {
    const { title } = textOf(record);
    if (title !== undefined) return title;
  }
  return about.map(record => textOf(record).sentence).find(sentence => sentence !== undefined);
}

/**
 * About 45 records of GitHub's name a Go module by the wrong major version (osv-scanner#1754). Go's own record of the same weakness then
 * names another module, so that it is not among those about this one.
 */
function findCuratedElsewhere({ candidates: [primary], ids }: Affected, lookup: AdvisoryLookup): string | undefined {
  const { question, rank, advisory } = primary;
  if (question.feed.ecosystem !== 'Go' || rank < SECOND_HAND_RANK || advisory.kind !== 'weakness') return undefined;
  const curated = ids
    .flatMap(id => lookup.records?.(id) ?? [])
    .filter(({ id, withdrawn }) => id.startsWith('GO-') && withdrawn === undefined);
  const isNamed = curated.some(({ affected }) =>
    affected.some(({ ecosystem, name }) => ecosystem === 'Go' && name === question.name),
  );
  return isNamed ? undefined : curated.map(({ id }) => id).sort()[0];
}

function findWorst<T extends { readonly score: number }>(scores: readonly (T | undefined)[]): T | undefined {
  return scores.reduce(
    (worst, one) => (one !== undefined && one.score > (worst?.score ?? -1) ? one : worst),
    undefined,
  );
}

function withoutCve<T extends { readonly cve: string }>({ cve: _, ...rest }: T): Omit<T, 'cve'> {
  return rest;
}

function listReferences(records: readonly Advisory[]): readonly string[] {
  return [...new Set(records.flatMap(record => textOf(record).urls))].slice(0, MAX_REFERENCES);
}
