/**
 * Questions about Go modules and the standard library.
 *
 * Source: golang.org/ref/mod, "Pseudo-versions"; grype#1797 and #1894 for main modules, osv-scanner#910 for the standard library.
 */
import type { Package } from '#inventory/inventory.ts';
import { schemeFor } from '#version/schemes.ts';
import type { Feed } from './feed.ts';
import { type Question, toQuestion } from './question.ts';

/** A pseudo-version without any earlier tag: before every release by order, and after most of them in a shallow clone. */
const NO_EARLIER_TAG = /^v0\.0\.0-\d{14}-[0-9a-f]{12}(?:\+.*)?$/;
/** Only the main module carries what its working copy was. */
const MAIN_MODULE = ['vcs.revision', 'vcs.time', 'vcs.modified', 'version-from'];

/** The questions about one Go package: by its own name, and by the name of the module that it stands in for. */
export function goQuestions(one: Package, feed: Feed): readonly Question[] {
  const scheme = schemeFor(feed.ecosystem);
  if (scheme === undefined) return [];
  const { properties = {} } = one;
  const question = toQuestion(feed, one.name, 'own', one.version, scheme);
  if (isWorkingCopy(one)) {
    const noVersion =
      properties['replaced-by'] === undefined
        ? 'it was built from a working copy and has no version'
        : 'it was built from a folder in place of the module and has no version';
    return [{ ...question, noVersion }];
  }
  if (properties['vendor-toolchain'] === 'true') {
    const builder = properties['toolchain'] ?? 'a Go of its own';
    return [{ ...question, doubt: `it was built with ${builder}, whose vendor may have fixed it` }];
  }
  const [path = '', version = ''] = properties['replaces']?.split('@') ?? [];
  if (path === '' || path === one.name) return [question];
  // What the replaced module had is known, what became of it in the fork is not.
  const doubt = `${one.name} ${one.version} was built in place of ${path}, which may have the fix`;
  return [question, { ...question, name: path, version, doubt }];
}

function isWorkingCopy({ version, properties = {} }: Package): boolean {
  if (version === '(devel)') return true;
  return NO_EARLIER_TAG.test(version) && MAIN_MODULE.some(key => properties[key] !== undefined);
}
