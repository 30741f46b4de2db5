/**
 * Judges packages one by one, and remembers what it has judged: a dozen binary packages come from one source, and share its verdicts.
 *
 * One matcher is for one state of the database; it holds no other state.
 */
import { type InstalledVersion, readInstalled, type Verdict } from '#version/range.ts';
import { type Candidate, judgeRecord, toCandidate } from './candidate.ts';
import { clusterCandidates } from './cluster.ts';
import { decide } from './decide.ts';
import type { AdvisoryLookup } from './finding.ts';
import { type BuildFacts, fits } from './fits.ts';
import type { Question } from './question.ts';
import { type FindingFacts, toFindingFacts } from './to-finding.ts';

/** What all records together say of one package. */
export interface Judgement {
  /** In the order of `compareIds`. */
  readonly findings: readonly FindingFacts[];
  /** Each reason once, with the weaknesses concerned, sorted. */
  readonly undetermined: readonly { readonly why: string; readonly ids: readonly string[] }[];
}

type Records = ReturnType<AdvisoryLookup['find']>;

const NOTHING: Judgement = { findings: [], undetermined: [] };
/** A server judges millions of packages with one matcher; what it remembers of them must end somewhere. */
const MAX_REMEMBERED = 50_000;

export class Matcher {
  readonly #lookup: AdvisoryLookup;
  readonly #records = new Map<string, Map<string, Records>>();
  readonly #judgements = new Map<string, Judgement>();
  #recordCount = 0;

  constructor(lookup: AdvisoryLookup) {
    this.#lookup = lookup;
  }

  /** Judges one package by the answers to its questions. */
  judge(questions: readonly Question[], facts: BuildFacts): Judgement {
    const hits: (readonly [Question, Records])[] = [];
    for (const question of questions) {
      const records = this.#find(question);
      if (records.length > 0) hits.push([question, records]);
    }
    if (hits.length === 0) return NOTHING;
    const key = keyOf(hits, facts);
    const known = this.#judgements.get(key);
    if (known !== undefined) return known;
    const judgement = this.#judgeHits(hits, facts);
    if (this.#judgements.size >= MAX_REMEMBERED) this.#judgements.clear();
    this.#judgements.set(key, judgement);
    return judgement;
  }

  #judgeHits(hits: readonly (readonly [Question, Records])[], facts: BuildFacts): Judgement {
    const candidates = listCandidates(hits, facts);
    const findings: FindingFacts[] = [];
    const doubts = new Map<string, string[]>();
    for (const cluster of clusterCandidates(candidates)) {
      const decision = decide(cluster);
      if (decision?.kind === 'affected') findings.push(toFindingFacts(decision, this.#lookup));
      else if (decision !== undefined)
        doubts.set(decision.why, [...(doubts.get(decision.why) ?? []), decision.ids[0] ?? '']);
    }
    const undetermined = Array.from(doubts, ([why, ids]) => ({ why, ids: ids.sort() }));
    return findings.length === 0 && undetermined.length === 0 ? NOTHING : { findings, undetermined };
  }

  #find({ feed: { ecosystem }, name }: Question): Records {
    let byName = this.#records.get(ecosystem);
    if (byName === undefined) {
      byName = new Map();
      this.#records.set(ecosystem, byName);
    }
    let records = byName.get(name);
    if (records === undefined) {
      if (this.#recordCount >= MAX_REMEMBERED) this.#forget();
      records = this.#lookup.find(ecosystem, name);
      byName.set(name, records);
      this.#recordCount += 1;
    }
    return records;
  }

  #forget(): void {
    for (const byName of this.#records.values()) byName.clear();
    this.#recordCount = 0;
  }
}

/** The records that fit, or none when none of them is open: most packages have nothing but records of what was fixed long ago. */
function listCandidates(hits: readonly (readonly [Question, Records])[], facts: BuildFacts): readonly Candidate[] {
  const judged: { record: Records[number]; question: Question; installed: InstalledVersion; verdict: Verdict }[] = [];
  let hasOpen = false;
  for (const [question, records] of hits) {
    const installed = readQuestioned(question);
    for (const record of records) {
      if (!fits(record.affected, question, facts)) continue;
      const verdict = judgeRecord(record, question, installed, facts);
      judged.push({ record, question, installed, verdict });
      // Whether it was withdrawn is asked last: it may be written in the advisory's own row.
      hasOpen ||= verdict.kind !== 'not-affected' && record.advisory.withdrawn === undefined;
    }
  }
  if (!hasOpen) return [];
  return judged
    .filter(({ record }) => record.advisory.withdrawn === undefined)
    .map(({ record, question, installed, verdict }) => toCandidate(record, question, installed, verdict));
}

function readQuestioned({ version, scheme, noVersion }: Question): InstalledVersion {
  return noVersion === undefined
    ? readInstalled(version, scheme)
    : { text: version, full: undefined, short: undefined };
}

function keyOf(hits: readonly (readonly [Question, Records])[], { arch, os, module, version }: BuildFacts): string {
  const parts = [arch ?? '', os ?? '', module ?? '', version.includes('.module') ? version : ''];
  for (const [{ feed, name, nameKind, scheme, version: asked, doubt = '', noVersion = '' }] of hits) {
    parts.push(feed.ecosystem, name, nameKind, scheme.id, asked, doubt, noVersion);
  }
  return parts.join('\0');
}
