/**
 * Questions: under which ecosystem, name and version a package is looked up.
 *
 * The commonest false positives come from asking the wrong one: a distribution's package by upstream's versions, a binary package by
 * its own version where the advisory means the source's, somebody else's package by the distribution's advisories.
 */
import { normaliseName } from '#advisory/normalise-name.ts';
import type { VersionScheme } from '#version/scheme.ts';
import type { Feed } from './feed.ts';

/** One look-up. */
export interface Question {
  readonly feed: Feed;
  /** Normalised. */
  readonly name: string;
  /** Which of the package's names it is: records may be about one kind only. `own` is the name of both. */
  readonly nameKind: 'source' | 'binary' | 'own';
  /** Reads `version` and the bounds it is held against. */
  readonly scheme: VersionScheme;
  readonly version: string;
  /** Why a package that lies in a range may be unaffected all the same: a vendor's build. One clause, without full stop. */
  readonly doubt?: string;
  /** Why the version cannot be read, where we know better than its order does: a working copy. */
  readonly noVersion?: string;
}

/** A question of the plain kind. */
export function toQuestion(
  feed: Feed,
  name: string,
  nameKind: Question['nameKind'],
  version: string,
  scheme: VersionScheme,
): Question {
  return { feed, name: normaliseName(feed.ecosystem, name), nameKind, scheme, version };
}
