/** What came of certifying one image: its checks, the gate and the grade, and whether it may be published. */
import type { InventoryImage } from '#inventory/inventory.ts';
import type { CheckResult } from './check.ts';
import type { GateResult } from './gate.ts';
import type { HealthGrade } from './health-grade.ts';
import type { PolicyName } from './policies.ts';
import { isPassed } from './run-checks.ts';

/** The result for one image and platform. */
export interface Certificate {
  readonly image: InventoryImage;
  /** The name it was judged by. */
  readonly name: string;
  readonly policy: PolicyName;
  /** Why this policy, as a sentence without full stop. */
  readonly policyWhy: string;
  readonly results: readonly CheckResult[];
  /** Missing when weaknesses were not asked about. */
  readonly gate?: GateResult;
  readonly grade?: HealthGrade;
  /** Further reasons for which it does not pass, as sentences without full stop: what the caller asked for. */
  readonly objections: readonly string[];
  readonly isPassed: boolean;
}

/** The certificate: it passes when every check does, the gate does, and there are no objections. */
export function toCertificate(parts: Omit<Certificate, 'isPassed'>): Certificate {
  const { results, gate, objections } = parts;
  const passed = isPassed(results) && (gate === undefined || gate.outcome === 'passed') && objections.length === 0;
  return { ...parts, isPassed: passed };
}
