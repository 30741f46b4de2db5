/**
 * The Maven libraries of a CycloneDX document.
 *
 * Source: CycloneDX 1.4 and later, `components`.
 */
import { declaredText } from '../declared.ts';
import { asList, asRecord, parseJsonText } from '../json-file.ts';
import type { FoundPackage } from '../package.ts';

const MAX_COMPONENTS = 50_000;

/**
 * Reads the document. Components without group, name or version are told in `gaps`: what they are cannot be looked up.
 *
 * @throws {PlimsollError} `FILE_INVALID` when it is not JSON.
 */
export function parseComponents(text: string): { packages: FoundPackage[]; gaps: string[] } {
  const components = asList(asRecord(parseJsonText(text))['components']);
  const packages: FoundPackage[] = [];
  let broken = 0;
  for (const component of components.slice(0, MAX_COMPONENTS)) {
    const fields = asRecord(component);
    const group = declaredText(fields['group']);
    const artifact = declaredText(fields['name']);
    const version = declaredText(fields['version']);
    if (group === undefined || artifact === undefined || version === undefined) broken += 1;
    else packages.push({ type: 'maven', name: `${group}:${artifact}`, version, evidence: 'asserted' });
  }
  const gaps: string[] = [];
  if (broken > 0) gaps.push(`${broken} component(s) of the embedded SBOM without group, name or version`);
  if (components.length > MAX_COMPONENTS) gaps.push(`The embedded SBOM has ${components.length} components`);
  return { packages, gaps };
}
