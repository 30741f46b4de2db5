/**
 * Package notes: what a distribution stamps into its programs and libraries, so that a copied one still tells where it is from.
 */
import type { ExecutableCataloguer } from '../cataloguer.ts';
import { findSection, readSection } from '../executable/read-section.ts';
import { findNote } from './find-note.ts';
import { toPackage } from './package.ts';

const SECTION = '.note.package';
/** Notes have some hundred bytes. */
const MAX_SECTION_BYTES = 64 * 1024;

export const elfNoteCataloguer: ExecutableCataloguer = {
  id: 'elf-note',
  version: 1,
  read(_file, executable) {
    if (executable.format !== 'elf') return undefined;
    const section = findSection(executable, SECTION);
    if (section === undefined) return undefined;
    const note = findNote(readSection(executable, section, MAX_SECTION_BYTES), executable.isBigEndian);
    const found = note === undefined ? undefined : toPackage(note);
    return found === undefined ? undefined : { packages: [found] };
  },
};
