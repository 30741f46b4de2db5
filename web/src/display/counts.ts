/** Counts of findings as components take them. */
import type { FindingCounts } from '../api/model.ts';
import { SEVERITIES, type Severity } from './severity.tsx';

type BySeverity = Pick<FindingCounts, 'critical' | 'high' | 'medium' | 'low' | 'negligible' | 'unknown'>;

/** By severity. */
export function severityCounts(counts: BySeverity): Record<Severity, number> {
  const { critical, high, medium, low, negligible, unknown } = counts;
  return { CRITICAL: critical, HIGH: high, MEDIUM: medium, LOW: low, NEGLIGIBLE: negligible, UNKNOWN: unknown };
}

/** All findings. */
export function totalOf(counts: BySeverity): number {
  const known = severityCounts(counts);
  return SEVERITIES.reduce((sum, severity) => sum + known[severity], 0);
}
