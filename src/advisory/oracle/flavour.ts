/**
 * Flavours of Oracle's builds. A package rebuilt for Ksplice or for FIPS certification has a version that sorts above the plain fix without
 * having it, and the other way round: only builds of one flavour can be compared (aquasecurity/trivy#1967).
 */

/** What a build was made for, where it was not for everybody. */
export type Flavour = 'ksplice' | 'fips';

/** `ksplice`, `fips`, or `undefined` for a plain build, by the release of the package: `2:2.34-60.0.3.ksplice1.el9`. */
export function flavourOf(version: string): Flavour | undefined {
  if (version.includes('.ksplice')) return 'ksplice';
  return version.includes('_fips') || version.includes('.fips') ? 'fips' : undefined;
}
