/** From a registration of GHC to a package. */
import { declaredLicenses } from '../declared.ts';
import type { FoundPackage } from '../package.ts';
import type { RegistrationRow } from './parse-registration.ts';

/** The package of one registration. */
export function toPackage(row: RegistrationRow): FoundPackage {
  return { type: 'hackage', name: row.name, version: row.version, ...declaredLicenses([row.license]) };
}
