/**
 * What a path below /v2/ names.
 *
 * Names of repositories have slashes in them, so that the router cannot tell; here they are read from the end.
 * Source: OCI distribution-spec 1.1, "Endpoints".
 */

import { printable } from '#base/text.ts';
import { DistributionError } from '#hosting/distribution-error.ts';
import { isRepositoryName } from '#oci/reference.ts';

/** What a request is about. */
export type OciPath =
  | { readonly kind: 'base' }
  | { readonly kind: 'catalogue' }
  | { readonly kind: 'uploads'; readonly name: string }
  | { readonly kind: 'upload'; readonly name: string; readonly id: string }
  /** `reference` is not checked: a digest, or a tag for manifests. */
  | { readonly kind: 'blob' | 'manifest' | 'referrers'; readonly name: string; readonly reference: string }
  | { readonly kind: 'tags'; readonly name: string };

const MAX_LENGTH = 1000;

/** Reads the path of a request, without its query. @throws {DistributionError} `NAME_INVALID`, `NAME_UNKNOWN` for a path that means nothing. */
export function parseOciPath(path: string): OciPath {
  const rest = decode(path).replace(/^\/v2\/?/, '');
  if (rest === '') return { kind: 'base' };
  if (rest === '_catalog') return { kind: 'catalogue' };
  const parts = rest.split('/');
  const last = parts.at(-1) ?? '';
  const before = parts.at(-2) ?? '';
  if (before === 'uploads' && parts.at(-3) === 'blobs') {
    const name = named(parts.slice(0, -3));
    return last === '' ? { kind: 'uploads', name } : { kind: 'upload', name, id: last };
  }
  if (last === 'uploads' && before === 'blobs') return { kind: 'uploads', name: named(parts.slice(0, -2)) };
  if (before === 'tags' && last === 'list') return { kind: 'tags', name: named(parts.slice(0, -2)) };
  const kind = KINDS[before];
  if (kind === undefined || last === '') {
    throw new DistributionError(
      'NAME_UNKNOWN',
      `Cannot find "${printable(path.slice(0, 300))}": the registry has no such path`,
    );
  }
  return { kind, name: named(parts.slice(0, -2)), reference: last };
}

const KINDS: Readonly<Record<string, 'blob' | 'manifest' | 'referrers'>> = {
  blobs: 'blob',
  manifests: 'manifest',
  referrers: 'referrers',
};

function decode(path: string): string {
  if (path.length > MAX_LENGTH)
    throw new DistributionError('NAME_INVALID', `Cannot read a path of ${path.length} characters`);
  try {
    return decodeURIComponent(path);
  } catch (cause) {
    throw new DistributionError('NAME_INVALID', 'Cannot read the path: its escapes are malformed', { cause });
  }
}

function named(parts: readonly string[]): string {
  const name = parts.join('/');
  if (!isRepositoryName(name)) {
    const hint = name === name.toLowerCase() ? '' : '; letters are lower case';
    throw new DistributionError(
      'NAME_INVALID',
      `Cannot take "${printable(name.slice(0, 300))}" for the name of a repository: expected a path such as team/app${hint}`,
    );
  }
  return name;
}
