/** Severities: always a word besides the colour. */
import './severity.css';
import { formatCount } from './format-number.ts';

/** Worst first. */
export const SEVERITIES = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'NEGLIGIBLE', 'UNKNOWN'] as const;
export type Severity = (typeof SEVERITIES)[number];

const LABELS: Readonly<Record<Severity, string>> = {
  CRITICAL: 'Critical',
  HIGH: 'High',
  MEDIUM: 'Medium',
  LOW: 'Low',
  NEGLIGIBLE: 'Negligible',
  UNKNOWN: 'Unknown',
};

/** How a severity is called. */
export function severityLabel(severity: Severity): string {
  return LABELS[severity];
}

/** The colour as it is now, light or dark, for charts: `var(--plimsoll-severity-high)`. */
export function severityColour(severity: Severity): string {
  return `var(--plimsoll-severity-${severity.toLowerCase()})`;
}

/** One severity, as a small label. */
export function SeverityLabel({ severity }: { readonly severity: Severity }) {
  return <span className={`plimsoll-severity plimsoll-severity-${severity.toLowerCase()}`}>{LABELS[severity]}</span>;
}

/**
 * How many of each; those of which there are none are left out. `what` for screen readers: `findings`; left out inside
 * of a link, whose name are the counts then.
 */
export function SeverityCounts({
  counts,
  what,
  none = 'None',
}: {
  readonly counts: Readonly<Partial<Record<Severity, number>>>;
  readonly what?: string;
  readonly none?: string;
}) {
  const shown = SEVERITIES.filter(severity => (counts[severity] ?? 0) > 0);
  if (shown.length === 0) return <span className="plimsoll-quiet">{none}</span>;
  return (
    <ul className="plimsoll-severity-counts" {...(what === undefined ? {} : { 'aria-label': `${what} by severity` })}>
      {shown.map(severity => (
        <li key={severity} className={`plimsoll-severity plimsoll-severity-${severity.toLowerCase()}`}>
          <strong>{formatCount(counts[severity] ?? 0)}</strong> {LABELS[severity]}
        </li>
      ))}
    </ul>
  );
}
