/** A package as an SBOM names it, whatever its format. */

/** One entry that is a package; the format's own checks are behind us, the purl is not parsed yet. */
export interface SbomRow {
  readonly purl: string;
  readonly licenses: readonly unknown[];
  /** The purl of the package that owns it, as Plimsoll's own documents say; whether to believe that is for the reader to say. */
  readonly managedBy?: string;
}

/** What an SBOM lists. */
export interface SbomRows {
  readonly rows: readonly SbomRow[];
  /** Libraries and programs without a purl: nobody can tell what they are. */
  readonly nameless: number;
}
