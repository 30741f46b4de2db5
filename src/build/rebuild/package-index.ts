/**
 * What a distribution's repository offers: the newest version of each package, read from its index as that streams by.
 *
 * Sources: Debian's repository format (`Packages`), Alpine's apk index (`APKINDEX`), createrepo's metadata (`primary.xml`).
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { schemeFor } from '#version/schemes.ts';

/** How a repository is laid out, which is also the purl type of its packages. */
export type IndexKind = 'deb' | 'apk' | 'rpm';

/** Chunks of an index, inflated. */
export type IndexBytes = AsyncIterable<Uint8Array>;

/** Fedora's updates list 40,000 packages, Debian's main 65,000. */
const MAX_PACKAGES = 500_000;
const MAX_NAME_LENGTH = 300;

/** The newest version of each package by its name, as an index is read. */
export class NewestVersions {
  readonly #scheme;
  readonly #what: string;
  readonly #newest = new Map<string, { readonly text: string; readonly version: unknown }>();

  /** `what` names the index in messages. */
  constructor(kind: IndexKind, what: string) {
    const scheme = schemeFor(kind);
    if (scheme === undefined) throw new PlimsollError('BUG', `There is no order of versions for ${kind}`);
    this.#scheme = scheme;
    this.#what = what;
  }

  /** Takes a package; one without a name or a version that its package manager would take is passed over. */
  add(name: string | undefined, text: string | undefined): void {
    if (name === undefined || text === undefined || name === '' || name.length > MAX_NAME_LENGTH) return;
    const version = this.#scheme.parse(text);
    if (version === undefined) return;
    const known = this.#newest.get(name);
    if (known !== undefined && this.#scheme.compare(known.version, version) >= 0) return;
    if (known === undefined && this.#newest.size >= MAX_PACKAGES) {
      throw new PlimsollError('LIMIT_EXCEEDED', `Cannot read ${printable(this.#what)}: over ${MAX_PACKAGES} packages`);
    }
    this.#newest.set(name, { text, version });
  }

  /** Version by name. */
  toMap(): ReadonlyMap<string, string> {
    return new Map([...this.#newest].map(([name, { text }]) => [name, text]));
  }
}
