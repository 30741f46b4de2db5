/**
 * Severity words of vendors in Plimsoll's own terms.
 *
 * Source: each vendor's severity page: Red Hat "Severity ratings", Debian security tracker "Urgency", Ubuntu "CVE priority", GitHub
 * Advisory Database. Words that decide nothing (`not yet assigned`, `untriaged`, `none`) are no rating, so that the next source is asked.
 */
import type { Rating, Severity } from './advisory.ts';

/** Who speaks; decides what a word means. */
export type SeverityVocabulary = 'errata' | 'debian' | 'plain';

const VOCABULARIES: Readonly<Record<SeverityVocabulary, ReadonlyMap<string, Severity>>> = {
  // Red Hat, AlmaLinux, Rocky, Oracle, Amazon, SUSE, Azure; Amazon says medium where the others say moderate.
  errata: new Map([
    ['critical', 'CRITICAL'],
    ['important', 'HIGH'],
    ['high', 'HIGH'],
    ['moderate', 'MEDIUM'],
    ['medium', 'MEDIUM'],
    ['low', 'LOW'],
  ]),
  // `unimportant`: no security impact in what Debian builds.
  debian: new Map([
    ['high', 'HIGH'],
    ['medium', 'MEDIUM'],
    ['low', 'LOW'],
    ['unimportant', 'NEGLIGIBLE'],
  ]),
  // GitHub, Ubuntu, Bitnami, openEuler and whoever else uses the common words.
  plain: new Map([
    ['critical', 'CRITICAL'],
    ['high', 'HIGH'],
    ['important', 'HIGH'],
    ['moderate', 'MEDIUM'],
    ['medium', 'MEDIUM'],
    ['low', 'LOW'],
    ['negligible', 'NEGLIGIBLE'],
  ]),
};

/** The severity that a word means, in any case; `undefined` when it is no rating. */
export function findSeverity(word: unknown, vocabulary: SeverityVocabulary): Severity | undefined {
  if (typeof word !== 'string' || word.length > 30) return undefined;
  // Debian marks assessments made elsewhere by one or two stars.
  return VOCABULARIES[vocabulary].get(
    word
      .trim()
      .replace(/\*{1,2}$/, '')
      .toLowerCase(),
  );
}

/** The word as a rating of `origin`; `undefined` when it is none. */
export function findWordRating(word: unknown, vocabulary: SeverityVocabulary, origin: string): Rating | undefined {
  const severity = findSeverity(word, vocabulary);
  return severity === undefined ? undefined : { kind: 'word', severity, origin };
}
