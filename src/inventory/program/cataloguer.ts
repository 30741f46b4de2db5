/**
 * Programs that no package manager installed, known by the version strings in them.
 *
 * Official images compile their main program from source. What is found here is `detected`, not `installed`: it is matched by
 * CPE alone, and only where the file belongs to no package of the distribution.
 */
import type { ExecutableCataloguer } from '../cataloguer.ts';
import { RuleIndex } from './match-name.ts';
import { toPackage } from './package.ts';
import { constantRegions } from './regions.ts';
import { PROGRAM_RULES } from './rules.ts';
import { scan } from './scan.ts';

const INDEX = new RuleIndex(PROGRAM_RULES);

export const programCataloguer: ExecutableCataloguer = {
  id: 'program',
  version: 1,
  read(file, executable) {
    const rules = INDEX.find(file.name);
    if (rules.length === 0) return undefined;
    const candidates = rules.map(rule => ({ rule, nameVersion: rule.nameVersion?.exec(file.name)?.[1] }));
    const found = scan(executable.body, constantRegions(executable), candidates);
    return found.length === 0 ? undefined : { packages: found.map(toPackage) };
  },
};
