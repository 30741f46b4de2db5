/**
 * SBOMs in CycloneDX's JSON.
 *
 * Source: CycloneDX 1.2 to 1.7. Components nest; their tree is walked with a list, not by recursion.
 */
import { asList, asRecord, isRecord, type JsonRecord } from '../json-file.ts';
import type { SbomRow, SbomRows } from './sbom-row.ts';

/** Kinds of component that are no packages. */
const OTHER_KINDS = new Set([
  'container',
  'cryptographic-asset',
  'data',
  'device',
  'device-driver',
  'file',
  'firmware',
  'machine-learning-model',
  'operating-system',
  'platform',
]);

/** Whether a document is a CycloneDX SBOM. */
export function isCycloneDx(json: unknown): json is JsonRecord {
  return asRecord(json)['bomFormat'] === 'CycloneDX';
}

/** The components; `includesSubject: false` leaves out what the SBOM as a whole is about. */
export function parseCycloneDx(json: JsonRecord, { includesSubject = true } = {}): SbomRows {
  const rows: SbomRow[] = [];
  let nameless = 0;
  const subject = asRecord(asRecord(json['metadata'])['component']);
  const waiting: unknown[] = [...asList(json['components'])].reverse();
  if (includesSubject) waiting.push(subject);
  for (let component = waiting.pop(); component !== undefined; component = waiting.pop()) {
    if (!isRecord(component)) continue;
    const { purl, type } = component;
    if (typeof purl === 'string') {
      rows.push({ purl, licenses: asList(component['licenses']).map(licenseOf), ...ownerOf(component) });
    } else if (component !== subject && typeof type === 'string' && !OTHER_KINDS.has(type)) nameless += 1;
    for (const part of asList(component['components']).toReversed()) waiting.push(part);
  }
  return { rows, nameless };
}

function ownerOf({ properties }: JsonRecord): Pick<SbomRow, 'managedBy'> {
  const { value } = asRecord(asList(properties).find(one => asRecord(one)['name'] === 'plimsoll:managed-by'));
  return typeof value === 'string' ? { managedBy: value } : {};
}

function licenseOf(choice: unknown): unknown {
  const { expression, license } = asRecord(choice);
  const { id, name } = asRecord(license);
  return expression ?? id ?? name;
}
