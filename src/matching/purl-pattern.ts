/**
 * Purls as statements and waivers write them, held against packages: type and name must be equal, version and qualifiers only where
 * they are given.
 *
 * Source: package-url/purl-spec; OpenVEX specification, "Product"; VERS is not supported.
 */
import { PackageURL } from 'packageurl-js';
import { normaliseName } from '#advisory/normalise-name.ts';
import type { Package } from '#inventory/inventory.ts';

/** A purl taken apart. */
export interface PurlPattern {
  readonly type: string;
  /** With its namespace, normalised. */
  readonly name: string;
  /** Missing: any. */
  readonly version: string | undefined;
  /** Those it has must be equal; empty values are left out. */
  readonly qualifiers: ReadonlyMap<string, string>;
}

const MAX_LENGTH = 2000;

/** Reads a purl; `undefined` when it is none. Never throws. */
export function findPurlPattern(text: string): PurlPattern | undefined {
  if (text.length > MAX_LENGTH || !text.startsWith('pkg:')) return undefined;
  try {
    const [type, namespace, name, version, qualifiers] = PackageURL.parseString(text);
    if (!type || !name) return undefined;
    const lowerType = type.toLowerCase();
    const entries = [...new URLSearchParams(qualifiers)].filter(([, value]) => value !== '');
    return {
      type: lowerType,
      name: normaliseName(lowerType, namespace ? `${namespace}/${name}` : name),
      version: version || undefined,
      qualifiers: new Map(entries.map(([key, value]) => [key.toLowerCase(), value])),
    };
  } catch {
    // The library throws plain errors, and not only for what is no purl.
    return undefined;
  }
}

/** Architectures of a purl that names a source package rather than something installed. */
const SOURCE_ARCHES: ReadonlySet<string> = new Set(['src', 'source', 'nosrc']);

/** A package's own purls: its own, and that of the source it was built from. */
export class PackagePurls {
  readonly #own: PurlPattern | undefined;
  readonly #source: PurlPattern | undefined;

  constructor(one: Package) {
    this.#own = findPurlPattern(one.purl);
    this.#source = this.#own === undefined ? undefined : toSource(this.#own, one);
  }

  /** Whether the pattern names the package, or, when it is a source package's, what the package was built from. */
  matches(pattern: PurlPattern): boolean {
    const isSource = SOURCE_ARCHES.has(pattern.qualifiers.get('arch') ?? '');
    const subject = isSource ? this.#source : this.#own;
    if (subject === undefined || subject.type !== pattern.type || subject.name !== pattern.name) return false;
    if (pattern.version !== undefined && !isSameVersion(pattern.version, subject)) return false;
    for (const [key, value] of pattern.qualifiers) {
      if (!(key === 'arch' && isSource) && subject.qualifiers.get(key) !== value) return false;
    }
    return true;
  }
}

function toSource(own: PurlPattern, { source }: Package): PurlPattern | undefined {
  if (source === undefined) return undefined;
  const namespace = own.name.slice(0, own.name.lastIndexOf('/') + 1);
  const qualifiers = new Map(own.qualifiers);
  qualifiers.delete('upstream');
  return { ...own, name: `${namespace}${source.name}`, version: source.version ?? own.version, qualifiers };
}

/** The `v` of Go's versions is left out by some; the build label of others by nobody. */
function isSameVersion(wanted: string, { type, version = '' }: PurlPattern): boolean {
  return wanted === version || (type === 'golang' && `v${wanted}` === version);
}
