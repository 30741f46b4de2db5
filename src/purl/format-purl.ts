/**
 * The text of a package URL from its parts: order and escaping, the same for all types.
 *
 * Source: ECMA-427, "Character encoding" and "Rules for each PURL component". Written here because packageurl-js 2.0.1 follows older
 * rules (npm names lose their case, `+` stays bare, `:` is escaped) and fails on Go versions that are no semantic version; the
 * tests read every purl back with it.
 */

/** A purl in parts, before they are escaped. */
export interface PurlParts {
  readonly type: string;
  /** Segments divided by `/`. */
  readonly namespace?: string;
  readonly name: string;
  readonly version?: string | undefined;
  /** Those without a value are left out. */
  readonly qualifiers?: Readonly<Record<string, string | undefined>>;
}

/** The purl of `parts`, qualifiers in the order of their keys. Never throws; lone surrogates become U+FFFD. */
export function formatPurl({ type, namespace, name, version, qualifiers = {} }: PurlParts): string {
  const path = namespace === undefined ? '' : `${namespace.split('/').map(escapeText).join('/')}/`;
  const at = version ? `@${escapeText(version)}` : '';
  const query = Object.entries(qualifiers)
    .filter((entry): entry is [string, string] => Boolean(entry[1]))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${escapeText(value)}`)
    .join('&');
  // A purl needs a name; a package without one is a cataloguer's bug that must not cost the rest of the inventory.
  return `pkg:${type}/${path}${escapeText(name || 'unnamed')}${at}${query && `?${query}`}`;
}

/** Escapes all but letters, digits, `.`, `-`, `_`, `~` and `:`. Source: ECMA-427, "Character encoding". */
function escapeText(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%3A', ':');
}
