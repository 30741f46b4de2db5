/**
 * Rust programs built with cargo-auditable: the crates they were built from, in a section of the program.
 *
 * Other Rust programs do not say what they are made of.
 */
import type { ExecutableCataloguer } from '../cataloguer.ts';
import { findSection, readSection } from '../executable/read-section.ts';
import { toPackages } from './package.ts';
import { parseAudit } from './parse-audit.ts';

const SECTION = '.dep-v0';
/** Firefox, with over 500 crates, has 10 kB of it. */
const MAX_SECTION_BYTES = 4 * 1024 * 1024;

export const rustCataloguer: ExecutableCataloguer = {
  id: 'rust',
  version: 1,
  read(_file, executable) {
    const section = findSection(executable, SECTION);
    if (section === undefined || section.sizeBytes === 0) return undefined;
    const { crates, gaps } = parseAudit(readSection(executable, section, MAX_SECTION_BYTES));
    return { packages: toPackages(crates), gaps };
  },
};
