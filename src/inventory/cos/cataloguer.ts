/**
 * Packages of Container-Optimized OS: one file that lists what the system was built of.
 *
 * `buildTimePackages` are the tools of the build and not there, so they are left out. Properties: `category`, the Gentoo category of
 * the ebuild; `ebuild-version`, its version with the revision.
 *
 * Source: cos.googlesource.com, cos/tools, src/pkg/tools/packages.
 */
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import type { Cataloguer } from '../cataloguer.ts';
import { FactLimits } from '../fact-limits.ts';
import { asRecord, parseJsonFile } from '../json-file.ts';
import type { FoundPackage } from '../package.ts';
import { hasPathSuffix } from '../path-suffix.ts';

const MAX_BYTES = 8 * 1024 * 1024;

const installedPackage = z.object({
  category: z.string().optional(),
  name: z.string().min(1),
  version: z.string().min(1),
  ebuild_version: z.string().optional(),
});

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
      const { success, data } = installedPackage.safeParse(entry);
      if (!success) limits.lose('package(s) without name or version');
      return data === undefined || !limits.admitsPackage() ? [] : [toPackage(data)];
    });
    return { packages, gaps: limits.gaps() };
  },
};

function toPackage({ category, name, version, ebuild_version }: z.infer<typeof installedPackage>): FoundPackage {
  const properties = {
    ...(category ? { category } : {}),
    ...(ebuild_version ? { 'ebuild-version': ebuild_version } : {}),
  };
  return { type: 'cos', name, version, ...(Object.keys(properties).length > 0 ? { properties } : {}) };
}
