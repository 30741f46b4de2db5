/** From a rockspec to a package. */
import { declaredLicenses } from '../declared.ts';
import type { FoundPackage } from '../package.ts';
import type { Rockspec } from './parse-rockspec.ts';

/** The package of one rock. */
export function toPackage(rock: Rockspec): FoundPackage {
  return { type: 'luarocks', name: rock.name, version: rock.version, ...declaredLicenses([rock.license]) };
}
