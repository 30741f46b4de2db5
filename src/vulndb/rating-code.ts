/** Ratings as they are stored: `["HIGH", origin]` for a word, `["3.1", vector, origin]` for a vector. */
import type { Rating } from '#advisory/advisory.ts';

type Word = Extract<Rating, { kind: 'word' }>['severity'];
type CvssVersion = Extract<Rating, { kind: 'cvss' }>['version'];

/** A rating as JSON. */
export type StoredRating =
  | readonly [severity: Word, origin: string]
  | readonly [version: CvssVersion, vector: string, origin: string];

export function encodeRatings(ratings: readonly Rating[]): readonly StoredRating[] {
  return ratings.map(rating =>
    rating.kind === 'word' ? [rating.severity, rating.origin] : [rating.version, rating.vector, rating.origin],
  );
}

export function decodeRatings(stored: readonly StoredRating[]): readonly Rating[] {
  return stored.map(rating =>
    rating.length === 2
      ? { kind: 'word', severity: rating[0], origin: rating[1] }
      : { kind: 'cvss', version: rating[0], vector: rating[1], origin: rating[2] },
  );
}
