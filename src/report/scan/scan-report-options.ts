/** What a report on findings needs besides the findings. */
import type { ReportOptions } from '../report-options.ts';
import type { ScanReport } from './scan-report.ts';

/** By what findings are put together for people. */
export const GROUPINGS = ['severity', 'package', 'layer', 'vulnerability'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** Everything else would make a report differ from run to run. `createdAt` reaches only documents that must have a date, and the age of data. */
export interface ScanReportOptions extends ReportOptions {
  /** For `table`, `markdown` and `html`; default `severity`. */
  readonly groupBy?: Grouping;
  /** Whether the terminal knows links (OSC 8); default false. */
  readonly hasLinks?: boolean;
  /** From how many days on data is called old; default 7. */
  readonly maxAgeDays?: number;
}

/** One document for all images, ended by a line break. The same reports and options give the same text. */
export type RenderScan = (reports: readonly ScanReport[], options: ScanReportOptions) => string;
