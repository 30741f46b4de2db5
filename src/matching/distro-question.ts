/**
 * Questions about packages of a distribution: by the name and version of the binary package, of its source, or both.
 */
import type { Package } from '#inventory/inventory.ts';
import { rpm, rpmWithoutEpoch } from '#version/rpm.ts';
import type { VersionScheme } from '#version/scheme.ts';
import { schemeFor } from '#version/schemes.ts';
import type { Feed } from './feed.ts';
import { type Question, toQuestion } from './question.ts';

/** The questions about a package of a distribution, for the feeds of that distribution. */
export function distroQuestions(one: Package, feeds: readonly Feed[]): readonly Question[] {
  const source = one.source?.name ?? one.name;
  const questions: Question[] = [];
  for (const feed of feeds) {
    const scheme = schemeFor(feed.ecosystem);
    if (scheme === undefined) continue;
    if (feed.names === 'source') questions.push(sourceQuestion(one, source, feed, scheme));
    // Of the same name the binary's version knows more: the name of a source rpm has no epoch.
    else if (feed.names === 'own' || source === one.name) {
      questions.push(toQuestion(feed, one.name, 'own', one.version, scheme));
    } else {
      questions.push(toQuestion(feed, one.name, 'binary', one.version, scheme));
      questions.push(sourceQuestion(one, source, feed, scheme));
    }
  }
  return questions;
}

function sourceQuestion(one: Package, source: string, feed: Feed, scheme: VersionScheme): Question {
  if (scheme !== rpm) {
    // A rebuild without a change of the source: `2.36-9+b1` is as safe as `2.36-9`.
    const version = one.source?.version ?? (one.type === 'deb' ? one.version.replace(/\+b\d{1,9}$/, '') : one.version);
    return toQuestion(feed, source, 'source', version, scheme);
  }
  const version = one.source?.version;
  const isSame = version === undefined || withoutEpoch(one.version) === version;
  // perl-Errno 1.28 comes from perl 5.26: where they differ the epoch of the source is not known.
  return isSame
    ? toQuestion(feed, source, 'source', one.version, rpm)
    : toQuestion(feed, source, 'source', version, rpmWithoutEpoch);
}

function withoutEpoch(version: string): string {
  return version.slice(version.indexOf(':') + 1);
}
