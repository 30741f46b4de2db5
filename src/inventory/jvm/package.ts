/** From a Java runtime's release file to a package. */

import type { FoundPackage } from '../package.ts';
import { toCpes } from '../program/cpe.ts';
import type { JavaRelease } from './parse-release.ts';

/** Builders of Java by what they call themselves: the name in the purl, and the products under which NVD files them. */
const VENDORS: readonly { readonly says: RegExp; readonly slug: string; readonly cpe: readonly string[] }[] = [
  { says: /adoptium|adoptopenjdk/i, slug: 'eclipse-adoptium', cpe: ['oracle:openjdk'] },
  { says: /azul/i, slug: 'azul', cpe: ['azul:zulu', 'oracle:openjdk'] },
  { says: /amazon/i, slug: 'amazon', cpe: ['amazon:corretto', 'oracle:openjdk'] },
  { says: /graalvm/i, slug: 'graalvm', cpe: ['oracle:graalvm', 'oracle:openjdk'] },
  { says: /oracle/i, slug: 'oracle', cpe: ['oracle:jdk', 'oracle:jre'] },
  { says: /bellsoft/i, slug: 'bellsoft', cpe: ['bell-sw:liberica_jdk', 'oracle:openjdk'] },
  { says: /ibm|international business machines/i, slug: 'ibm', cpe: ['ibm:java', 'ibm:semeru_runtime'] },
  { says: /microsoft/i, slug: 'microsoft', cpe: ['microsoft:openjdk', 'oracle:openjdk'] },
  { says: /^sap\b/i, slug: 'sap', cpe: ['sap:sapmachine', 'oracle:openjdk'] },
  { says: /red hat/i, slug: 'redhat', cpe: ['redhat:openjdk', 'oracle:openjdk'] },
  { says: /alibaba/i, slug: 'alibaba', cpe: ['alibaba:dragonwell', 'oracle:openjdk'] },
  { says: /tencent/i, slug: 'tencent', cpe: ['tencent:kona', 'oracle:openjdk'] },
  { says: /jetbrains/i, slug: 'jetbrains', cpe: ['oracle:openjdk'] },
];

/**
 * The package: `VENDOR/jdk`, whatever the image type, since advisories do not tell a JRE from its JDK; `image-type` in the
 * properties does. A builder we do not know gives `openjdk/jdk`.
 */
export function toPackage(release: JavaRelease): FoundPackage {
  const { version, implementor, imageType } = release;
  const vendor = VENDORS.find(({ says }) => implementor !== undefined && says.test(implementor));
  return {
    type: 'generic',
    name: `${vendor?.slug ?? 'openjdk'}/jdk`,
    version,
    ...(implementor === undefined ? {} : { vendor: implementor }),
    properties: {
      cpe: cpesOf(vendor?.cpe ?? ['oracle:openjdk'], version),
      ...(imageType === undefined ? {} : { 'image-type': imageType }),
    },
  };
}

/** NVD counts Java up to 8 by update (`jdk:1.8.0:update302`, `openjdk:8:update302`), later ones by version without build. */
function cpesOf(products: readonly string[], version: string): string {
  const [, major = '', minor = '', update = ''] = /^([5-8])\.(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === '') return toCpes(products, version.replace(/\+.*$/, ''));
  const cpes = products.map(product => {
    const base = product.startsWith('oracle:j') ? `1.${major}.${minor}` : major;
    return toCpes([product], base, Number(update) === 0 ? '-' : `update${update}`);
  });
  return cpes.join(' ');
}
