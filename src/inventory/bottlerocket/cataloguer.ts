/**
 * Packages of Bottlerocket: the inventory of what its image was built from, written by its build out of rpm packages.
 *
 * Versions are `[epoch:]version-release`; the file always has an epoch, and one of 0 is left out. Property `application-type`, when it
 * is not `Unspecified`.
 *
 * Source: bottlerocket-os/twoliter, rpm2img; the file also stands in the sys-root of each architecture while it is built.
 */
import { PlimsollError } from '#base/errors.ts';
import type { Cataloguer } from '../cataloguer.ts';
import { declaredProperties, declaredText } from '../declared.ts';
import { FactLimits } from '../fact-limits.ts';
import { asRecord, type JsonRecord, parseJsonFile } from '../json-file.ts';
import type { FoundPackage } from '../package.ts';
import { hasPathSuffix } from '../path-suffix.ts';

const MAX_BYTES = 8 * 1024 * 1024;
const INVENTORY = 'usr/share/bottlerocket/application-inventory.json';

export const bottlerocketCataloguer: Cataloguer = {
  id: 'bottlerocket',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: ({ name, path }) => name === 'application-inventory.json' && hasPathSuffix(path, INVENTORY),
  read(file) {
    const limits = new FactLimits();
    const { Content } = asRecord(parseJsonFile(file.body, MAX_BYTES));
    if (!Array.isArray(Content)) throw new PlimsollError('FILE_INVALID', 'It has no list "Content"');
    const packages = Content.flatMap(entry => {
      const found = toPackage(asRecord(entry));
      if (found === undefined) limits.lose('package(s) without name or version');
      return found === undefined || !limits.admitsPackage() ? [] : [found];
    });
    return { packages, gaps: limits.gaps() };
  },
};

function toPackage(entry: JsonRecord): FoundPackage | undefined {
  const name = declaredText(entry['Name']);
  const version = declaredText(entry['Version']);
  if (name === undefined || version === undefined) return undefined;
  const release = declaredText(entry['Release']);
  const arch = declaredText(entry['Architecture']);
  const vendor = declaredText(entry['Publisher']);
  const applicationType = declaredText(entry['ApplicationType']);
  // Builds have written it as a number and as text.
  const epoch = Number(entry['Epoch'] ?? 0);
  return {
    type: 'bottlerocket',
    name,
    version: `${epoch > 0 ? `${epoch}:` : ''}${version}${release === undefined ? '' : `-${release}`}`,
    ...(arch === undefined ? {} : { arch }),
    ...(vendor === undefined ? {} : { vendor }),
    ...declaredProperties({ 'application-type': applicationType === 'Unspecified' ? undefined : applicationType }),
  };
}
