/** Words for severities as Quay and Harbor write them. */
import type { Severity } from '#advisory/advisory.ts';

/** Worst first. */
export const SEVERITY_WORDS: Readonly<Record<Severity, string>> = {
  CRITICAL: 'Critical',
  HIGH: 'High',
  MEDIUM: 'Medium',
  LOW: 'Low',
  NEGLIGIBLE: 'Negligible',
  UNKNOWN: 'Unknown',
};
