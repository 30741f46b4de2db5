/** From a DESCRIPTION to a package. */
import { declaredLicenses, declaredProperties } from '../declared.ts';
import type { FoundPackage } from '../package.ts';
import type { DescriptionRow } from './parse-description.ts';

/** The package of one description. */
export function toPackage(row: DescriptionRow): FoundPackage {
  return {
    type: 'cran',
    name: row.name,
    version: row.version,
    ...declaredLicenses([row.license]),
    ...declaredProperties({ repository: row.repository, commit: row.commit }),
  };
}
