/** From a program that was recognised to a package. */
import type { FoundPackage } from '../package.ts';
import { toCpes } from './cpe.ts';
import type { ProgramRule } from './rule.ts';

/** The package; `cpe` in its properties is how advisories name it, several separated by a space. */
export function toPackage({
  rule,
  version,
}: {
  rule: Pick<ProgramRule, 'name' | 'cpe'>;
  version: string;
}): FoundPackage {
  const properties = rule.cpe.length === 0 ? {} : { properties: { cpe: toCpes(rule.cpe, version) } };
  return { type: 'generic', name: rule.name, version, evidence: 'detected', ...properties };
}
