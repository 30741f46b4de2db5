/**
 * From the purl of somebody else's SBOM to the names that package managers print.
 *
 * Source: package-url/purl-spec, type definitions. Where a name has two parts the purl divides them at its namespace.
 */
import { PackageURL } from 'packageurl-js';
import { declaredText } from '../declared.ts';
import { OS_PACKAGE_TYPES, type PackageType } from '../package.ts';

/** A purl taken apart. */
export interface PurlRow {
  readonly type: PackageType;
  readonly name: string;
  readonly version: string;
  readonly arch?: string | undefined;
  /** For distribution packages: the vendor, `debian`. */
  readonly namespace?: string | undefined;
  /** The qualifier `upstream` of a distribution package. */
  readonly upstream?: string | undefined;
}

/** Longer purls are no names of anything. */
const MAX_LENGTH = 2000;

/** How namespace and name are joined; a type that is not listed has names of one part, and its namespace is dropped. */
const JOINTS: Readonly<Partial<Record<PackageType, '/' | ':'>>> = {
  npm: '/',
  golang: '/',
  composer: '/',
  maven: ':',
  huggingface: '/',
  generic: '/',
  github: '/',
  swift: '/',
  pear: '/',
  ebuild: '/',
  cos: '/',
  brew: '/',
  luarocks: '/',
  hex: '/',
};

/** The purl types that we know, distribution packages among them. */
const TYPES: ReadonlySet<string> = new Set<PackageType>([
  ...OS_PACKAGE_TYPES,
  'nix',
  'brew',
  'npm',
  'pypi',
  'golang',
  'maven',
  'gem',
  'cargo',
  'composer',
  'nuget',
  'conda',
  'cran',
  'hex',
  'otp',
  'pear',
  'cpan',
  'luarocks',
  'wordpress',
  'julia',
  'conan',
  'swift',
  'pub',
  'hackage',
  'huggingface',
  'bitnami',
  'github',
  'generic',
]);

/** Reads the purl; `undefined` when it is none, when it has no version, or when it names an image rather than a package. */
export function parsePurl(purl: string): PurlRow | undefined {
  const parts = split(purl);
  if (parts === undefined || IMAGE_TYPES.has(parts.type)) return undefined;
  const type = isKnown(parts.type) ? parts.type : 'generic';
  const version = declaredText(type === 'rpm' && parts.epoch ? `${parts.epoch}:${parts.version}` : parts.version);
  const joint = JOINTS[type];
  const namespace = parts.namespace ? parts.namespace : undefined;
  const name = declaredText(joint && namespace !== undefined ? `${namespace}${joint}${parts.name}` : parts.name);
  if (name === undefined || version === undefined) return undefined;
  if (!OS_PACKAGE_TYPES.has(type)) return { type, name, version, ...(type === 'bitnami' && { arch: parts.arch }) };
  return { type, name, version, arch: parts.arch, namespace: declaredText(namespace), upstream: parts.upstream };
}

const IMAGE_TYPES = new Set(['oci', 'docker']);

function isKnown(type: string): type is PackageType {
  return TYPES.has(type);
}

function split(purl: string) {
  if (purl.length > MAX_LENGTH) return undefined;
  try {
    const [type, namespace, name, version, rawQualifiers] = PackageURL.parseString(purl);
    if (type === undefined || name === undefined || version === undefined) return undefined;
    const qualifiers = new URLSearchParams(rawQualifiers);
    const get = (key: string) => declaredText(qualifiers.get(key));
    const lowerType = type.toLowerCase();
    return {
      type: lowerType,
      namespace,
      name,
      version,
      arch: get('arch'),
      epoch: get('epoch'),
      upstream: get('upstream'),
    };
  } catch {
    return undefined;
  }
}
