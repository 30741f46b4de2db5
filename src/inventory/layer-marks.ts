/**
 * What a layer tells of files that hold no packages: the little that the checks of a certification ask about later.
 *
 * It is gathered in the one pass over the layer, from headers alone, and is plain data: it lies in the layer cache with the other facts.
 */
import { EntrySet, EntrySetBuilder } from './entry-set.ts';

/** See the fields; all paths are normalised, without leading slash, as the tar has them. */
export interface LayerMarks {
  /** Regular files in folders that are called for licences (`licenses`, `license`, `licences`), with their bytes. */
  readonly licenses: readonly (readonly [path: string, sizeBytes: number])[];
  /** Files with a setuid or setgid bit: these two bits, `0o6000` at most. */
  readonly setIds: readonly (readonly [path: string, bits: number])[];
  /** Files with capabilities: package managers write those again without changing the file. */
  readonly capabilities: readonly string[];
  /** Regular files without a byte, as `EntrySet.toBase64`. */
  readonly empty: string;
  /** What was left out, as sentences without full stop; missing when nothing was. */
  readonly gaps?: readonly string[];
}

/** Distributions bring some hundred licence texts, and a few dozen setuid programs. */
const MAX_LICENSES = 20_000;
const MAX_SET_IDS = 10_000;
const MAX_CAPABILITIES = 10_000;
const MAX_EMPTY = 200_000;
const SET_ID_BITS = 0o6000;

/** A regular file as its header shows it. */
export interface MarkedFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly mode: number;
  readonly hasCapabilities: boolean;
}

/** Gathers the marks of one layer. */
export class LayerMarksBuilder {
  readonly #licenses = new Map<string, number>();
  readonly #setIds = new Map<string, number>();
  readonly #capabilities = new Set<string>();
  readonly #empty = new EntrySetBuilder();
  readonly #lost = new Set<string>();

  /** A regular file; of a path that comes twice only the last counts. Called for every file of every layer. */
  add({ path, sizeBytes, mode, hasCapabilities }: MarkedFile): void {
    if (sizeBytes === 0) this.#addEmpty(path);
    if (hasCapabilities)
      this.#keep(this.#capabilities.size < MAX_CAPABILITIES, 'files with capabilities', () =>
        this.#capabilities.add(path),
      );
    const bits = mode & SET_ID_BITS;
    if (bits !== 0) this.#keep(this.#setIds.size < MAX_SET_IDS, 'setuid files', () => this.#setIds.set(path, bits));
    if (isInLicenseFolder(path)) {
      this.#keep(this.#licenses.size < MAX_LICENSES, 'licence files', () => this.#licenses.set(path, sizeBytes));
    }
  }

  build(): LayerMarks {
    const gaps = [...this.#lost].map(what => `It has too many ${what}; some were left out`);
    return {
      licenses: [...this.#licenses],
      setIds: [...this.#setIds],
      capabilities: [...this.#capabilities],
      empty: this.#empty.build().toBase64(),
      ...(gaps.length === 0 ? {} : { gaps }),
    };
  }

  #addEmpty(path: string): void {
    this.#keep(this.#empty.size < MAX_EMPTY, 'empty files', () => this.#empty.add(path));
  }

  #keep(hasRoom: boolean, what: string, keep: () => void): void {
    if (hasRoom) keep();
    else this.#lost.add(what);
  }
}

/** The empty files of a layer; none of marks that are missing. */
export function emptyFilesOf(marks: LayerMarks | undefined): EntrySet {
  return marks === undefined ? new EntrySetBuilder().build() : EntrySet.fromBase64(marks.empty);
}

/** `licenses/a`, `usr/share/licenses/bash/COPYING`. */
function isInLicenseFolder(path: string): boolean {
  // Nearly every path is done with here.
  if (!path.includes('icen') && !path.includes('ICEN')) return false;
  return /(?:^|\/)licen[cs]es?\//i.test(path);
}
