/** Runs the checks of a policy on one image. */
import type { Check, CheckName, CheckResult, CheckVerdict } from './check.ts';
import { basedOnUbi } from './checks/based-on-ubi.ts';
import { hasLicense } from './checks/has-license.ts';
import { hasModifiedFiles } from './checks/has-modified-files.ts';
import { hasNoProhibitedLabels } from './checks/has-no-prohibited-labels.ts';
import { hasNoProhibitedPackages } from './checks/has-no-prohibited-packages.ts';
import { hasProhibitedContainerName } from './checks/has-prohibited-container-name.ts';
import { hasRequiredLabel } from './checks/has-required-label.ts';
import { hasUniqueTag } from './checks/has-unique-tag.ts';
import { layerCountAcceptable } from './checks/layer-count-acceptable.ts';
import { runAsNonRoot } from './checks/run-as-non-root.ts';
import { POLICIES, type PolicyName } from './policies.ts';
import type { CertificationSubject } from './subject.ts';

/** Every check by its name. */
export const CHECKS: Readonly<Record<CheckName, Check>> = {
  HasLicense: hasLicense,
  HasUniqueTag: hasUniqueTag,
  LayerCountAcceptable: layerCountAcceptable,
  HasNoProhibitedPackages: hasNoProhibitedPackages,
  HasRequiredLabel: hasRequiredLabel,
  HasNoProhibitedLabels: hasNoProhibitedLabels,
  RunAsNonRoot: runAsNonRoot,
  HasModifiedFiles: hasModifiedFiles,
  BasedOnUbi: basedOnUbi,
  HasProhibitedContainerName: hasProhibitedContainerName,
};

/** Checks about a distribution that is not there: of them the general policy asks nothing. */
const ABOUT_RPM: ReadonlySet<CheckName> = new Set(['HasNoProhibitedPackages', 'HasModifiedFiles']);

/** The results of the policy's checks, in its order. The same subject gives the same results. */
export function runChecks(subject: CertificationSubject, policy: PolicyName): readonly CheckResult[] {
  return POLICIES[policy].map(name => {
    const { level, description, why, fix, judge } = CHECKS[name];
    const verdict = policy === 'general' ? judgeGenerally(name, subject, judge) : judge(subject);
    return { name, level, description, why, fix, ...verdict };
  });
}

/** Whether nothing failed and nothing was left unjudged. */
export function isPassed(results: readonly { readonly outcome: CheckVerdict['outcome'] }[]): boolean {
  return results.every(({ outcome }) => outcome === 'passed' || outcome === 'not-applicable');
}

function judgeGenerally(name: CheckName, subject: CertificationSubject, judge: Check['judge']): CheckVerdict {
  const { files, bases } = subject;
  const notHere = (summary: string): CheckVerdict => ({ outcome: 'not-applicable', summary, found: [] });
  if (ABOUT_RPM.has(name) && files.rpmDatabases.length === 0 && files.unread.length === 0) {
    return notHere('The image has no rpm database, and the rule is about packages of rpm');
  }
  if (name === 'BasedOnUbi' && bases.length === 0) {
    return notHere('Nobody named approved base images, and the general policy asks for none');
  }
  return judge(subject);
}
