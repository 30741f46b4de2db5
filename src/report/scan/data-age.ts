/** How old the data behind a report is, in sentences. What came from the database is not made safe. */
import type { ReportDatabase } from './scan-report.ts';
import type { ScanReportOptions } from './scan-report-options.ts';

const DEFAULT_MAX_AGE_DAYS = 7;
const DAY_MS = 24 * 60 * 60 * 1000;
const MAX_NAMED = 5;

/** One line about the database, and one about sources whose data is old. */
export function ageLines(
  { builtAt, sources }: ReportDatabase,
  { createdAt, maxAgeDays = DEFAULT_MAX_AGE_DAYS }: Pick<ScanReportOptions, 'createdAt' | 'maxAgeDays'>,
): readonly string[] {
  const advisories = sources.reduce((sum, source) => sum + source.advisories, 0);
  const days = daysSince(builtAt, createdAt);
  const age = days === undefined ? 'of unknown age' : days === 1 ? '1 day old' : `${days} days old`;
  const old = sources
    .map(({ source, name, asOf }) => ({ name: [source, name].filter(Boolean).join(' '), asOf }))
    .map(source => ({ ...source, days: daysSince(source.asOf, createdAt) }))
    .filter(source => source.days === undefined || source.days > maxAgeDays)
    .sort((a, b) => (a.asOf < b.asOf ? -1 : a.asOf > b.asOf ? 1 : 0));
  const named = old.slice(0, MAX_NAMED).map(({ name, asOf }) => `${name} (${asOf.slice(0, 10)})`);
  const rest = old.length > MAX_NAMED ? ` and ${old.length - MAX_NAMED} more` : '';
  const when = builtAt.slice(0, 16).replace('T', ' ');
  return [
    `vulnerability database of ${when} UTC, ${age}: ${advisories} advisories in ${sources.length} parts`,
    ...(old.length === 0 ? [] : [`older than ${maxAgeDays} days: ${named.join(', ')}${rest}`]),
  ];
}

function daysSince(time: string, now: Date): number | undefined {
  const at = Date.parse(time);
  return Number.isNaN(at) ? undefined : Math.max(0, Math.floor((now.getTime() - at) / DAY_MS));
}
