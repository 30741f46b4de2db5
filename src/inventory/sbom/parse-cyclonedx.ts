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
      rows.push({ purl, licenses: asList(component['licenses']).map(licenseOf), ...ownOf(component) });
    } else if (component !== subject && typeof type === 'string' && !OTHER_KINDS.has(type)) nameless += 1;
    for (const part of asList(component['components']).toReversed()) waiting.push(part);
  }
  return { rows, nameless };
}

const OWN = 'plimsoll:';
/** Our documents have a few properties for each place a package is found in. */
const MAX_OWN = 200;

function ownOf({ properties, publisher }: JsonRecord): Pick<SbomRow, 'own'> {
  const own = new Map<string, string>();
  for (const { name, value } of asList(properties).slice(0, MAX_OWN).map(asRecord)) {
    if (typeof name !== 'string' || typeof value !== 'string' || !name.startsWith(OWN)) continue;
    own.set(name.slice(OWN.length), value);
  }
  if (own.size === 0) return {};
  if (typeof publisher === 'string') own.set('vendor', publisher);
  return { own };
}

function licenseOf(choice: unknown): unknown {
  const { expression, license } = asRecord(choice);
  const { id, name } = asRecord(license);
  return expression ?? id ?? name;
}
