/**
 * Certifies one image that was read: puts together what the checks look at, and judges.
 */
import type { BaseImage } from '#certification/base-image.ts';
import { type Certificate, toCertificate } from '#certification/certificate.ts';
import { toFileFacts } from '#certification/file-facts.ts';
import { type Gate, judgeGate } from '#certification/gate.ts';
import { type GradeScope, toGradedImage } from '#certification/graded-errata.ts';
import { type GradeSettings, gradeOf } from '#certification/health-grade.ts';
import { guessPolicy, type PolicyName } from '#certification/policies.ts';
import { runChecks } from '#certification/run-checks.ts';
import { type CheckSettings, DEFAULT_SETTINGS } from '#certification/settings.ts';
import { type CertificationSubject, type ImageName, type TagFacts, toConfigFacts } from '#certification/subject.ts';
import { tellUnknowns } from '#certification/unknowns.ts';
import type { Image } from '#image/image.ts';
import type { AdvisoryLookup, Finding, Undetermined } from '#matching/finding.ts';
import type { ScannedImage } from './scan-image.ts';

/** Architectures that are certified. Source: preflight; of an index it looks at these alone. */
export const CERTIFIED_ARCHITECTURES: ReadonlySet<string> = new Set(['amd64', 'arm64', 'ppc64le', 's390x']);

/** What is known of an image besides itself. */
export interface SubjectOptions {
  readonly name: ImageName;
  readonly tags: TagFacts;
  readonly bases: readonly BaseImage[];
  readonly settings?: CheckSettings | undefined;
}

/** The subject of the checks: `image` as it was opened, and what reading it gave. */
export function toSubject(
  image: Image,
  { inventory, layers }: ScannedImage,
  options: SubjectOptions,
): CertificationSubject {
  const tars = image.layers.filter(layer => layer.kind === 'tar');
  const isFolder = image.layers.some(layer => layer.kind === 'folder');
  return {
    name: options.name,
    tags: options.tags,
    ...(image.config === undefined ? {} : { config: toConfigFacts(image.config) }),
    ...(isFolder ? {} : { layerCount: tars.length }),
    inventory,
    files: toFileFacts(layers),
    bases: options.bases,
    settings: options.settings ?? DEFAULT_SETTINGS,
  };
}

/** The known weaknesses of the image, and by what they are judged. */
export interface WeaknessOptions {
  /** Without those that were set aside. */
  readonly findings: readonly Finding[];
  readonly undetermined: readonly Undetermined[];
  readonly lookup: AdvisoryLookup;
  readonly now: Date;
  /** Missing: the grade alone. */
  readonly gate: Gate | undefined;
  readonly scope?: GradeScope | undefined;
  readonly gradeSettings?: GradeSettings | undefined;
}

/** What the caller decides. */
export interface CertifyOptions {
  /** `auto`: the one that `guessPolicy` finds fitting. */
  readonly policy: PolicyName | 'auto';
  /** Missing: neither gate nor grade. */
  readonly weaknesses?: WeaknessOptions | undefined;
}

/** The certificate of a subject. Pure: the same subject and weaknesses give the same on the same day. */
export function certify(subject: CertificationSubject, { policy, weaknesses }: CertifyOptions): Certificate {
  const chosen = policy === 'auto' ? guessPolicy(subject.inventory) : { policy, why: 'as asked' };
  const results = runChecks(subject, chosen.policy);
  return toCertificate({
    image: subject.inventory.image,
    name: subject.name.text,
    policy: chosen.policy,
    policyWhy: chosen.why,
    results,
    ...(weaknesses === undefined ? {} : judgeWeaknesses(subject, weaknesses)),
    objections: [],
  });
}

function judgeWeaknesses(subject: CertificationSubject, options: WeaknessOptions): Pick<Certificate, 'gate' | 'grade'> {
  const { inventory, config } = subject;
  const { findings, undetermined, lookup, now, gate, scope, gradeSettings } = options;
  const unknown = tellUnknowns(inventory, undetermined);
  const graded = toGradedImage(findings, {
    inventory,
    lookup,
    now,
    created: config?.created,
    unknown,
    ...(scope === undefined ? {} : { scope }),
  });
  return {
    ...(gate === undefined ? {} : { gate: judgeGate(findings, gate, { lookup, now, unknown }) }),
    grade: gradeOf(graded, gradeSettings),
  };
}
