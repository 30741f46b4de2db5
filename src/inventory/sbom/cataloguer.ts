/**
 * SBOMs that the image's author put into the image: SPDX and CycloneDX in JSON, and those inside Python wheels (PEP 770).
 *
 * Whoever writes such a file can hide or invent packages, so these are marked as asserted. Not read: `var/lib/db/sbom`, where melange
 * describes each apk once more (Wolfi, Chainguard), and Bitnami's, which have a cataloguer of their own.
 */
import { countOf } from '#base/count-of.ts';
import type { Cataloguer } from '../cataloguer.ts';
import { FactLimits } from '../fact-limits.ts';
import { parseJsonFile } from '../json-file.ts';
import type { FoundPackage } from '../package.ts';
import { toAssertedPackage, toBundledPackage } from './package.ts';
import { isCycloneDx, parseCycloneDx } from './parse-cyclonedx.ts';
import { isSpdx, parseSpdx } from './parse-spdx.ts';
import type { SbomRows } from './sbom-row.ts';

const MAX_BYTES = 32 * 1024 * 1024;

export const sbomCataloguer: Cataloguer = {
  id: 'sbom',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: ({ name, path }) => (hasSbomName(name) && !isDescribedElsewhere(path)) || wheelOf(path, name) !== undefined,
  read(file) {
    const wheel = wheelOf(file.path, file.name);
    const sbom = parseSbom(parseJsonFile(file.body, MAX_BYTES), wheel === undefined);
    if (sbom === undefined) return undefined;
    const limits = new FactLimits();
    const packages: FoundPackage[] = [];
    for (const row of sbom.rows) {
      const found = wheel === undefined ? toAssertedPackage(row) : toBundledPackage(row, wheel);
      if (found === undefined) limits.lose('entries whose purl cannot be read or has no version');
      else if (limits.admitsPackage()) packages.push(found);
    }
    const nameless = sbom.nameless === 0 ? [] : [`${countOf(sbom.nameless, 'entry', 'entries')} without a purl`];
    return { packages, gaps: [...nameless, ...limits.gaps()] };
  },
};

/** The rows of either format; `undefined` for JSON that is no SBOM. */
function parseSbom(json: unknown, includesSubject: boolean): SbomRows | undefined {
  if (isCycloneDx(json)) return parseCycloneDx(json, { includesSubject });
  return isSpdx(json) ? parseSpdx(json) : undefined;
}

const NAMES = new Set(['bom.json', 'sbom.json']);
const SUFFIXES = ['.spdx.json', '.cdx.json', '.cyclonedx.json', '.spdx', '.cdx'];

function hasSbomName(name: string): boolean {
  return NAMES.has(name) || SUFFIXES.some(suffix => name.endsWith(suffix));
}

function isDescribedElsewhere(path: string): boolean {
  return /(?:^|\/)var\/lib\/db\/sbom\//.test(path) || /(?:^|\/)opt\/bitnami\/(?:.*\/)?\.spdx-[^/]*$/.test(path);
}

/** The wheel whose `NAME-VERSION.dist-info/sboms/` the file is in. */
function wheelOf(path: string, name: string): string | undefined {
  if (!name.endsWith('.json') || !path.includes('.dist-info/sboms/')) return undefined;
  const folder = path.slice(0, path.indexOf('.dist-info/sboms/'));
  return folder.slice(folder.lastIndexOf('/') + 1);
}
