/**
 * SBOMs in SPDX's JSON.
 *
 * Source: SPDX 2.2 and 2.3, "Package information" and "External reference"; SPDX 3.0, profile Software, for the JSON-LD form.
 */
import { asList, asRecord, isRecord, type JsonRecord } from '../json-file.ts';
import type { SbomRow, SbomRows } from './sbom-row.ts';

/** Whether a document is an SBOM in SPDX 2 or 3. */
export function isSpdx(json: unknown): json is JsonRecord {
  const document = asRecord(json);
  return typeof document['spdxVersion'] === 'string' || isSpdx3(document);
}

/** The packages that have a purl. */
export function parseSpdx(json: JsonRecord): SbomRows {
  if (isSpdx3(json)) return parseGraph(asList(json['@graph']));
  const isOurs = asList(asRecord(json['creationInfo'])['creators']).some(one =>
    String(one).startsWith('Tool: plimsoll-'),
  );
  return parsePackages(asList(json['packages']), isOurs);
}

function isSpdx3(document: JsonRecord): boolean {
  const context = document['@context'];
  return Array.isArray(document['@graph']) && JSON.stringify(context ?? '').includes('spdx.org/rdf/3');
}

function parsePackages(packages: readonly unknown[], isOurs: boolean): SbomRows {
  const rows: SbomRow[] = [];
  let nameless = 0;
  for (const one of packages.filter(isRecord)) {
    const purl = asList(one['externalRefs']).map(asRecord).find(isPurl)?.['referenceLocator'];
    const licenses = [one['licenseConcluded'], one['licenseDeclared']];
    if (typeof purl === 'string') rows.push({ purl, licenses, ...(isOurs ? { own: ownOfSpdx(one) } : {}) });
    else if (!OTHER_PURPOSES.has(String(one['primaryPackagePurpose']))) nameless += 1;
  }
  return { rows, nameless };
}

/** What Plimsoll's own documents say besides, in an annotation and as supplier. */
export function ownOfSpdx(one: JsonRecord): ReadonlyMap<string, string> {
  const own = new Map<string, string>();
  for (const { comment } of asList(one['annotations']).slice(0, MAX_ANNOTATIONS).map(asRecord)) {
    if (typeof comment !== 'string' || !comment.startsWith(`{"${OWN}`) || comment.length > MAX_COMMENT) continue;
    for (const [name, value] of Object.entries(parseComment(comment))) {
      if (typeof value === 'string' && name.startsWith(OWN)) own.set(name.slice(OWN.length), value);
    }
  }
  const supplier = one['supplier'];
  if (typeof supplier === 'string' && supplier.startsWith(SUPPLIER)) own.set('vendor', supplier.slice(SUPPLIER.length));
  return own;
}

const OWN = 'plimsoll:';
const SUPPLIER = 'Organization: ';
const MAX_COMMENT = 64 * 1024;
const MAX_ANNOTATIONS = 1000;

function parseComment(text: string): JsonRecord {
  try {
    return asRecord(JSON.parse(text));
  } catch {
    return {};
  }
}

/** Both spellings of the category occur: the schema of 2.2 and its text differ. */
function isPurl(reference: JsonRecord): boolean {
  return reference['referenceType'] === 'purl' && typeof reference['referenceLocator'] === 'string';
}

/** Version 3 names licences by relationships, which are not followed. */
function parseGraph(elements: readonly unknown[]): SbomRows {
  const rows: SbomRow[] = [];
  let nameless = 0;
  for (const element of elements.filter(isRecord)) {
    if (element['type'] !== 'software_Package') continue;
    const identifiers = asList(element['externalIdentifier']).map(asRecord);
    const purl =
      element['software_packageUrl'] ??
      identifiers.find(one => one['externalIdentifierType'] === 'packageUrl')?.['identifier'];
    if (typeof purl === 'string') rows.push({ purl, licenses: [] });
    else nameless += 1;
  }
  return { rows, nameless };
}

const OTHER_PURPOSES = new Set([
  'CONTAINER',
  'DEVICE',
  'FILE',
  'FIRMWARE',
  'OPERATING-SYSTEM',
  'OPERATING_SYSTEM',
  'SOURCE',
]);
