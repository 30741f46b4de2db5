/**
 * Who wrote an OSV record, by the prefix of its id: whose ratings they are, and how the record is to be read.
 *
 * Source: OSV schema 1.7, "id, modified": the table of databases and their prefixes.
 */
import type { SeverityVocabulary } from '../severity-word.ts';

export interface Issuer {
  /** Who rates, as findings name it: `ghsa`, `ubuntu`. */
  readonly origin: string;
  readonly vocabulary: SeverityVocabulary;
  /**
   * An update that may fix many weaknesses; the first word of its summary is its severity, and the CVEs it lists as merely related are
   * those that it fixes.
   */
  readonly isErratum: boolean;
  /** Updates of this kind fix bugs or add features; they count only when they name a CVE. */
  readonly isBugFix: boolean;
  /** Packages that are an attack themselves. */
  readonly isMalware: boolean;
  /** Notices of fixes for what records of the same archive tell CVE by CVE, with states and priorities that notices lack. */
  readonly isRepeated: boolean;
}

const database = (origin: string): Issuer => ({
  origin,
  vocabulary: 'plain',
  isErratum: false,
  isBugFix: false,
  isMalware: false,
  isRepeated: false,
});
const errata = (origin: string): Issuer => ({ ...database(origin), vocabulary: 'errata', isErratum: true });
const notices = (origin: string): Issuer => ({ ...database(origin), isErratum: true, isRepeated: true });
const bugFixes = (origin: string): Issuer => ({ ...errata(origin), isBugFix: true });

/** By prefix without the hyphen. The converters of Debian's and Alpine's data take their vectors from NVD. */
const ISSUERS: ReadonlyMap<string, Issuer> = new Map<string, Issuer>([
  ['GHSA', database('ghsa')],
  ['PYSEC', database('pypa')],
  ['PSF', database('psf')],
  ['GO', database('go')],
  ['RUSTSEC', database('rustsec')],
  ['HSEC', database('haskell')],
  ['CVE', database('nvd')],
  ['DEBIAN', { ...database('nvd'), vocabulary: 'debian' }],
  ['ALPINE', database('nvd')],
  ['UBUNTU', database('ubuntu')],
  ['USN', notices('ubuntu')],
  ['LSN', notices('ubuntu')],
  ['DSA', notices('debian')],
  ['DLA', notices('debian')],
  ['DTSA', notices('debian')],
  ['BIT', database('bitnami')],
  ['DRUPAL', database('drupal')],
  ['AZL', { ...database('azure'), vocabulary: 'errata' }],
  ['MAL', { ...database('ossf'), isMalware: true }],
  ['ALSA', errata('almalinux')],
  ['ALBA', bugFixes('almalinux')],
  ['ALEA', bugFixes('almalinux')],
  ['RLSA', errata('rocky')],
  ['RXSA', errata('rocky')],
  ['RLBA', bugFixes('rocky')],
  ['RLEA', bugFixes('rocky')],
  ['RHSA', errata('redhat')],
  ['RHBA', bugFixes('redhat')],
  ['RHEA', bugFixes('redhat')],
  ['SUSE-SU', errata('suse')],
  ['SUSE-RU', bugFixes('suse')],
  ['SUSE-FU', bugFixes('suse')],
  ['SUSE-OU', bugFixes('suse')],
  ['openSUSE-SU', errata('opensuse')],
  ['openSUSE-RU', bugFixes('opensuse')],
  ['OESA', errata('openeuler')],
  ['MGASA', errata('mageia')],
  ['MGAA', bugFixes('mageia')],
  ['CGA', database('chainguard')],
]);

const SUSE = /^(?:open)?SUSE-[A-Z]{2}(?=-)/;

/** Who wrote the record of that id; a database we do not know goes by its prefix in small letters. */
export function issuerOf(id: string): Issuer {
  const hyphen = id.indexOf('-');
  const prefix = hyphen === -1 ? id : id.slice(0, hyphen);
  const known = ISSUERS.get(prefix) ?? (prefix.endsWith('SUSE') ? ISSUERS.get(SUSE.exec(id)?.[0] ?? '') : undefined);
  return known ?? database(prefix.slice(0, 30).toLowerCase());
}
