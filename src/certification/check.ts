/**
 * A check: one rule, and what came of it for one image, so that a reader knows what was found, why it matters and what to do.
 */
import type { CertificationSubject } from './subject.ts';

/** Names of the checks, those of preflight, in the order in which it runs them. */
export const CHECK_NAMES = [
  'HasLicense',
  'HasUniqueTag',
  'LayerCountAcceptable',
  'HasNoProhibitedPackages',
  'HasRequiredLabel',
  'HasNoProhibitedLabels',
  'RunAsNonRoot',
  'HasModifiedFiles',
  'BasedOnUbi',
  'HasProhibitedContainerName',
] as const;
export type CheckName = (typeof CHECK_NAMES)[number];

/** How much a check counts for people. Every one of them blocks, whatever its level. */
export type CheckLevel = 'best' | 'better' | 'good';

/** `error`: it could not be judged, which blocks as a failure does. `not-applicable`: the rule is not about such an image. */
export type CheckOutcome = 'passed' | 'failed' | 'error' | 'not-applicable';

/** One thing that was found. Texts of the image are as they are: a report makes them safe. */
export interface CheckFact {
  readonly kind: 'label' | 'file' | 'package' | 'layer' | 'user' | 'tag' | 'name' | 'base';
  /** Which: the label's key, the path with its leading slash, the package's name and version, the tag. */
  readonly subject: string;
  /** What of it, as a phrase. */
  readonly detail?: string;
  /** Place of the layer, 1 being the lowest. */
  readonly layer?: number;
}

/** What a check makes of an image. */
export interface CheckVerdict {
  readonly outcome: CheckOutcome;
  /** One sentence without full stop: what was found. */
  readonly summary: string;
  /** The things themselves, the first of them when there are many; a passed check may have some too. */
  readonly found: readonly CheckFact[];
  /** What to do about it, where that depends on what was found. */
  readonly fix?: string;
  /** What preflight would say instead, and why. */
  readonly differsFromPreflight?: string;
}

/** A check as it is run. `judge` is pure. */
export interface Check {
  readonly name: CheckName;
  readonly level: CheckLevel;
  /** What an image must have, as a sentence without full stop. */
  readonly description: string;
  /** Why that matters. */
  readonly why: string;
  /** What to do when it fails, unless the verdict says better. */
  readonly fix: string;
  judge(subject: CertificationSubject): CheckVerdict;
}

/** A check with what came of it. */
export interface CheckResult extends CheckVerdict {
  readonly name: CheckName;
  readonly level: CheckLevel;
  readonly description: string;
  readonly why: string;
  readonly fix: string;
}

/** Facts that a result lists before it counts the rest. */
export const MAX_FACTS = 25;

/** The first facts of a long list. */
export function firstFacts(facts: readonly CheckFact[]): readonly CheckFact[] {
  return facts.slice(0, MAX_FACTS);
}
