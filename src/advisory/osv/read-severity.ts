/**
 * `severity[]` of an OSV record or of one of its entries.
 *
 * Source: OSV schema 1.7, "severity[]": a type and a score, which is a vector, or Ubuntu's word.
 */
import type { Rating } from '../advisory.ts';
import { findCvssRating } from '../cvss-rating.ts';
import { asList, asRecord } from '../feed-json.ts';
import type { ReadTally } from '../read-tally.ts';
import { findWordRating } from '../severity-word.ts';
import type { Issuer } from './issuer.ts';

const MAX_RATINGS = 50;

/** Adds the ratings of the list to `ratings` and returns them. */
export function readSeverities(value: unknown, issuer: Issuer, tally: ReadTally, ratings: Rating[]): readonly Rating[] {
  for (const one of asList(value)) {
    if (ratings.length >= MAX_RATINGS) break;
    const { type, score } = asRecord(one);
    if (type === 'Ubuntu') {
      const word = findWordRating(score, 'plain', 'ubuntu');
      // `untriaged` is a word of Ubuntu's, and no rating.
      if (word !== undefined) ratings.push(word);
      continue;
    }
    const rating = findCvssRating(score, issuer.origin);
    if (rating === undefined) tally.lose('severity that is no vector');
    else ratings.push(rating);
  }
  return ratings;
}
