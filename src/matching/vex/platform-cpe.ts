/**
 * Whether a platform that a statement names by CPE is the distribution of the image.
 *
 * Source: CPE 2.2 and 2.3 naming. Red Hat's `cpe:/a:redhat:enterprise_linux:9::appstream` and os-release's
 * `cpe:/o:redhat:enterprise_linux:9::baseos` are two repositories of one release.
 */
import type { Distro } from '#inventory/inventory.ts';

/** Whether `cpe` names the release, or the major release, that the distribution says it is in its own CPE. */
export function isPlatformOf(cpe: string, distro: Pick<Distro, 'cpe'> | undefined): boolean {
  const wanted = parts(cpe);
  const own = parts(distro?.cpe ?? '');
  if (wanted === undefined || own === undefined) return false;
  if (wanted.vendor !== own.vendor || wanted.product !== own.product) return false;
  const isRelease = wanted.version === own.version || own.version.startsWith(`${wanted.version}.`);
  return isRelease && (wanted.update === '' || wanted.update === own.update);
}

function parts(cpe: string) {
  const [, rest] = /^cpe:(?:\/|2\.3:)[aoh]:(.+)$/.exec(cpe.slice(0, 500).toLowerCase()) ?? [];
  if (rest === undefined) return undefined;
  const [vendor = '', product = '', version = '', update = ''] = rest
    .split(':')
    .map(part => (/^[*-]$/.test(part) ? '' : part));
  return vendor === '' || product === '' || version === '' ? undefined : { vendor, product, version, update };
}
