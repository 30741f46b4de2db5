/** A package as an SBOM names it, whatever its format. */

/** One entry that is a package; the format's own checks are behind us, the purl is not parsed yet. */
export interface SbomRow {
  readonly purl: string;
  readonly licenses: readonly unknown[];
  /**
   * What Plimsoll's own documents say besides, by the name of the property without `plimsoll:`, and who built it as `vendor`; whether to believe it is for the reader to
   * say. Missing when there is nothing.
   */
  readonly own?: ReadonlyMap<string, string>;
}

/** What an SBOM lists. */
export interface SbomRows {
  readonly rows: readonly SbomRow[];
  /** Libraries and programs without a purl: nobody can tell what they are. */
  readonly nameless: number;
}
