/**
 * Questions about packages of language registries, and about programs known by their version string.
 */
import type { Package } from '#inventory/inventory.ts';
import { schemeFor } from '#version/schemes.ts';
import type { Feed } from './feed.ts';
import { goQuestions } from './go-question.ts';
import { type Question, toQuestion } from './question.ts';

/** The questions about any other package. */
export function languageQuestions(one: Package, feeds: readonly Feed[]): readonly Question[] {
  if (one.type === 'golang') return feeds.flatMap(feed => goQuestions(one, feed));
  if (one.type === 'generic') return feeds.flatMap(feed => programQuestions(one, feed));
  return feeds.flatMap(feed => {
    const scheme = schemeFor(feed.ecosystem);
    return scheme === undefined ? [] : [toQuestion(feed, one.name, 'own', one.version, scheme)];
  });
}

/** Programs are looked up by the products under which NVD files them; those without any cannot be looked up. */
function programQuestions(one: Package, feed: Feed): readonly Question[] {
  const scheme = schemeFor(feed.ecosystem);
  const cpes = one.properties?.['cpe']?.split(' ', 8) ?? [];
  if (scheme === undefined) return [];
  const products = cpes
    .map(cpe => /^cpe:2\.3:a:([^:]+:[^:]+):/.exec(cpe)?.[1])
    .filter(product => product !== undefined);
  return [...new Set(products)].map(product => toQuestion(feed, product, 'own', one.version, scheme));
}
