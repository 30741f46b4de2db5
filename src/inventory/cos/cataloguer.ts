/**
 * Packages of Container-Optimized OS: one file that lists what the system was built of.
 *
 * `buildTimePackages` are the tools of the build and not there, so they are left out. Properties: `category`, the Gentoo category of
 * the ebuild; `ebuild-version`, its version with the revision.
 *
 * Source: cos.googlesource.com, cos/tools, src/pkg/tools/packages.
 */
import { PlimsollError } from '#base/errors.ts';
import type { Cataloguer } from '../cataloguer.ts';
import { declaredProperties, declaredText } from '../declared.ts';
import { FactLimits } from '../fact-limits.ts';
import { asRecord, type JsonRecord, parseJsonFile } from '../json-file.ts';
import type { FoundPackage } from '../package.ts';
import { hasPathSuffix } from '../path-suffix.ts';

const MAX_BYTES = 8 * 1024 * 1024;

export const cosCataloguer: Cataloguer = {
  id: 'cos',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: ({ name, path }) => name === 'cos-package-info.json' && hasPathSuffix(path, 'etc/cos-package-info.json'),
  read(file) {
    const limits = new FactLimits();
    const { installedPackages } = asRecord(parseJsonFile(file.body, MAX_BYTES));
    if (!Array.isArray(installedPackages))
      throw new PlimsollError('FILE_INVALID', 'It has no list "installedPackages"');
    const packages = installedPackages.flatMap(entry => {
      const found = toPackage(asRecord(entry));
      if (found === undefined) limits.lose('package(s) without name or version');
      return found === undefined || !limits.admitsPackage() ? [] : [found];
    });
    return { packages, gaps: limits.gaps() };
  },
};

function toPackage(entry: JsonRecord): FoundPackage | undefined {
  const name = declaredText(entry['name']);
  const version = declaredText(entry['version']);
  if (name === undefined || version === undefined) return undefined;
  const category = declaredText(entry['category']);
  const properties = declaredProperties({ category, 'ebuild-version': declaredText(entry['ebuild_version']) });
  return { type: 'cos', name, version, ...properties };
}
