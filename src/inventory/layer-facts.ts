/**
 * What one layer tells, by itself: the facts of its files, and what it does to the layers below.
 *
 * Nothing here depends on other layers, so it can be cached by the layer's digest and the cataloguers' versions.
 */
import type { FileFact } from './cataloguer.ts';
import type { EntrySet } from './entry-set.ts';
import type { LayerMarks } from './layer-marks.ts';

/** A fact with the file it came from. */
export interface LayerFile {
  /** Normalised, without leading slash, as the tar has it: not resolved through links of lower layers. */
  readonly path: string;
  /** Id of the cataloguer. One file may have facts of several. */
  readonly by: string;
  readonly fact: FileFact;
}

/** A gap of this layer; the layer's digest is added when layers meet. */
export interface LayerGap {
  readonly path?: string;
  readonly reason: string;
}

export interface LayerFacts {
  /** In the order of the tar; of a path that occurs twice only the last. */
  readonly files: readonly LayerFile[];
  /** Paths this layer deletes from lower layers, subtrees included. */
  readonly whiteouts: readonly string[];
  /** Folders whose lower contents this layer hides. */
  readonly opaque: readonly string[];
  /** Symlinks: path and target as stored. */
  readonly symlinks: readonly (readonly [path: string, target: string])[];
  /** Hard links: path and target path, normalised. */
  readonly hardLinks: readonly (readonly [path: string, target: string])[];
  /** Every path that is not a folder. */
  readonly entries: EntrySet;
  /** Every path that is a folder. */
  readonly folders: EntrySet;
  readonly gaps: readonly LayerGap[];
  /** What the checks of a certification ask about; missing where nothing could be read of the layer. */
  readonly marks?: LayerMarks;
}
