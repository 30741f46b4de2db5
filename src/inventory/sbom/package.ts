/** From an entry of an SBOM to a package. */
import { declaredLicenses, declaredProperties } from '../declared.ts';
import { type FoundPackage, OS_PACKAGE_TYPES, type SourcePackage } from '../package.ts';
import { type PurlRow, parsePurl } from './parse-purl.ts';
import type { SbomRow } from './sbom-row.ts';

/**
 * The package of an entry that only the image's author vouches for; `undefined` when its purl cannot be read. The property
 * `namespace` of a distribution package is the vendor that its purl names, which may not be the image's distribution.
 */
export function toAssertedPackage(row: SbomRow): FoundPackage | undefined {
  const purl = parsePurl(row.purl);
  if (purl === undefined) return undefined;
  return {
    type: purl.type,
    name: purl.name,
    version: purl.version,
    ...(purl.arch === undefined ? {} : { arch: purl.arch }),
    ...sourceOf(purl),
    ...declaredLicenses(row.licenses),
    evidence: 'asserted',
    ...declaredProperties({ namespace: purl.namespace }),
  };
}

/**
 * The package of an entry in the SBOM of a Python wheel: what was compiled into it. A library of another distribution is no package
 * of this image's, so it is only known by its name. `bundled-in` is the wheel's folder without `.dist-info`: `numpy-2.1.0`.
 */
export function toBundledPackage(row: SbomRow, wheel: string): FoundPackage | undefined {
  const found = toAssertedPackage(row);
  if (found === undefined) return undefined;
  const isForeign = OS_PACKAGE_TYPES.has(found.type);
  const { name, version, licenses } = found;
  return {
    type: isForeign ? 'generic' : found.type,
    name,
    version,
    ...(licenses && { licenses }),
    evidence: 'asserted',
    ...declaredProperties({ 'bundled-in': wheel, ...(isForeign && { built: `${found.type}/${name}@${version}` }) }),
  };
}

/**
 * A component of Bitnami's, which its own SBOM records as a package manager would. The version ends in Bitnami's revision
 * (`7.4.1-0`); the source has the version of upstream, as advisories write it.
 */
export function toBitnamiPackage(row: PurlRow, licenses: readonly unknown[]): FoundPackage {
  return {
    type: 'bitnami',
    name: row.name,
    version: row.version,
    ...(row.arch === undefined ? {} : { arch: row.arch }),
    source: { name: row.name, version: row.version.replace(/-\d{1,9}$/, '') },
    ...declaredLicenses(licenses),
  };
}

/** `upstream=openssl@3.0.1`, `upstream=openssl` or, of rpms, `upstream=openssl-3.0.1-43.el9.src.rpm`. */
function sourceOf({ type, upstream }: PurlRow): { source?: SourcePackage } {
  if (upstream === undefined) return {};
  if (type === 'rpm') {
    const [, name, version] = /^(.{1,200})-([^-]{1,100}-[^-]{1,100})\.(?:no)?src\.rpm$/.exec(upstream) ?? [];
    return { source: name === undefined || version === undefined ? { name: upstream } : { name, version } };
  }
  const at = upstream.indexOf('@');
  return { source: at < 1 ? { name: upstream } : { name: upstream.slice(0, at), version: upstream.slice(at + 1) } };
}
