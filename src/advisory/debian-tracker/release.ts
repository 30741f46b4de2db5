/**
 * Debian's releases by codename: the tracker speaks of `bookworm`, images and OSV of `12`.
 *
 * Source: Debian's distro-info-data, debian.csv, 2026-11. Before 7 a release had a second number.
 */

const NUMBERS: ReadonlyMap<string, string> = new Map([
  ['buzz', '1.1'],
  ['rex', '1.2'],
  ['bo', '1.3'],
  ['hamm', '2.0'],
  ['slink', '2.1'],
  ['potato', '2.2'],
  ['woody', '3.0'],
  ['sarge', '3.1'],
  ['etch', '4.0'],
  ['lenny', '5.0'],
  ['squeeze', '6.0'],
  ['wheezy', '7'],
  ['jessie', '8'],
  ['stretch', '9'],
  ['buster', '10'],
  ['bullseye', '11'],
  ['bookworm', '12'],
  ['trixie', '13'],
  ['forky', '14'],
  ['duke', '15'],
  // Unstable has no number and never will.
  ['sid', 'sid'],
]);

/** `Debian:12` for `bookworm`, `Debian:sid` for unstable; `undefined` for a release that came after this table. */
export function findDebianEcosystem(codename: string): string | undefined {
  const number = NUMBERS.get(codename);
  return number === undefined ? undefined : `Debian:${number}`;
}
