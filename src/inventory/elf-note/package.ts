/** From a package note to the package it names. */
import { declaredProperties, declaredText } from '../declared.ts';
import type { JsonRecord } from '../json-file.ts';
import type { FoundPackage, PackageType } from '../package.ts';

/** The types that notes are written for, by the word they use. */
const TYPES: ReadonlyMap<string, PackageType> = new Map([
  ['rpm', 'rpm'],
  ['deb', 'deb'],
  ['apk', 'apk'],
  ['alpm', 'alpm'],
  ['pacman', 'alpm'],
  ['arch', 'alpm'],
  ['ebuild', 'ebuild'],
  ['opkg', 'opkg'],
]);

/**
 * The package, which the note names by its *source* package and version; `undefined` when name or version are missing. A word that
 * is no package manager of ours gives a `generic` package.
 *
 * `elf-note: true` in the properties tells it from a record of the package manager, which knows better: for a file that an installed
 * package owns, the note adds nothing. `os`, `os-version`, `os-cpe` and `purl` are as the note says them.
 */
export function toPackage(note: JsonRecord): FoundPackage | undefined {
  const name = declaredText(note['name']);
  const version = declaredText(note['version']);
  if (name === undefined || version === undefined) return undefined;
  const arch = declaredText(note['architecture']);
  return {
    type: TYPES.get(declaredText(note['type'])?.toLowerCase() ?? '') ?? 'generic',
    name,
    version,
    ...(arch === undefined ? {} : { arch }),
    source: { name, version },
    evidence: 'detected',
    ...declaredProperties({
      'elf-note': 'true',
      os: declaredText(note['os']),
      'os-version': declaredText(note['osVersion']),
      'os-cpe': declaredText(note['osCpe']),
      purl: declaredText(note['purl']),
    }),
  };
}
