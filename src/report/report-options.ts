/** What a report needs besides the inventory; everything else would make it differ from run to run. */
export interface ReportOptions {
  /** The moment written into documents that must have one; also decides whether a distribution is past its end of life. */
  readonly createdAt: Date;
  /** Version of Plimsoll, for documents that name their maker. */
  readonly toolVersion: string;
  /** Width of the terminal, for the table. Without it nothing is cut. */
  readonly columns?: number;
  /** Whether the table may use terminal colours; default false. */
  readonly hasColors?: boolean;
}
