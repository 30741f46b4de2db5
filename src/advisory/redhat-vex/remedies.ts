/**
 * What a VEX document says of single products: remedies, impact, scores.
 *
 * Source: CSAF 2.0, 3.2.3.12 "Remediations", 3.2.3.13 "Scores", 3.2.3.14 "Threats"; Red Hat's words for its states.
 */
import type { FixState, Rating } from '../advisory.ts';
import { findCvssRating } from '../cvss-rating.ts';
import { asList, asRecord, asText, type JsonRecord } from '../feed-json.ts';
import { toTime } from '../published-field.ts';
import { findWordRating } from '../severity-word.ts';

const ORIGIN = 'redhat';
const MAX_REASON_LENGTH = 300;

/** A remedy of one product id. */
export interface Remedy {
  readonly state?: Exclude<FixState, { kind: 'fixed' }>;
  /** `RHSA-2024:1234`. */
  readonly fixedBy?: string;
  /** ISO date of the erratum. */
  readonly fixedOn?: string;
}

/** The remedies by product id; of several the erratum and the firmest refusal count. */
export function readRemedies(vulnerability: JsonRecord): ReadonlyMap<string, Remedy> {
  const remedies = new Map<string, Remedy>();
  for (const value of asList(vulnerability['remediations'])) {
    const remediation = asRecord(value);
    const remedy = toRemedy(remediation);
    if (remedy === undefined) continue;
    for (const id of asList(remediation['product_ids'])) {
      if (typeof id !== 'string') continue;
      const known = remedies.get(id);
      if (known === undefined || remediation['category'] === 'no_fix_planned')
        remedies.set(id, { ...known, ...remedy });
      else remedies.set(id, { ...remedy, ...known });
    }
  }
  return remedies;
}

function toRemedy(remediation: JsonRecord): Remedy | undefined {
  const details = asText(remediation['details'])?.slice(0, MAX_REASON_LENGTH) ?? '';
  switch (remediation['category']) {
    case 'vendor_fix': {
      const [fixedBy] = /RH[SBE]A-[0-9]{4}:[0-9]{1,7}/.exec(asText(remediation['url']) ?? '') ?? [];
      const fixedOn = toTime(asText(remediation['date']))?.slice(0, 10);
      return fixedBy === undefined ? undefined : { fixedBy, ...(fixedOn === undefined ? {} : { fixedOn }) };
    }
    case 'no_fix_planned':
      return {
        state: /out of support/i.test(details) ? { kind: 'end-of-life' } : { kind: 'will-not-fix', reason: details },
      };
    case 'none_available':
      return { state: /deferred/i.test(details) ? { kind: 'deferred', reason: details } : { kind: 'not-fixed' } };
    default:
      return undefined;
  }
}

/** Ratings of the weakness, and those of single products where they differ from them. */
export interface VexRatings {
  readonly common: readonly Rating[];
  readonly byProduct: ReadonlyMap<string, readonly Rating[]>;
}

/** Impact words and vectors. What most products have is said once, for the weakness. */
export function readRatings(vulnerability: JsonRecord, aggregate: string | undefined): VexRatings {
  const impacts = groups(asList(vulnerability['threats']).map(asRecord), threat =>
    threat['category'] === 'impact' ? findWordRating(threat['details'], 'errata', ORIGIN) : undefined,
  );
  const scores = groups(asList(vulnerability['scores']).map(asRecord), score => {
    const cvss = asRecord(score['cvss_v4'] ?? score['cvss_v3'] ?? score['cvss_v2']);
    return findCvssRating(cvss['vectorString'], ORIGIN);
  });
  const word = findWordRating(aggregate, 'errata', ORIGIN);
  const commonImpact = word ?? largest(impacts);
  const commonScore = largest(scores);
  const byProduct = new Map<string, Rating[]>();
  for (const group of [...impacts, ...scores]) {
    if (isSame(group.rating, commonImpact) || isSame(group.rating, commonScore)) continue;
    for (const id of group.ids) byProduct.set(id, [...(byProduct.get(id) ?? []), group.rating]);
  }
  return { common: [commonImpact, commonScore].filter(rating => rating !== undefined), byProduct };
}

interface RatingGroup {
  readonly rating: Rating;
  readonly ids: readonly string[];
}

function groups(
  records: readonly JsonRecord[],
  ratingOf: (one: JsonRecord) => Rating | undefined,
): readonly RatingGroup[] {
  return records.flatMap(record => {
    const rating = ratingOf(record);
    if (rating === undefined) return [];
    const ids = asList(record['product_ids'] ?? record['products']).filter(id => typeof id === 'string');
    return [{ rating, ids }];
  });
}

function largest(all: readonly RatingGroup[]): Rating | undefined {
  return all.toSorted((a, b) => b.ids.length - a.ids.length)[0]?.rating;
}

function isSame(a: Rating, b: Rating | undefined): boolean {
  if (b === undefined || a.kind !== b.kind) return false;
  return a.kind === 'word' ? a.severity === (b as typeof a).severity : a.vector === (b as typeof a).vector;
}
