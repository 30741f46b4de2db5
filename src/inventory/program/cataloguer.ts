/**
 * Programs that no package manager installed, known by the version strings in them.
 *
 * Official images compile their main program from source. What is found here is `detected`, not `installed`: it is matched by
 * CPE alone, and only where the file belongs to no package of the distribution.
 */
import type { ExecutableCataloguer } from '../cataloguer.ts';
import type { Executable } from '../executable/executable.ts';
import { findBuildInfo } from '../go/find-build-info.ts';
import { RuleIndex } from './match-name.ts';
import { toPackage } from './package.ts';
import { constantRegions } from './regions.ts';
import type { ProgramRule } from './rule.ts';
import { PROGRAM_RULES } from './rules.ts';
import { type Placeholders, scan } from './scan.ts';

const INDEX = new RuleIndex(PROGRAM_RULES);

export const programCataloguer: ExecutableCataloguer = {
  id: 'program',
  version: 1,
  read(file, executable) {
    const rules = INDEX.find(file.name);
    if (rules.length === 0) return undefined;
    const searches = rules.map(rule => ({ rule, placeholders: placeholdersOf(rule, file.name, executable) }));
    const found = scan(executable.body, constantRegions(executable), searches);
    return found.length === 0 ? undefined : { packages: found.map(toPackage) };
  },
};

function placeholdersOf(rule: ProgramRule, name: string, executable: Executable): Placeholders {
  const isGo = rule.patterns.some(pattern => pattern.needle.includes('{go}'));
  return {
    name: rule.nameVersion?.exec(name)?.[1],
    go: isGo ? findBuildInfo(executable)?.goVersion : undefined,
  };
}
