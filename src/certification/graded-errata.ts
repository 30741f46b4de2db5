/**
 * From findings to what is graded: critical and important ones that have a fix, with the day it came out.
 */
import type { Inventory } from '#inventory/inventory.ts';
import { OS_PACKAGE_TYPES } from '#inventory/package.ts';
import type { AdvisoryLookup, Finding } from '#matching/finding.ts';
import { findFixDate } from './fix-date.ts';
import type { GradedImage, MissingErratum } from './health-grade.ts';

/** Which packages are graded: those of the distribution, as Red Hat does, or all of them. */
export type GradeScope = 'distribution' | 'everything';

/** What `gradeOf` takes. `unknown` is what `tellUnknowns` tells; findings whose day nobody says are added to it. */
export function toGradedImage(
  findings: readonly Finding[],
  options: {
    readonly inventory: Pick<Inventory, 'distro'>;
    readonly lookup: AdvisoryLookup;
    readonly now: Date;
    /** ISO 8601, as the config says; a moment after now, or none, counts as now. */
    readonly created: string | undefined;
    readonly unknown: readonly string[];
    readonly scope?: GradeScope;
  },
): GradedImage {
  const { inventory, lookup, now, created, scope = 'distribution' } = options;
  const errata: MissingErratum[] = [];
  const undated: string[] = [];
  for (const finding of findings) {
    const severity =
      finding.severity === 'CRITICAL' ? 'critical' : finding.severity === 'HIGH' ? 'important' : undefined;
    if (severity === undefined || finding.kind !== 'weakness' || finding.fix.kind !== 'fixed') continue;
    if (scope === 'distribution' && !OS_PACKAGE_TYPES.has(finding.package.type)) continue;
    const fixed = findFixDate(finding, lookup);
    const about = { id: finding.id, package: finding.package.name };
    if (fixed === undefined) undated.push(`${about.id} in ${about.package} has a fix, and nobody says since when`);
    else errata.push({ ...about, severity, publishedAt: new Date(fixed.at) });
  }
  const endOfLife = inventory.distro?.endOfLife;
  return {
    errata,
    since: sinceOf(created, now),
    now,
    ...(endOfLife === undefined || Number.isNaN(Date.parse(endOfLife)) ? {} : { endOfLife: dayAfter(endOfLife) }),
    unknown: [...options.unknown, ...undated],
  };
}

function sinceOf(created: string | undefined, now: Date): Date {
  const at = created === undefined ? Number.NaN : Date.parse(created);
  // Images built to be reproducible say 1970, which is no day on which anything was made.
  return Number.isNaN(at) || at > now.getTime() || at < Date.UTC(2013, 0) ? now : new Date(at);
}

/** Support ends with its last day. */
function dayAfter(date: string): Date {
  return new Date(Date.parse(date.slice(0, 10)) + 24 * 60 * 60 * 1000);
}
