/**
 * Fixes that were built for one minor release of Enterprise Linux, and the same ones built again for the next.
 *
 * CVE-2024-2961 was fixed in glibc 2.28-236.el8_9.13 (ALSA-2024:2722), and again in 2.28-251.el8_10.1 (ALSA-2024:3269), since 8.10 began
 * with 2.28-251 without the fix. By the order of versions alone 236.el8_9.13 would have it no more. So among several fixes a package
 * that was built for a minor release is held against the fixes for that one.
 */
import { isModularVersion } from '#advisory/modular-version.ts';
import { readInstalled } from '#version/range.ts';
import type { Candidate } from './candidate.ts';

/** Whether a build of `version` has a fix that was made for its own minor release, whatever fixes others got later. */
export function isFixedInMinorRelease(version: string, candidates: readonly Candidate[]): boolean {
  const minor = minorReleaseOf(version);
  if (minor === undefined) return false;
  let hasFix = false;
  for (const { affected, question } of candidates) {
    for (const events of affected.range.ranges) {
      for (const event of events) {
        if (event.kind !== 'fixed' || minorReleaseOf(event.version) !== minor) continue;
        if (isBelow(version, event.version, question.scheme)) return false;
        hasFix = true;
      }
    }
  }
  return hasFix;
}

function isBelow(version: string, fix: string, scheme: Candidate['question']['scheme']): boolean {
  const installed = readInstalled(version, scheme).full;
  const bound = scheme.parse(fix);
  return installed === undefined || bound === undefined || scheme.compare(installed, bound) < 0;
}

/** `8.9` of `2.28-236.el8_9.13`, `8.6` of `1.0.1-2.module_el8.6.0+2741+c9`; `undefined` for builds that any minor release may have. */
function minorReleaseOf(version: string): string | undefined {
  const pattern = isModularVersion(version) ? /\.module[_+]el(\d{1,3})\.(\d{1,3})/ : /\.el(\d{1,3})_(\d{1,3})/;
  const [, major, minor] = pattern.exec(version) ?? [];
  return major === undefined ? undefined : `${major}.${minor}`;
}
