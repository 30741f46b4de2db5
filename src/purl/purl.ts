/**
 * Package URLs: the names under which SBOMs, advisories and other tools know a package.
 *
 * Source: ECMA-427 and the type definitions of package-url/purl-spec, August 2026; `upstream`, `distro` and `rpmmod` are the
 * qualifiers that other scanners and vendors' advisories carry.
 */
import { formatPurl, type PurlParts } from './format-purl.ts';

/** The fields of a package that its purl is made of, with the meanings they have in an inventory. */
export interface PurlSubject {
  readonly type: string;
  /** As the package manager prints it: `@scope/name`, `group:artifact`, `vendor/name`. */
  readonly name: string;
  readonly version: string;
  readonly arch?: string | undefined;
  readonly source?: { readonly name: string; readonly version?: string | undefined } | undefined;
  /** rpm module `name:stream`. */
  readonly module?: string | undefined;
  readonly properties?: Readonly<Record<string, string>> | undefined;
}

/** The distribution a package belongs to: namespace and `distro` qualifier of its purl. */
export interface PurlDistro {
  /** As in os-release: `debian`. */
  readonly id: string;
  readonly versionId?: string | undefined;
}

/**
 * The purl of a package. Never throws: a name that its type does not allow becomes `pkg:generic/…`, lone surrogates become U+FFFD.
 *
 * Without `distro` the purl of a distribution package has no namespace: which vendor it is of is not known.
 * @example toPurl({ type: 'deb', name: 'libstdc++6', version: '12.2.0-14', arch: 'amd64' }, { id: 'debian', versionId: '12' })
 * // pkg:deb/debian/libstdc%2B%2B6@12.2.0-14?arch=amd64&distro=debian-12
 */
export function toPurl(subject: PurlSubject, distro?: PurlDistro): string {
  const parts = isDistroType(subject.type) ? distroParts(subject, distro) : languageParts(subject, distro);
  // Both types require a namespace, and readers refuse the purl without it.
  const isLawful = parts.namespace !== undefined || (parts.type !== 'maven' && parts.type !== 'swift');
  return formatPurl(isLawful ? parts : { ...parts, type: 'generic' });
}

/** The purl type of distribution packages, and whether it has names in lower case. Bottlerocket's are rpms without a database. */
const DISTRO_TYPES: Readonly<Record<string, { readonly type: string; readonly lowerCase: boolean }>> = {
  deb: { type: 'deb', lowerCase: true },
  apk: { type: 'apk', lowerCase: true },
  alpm: { type: 'alpm', lowerCase: true },
  rpm: { type: 'rpm', lowerCase: false },
  bottlerocket: { type: 'rpm', lowerCase: false },
  opkg: { type: 'opkg', lowerCase: false },
};

/** Vendors whose rpms and advisories go by another name than the ID in os-release. */
const RPM_VENDORS: Readonly<Record<string, string>> = {
  rhel: 'redhat',
  'opensuse-leap': 'opensuse',
  'opensuse-tumbleweed': 'opensuse',
  sles: 'suse',
  sled: 'suse',
  sles_sap: 'suse',
  'sle-micro': 'suse',
  'sl-micro': 'suse',
};

/** Whether packages of that type are a distribution's own: `deb`, `rpm`, `apk` and their like, as inventories say it. */
export function isDistroType(type: string): boolean {
  return Object.hasOwn(DISTRO_TYPES, type);
}

function distroParts(subject: PurlSubject, distro: PurlDistro | undefined): PurlParts {
  const { type, lowerCase } = DISTRO_TYPES[subject.type] ?? { type: subject.type, lowerCase: false };
  const id = distro?.id.toLowerCase();
  const vendor = id === undefined ? undefined : type === 'rpm' && Object.hasOwn(RPM_VENDORS, id) ? RPM_VENDORS[id] : id;
  const [epoch, version] = type === 'rpm' ? splitEpoch(subject.version) : [undefined, subject.version];
  return {
    type,
    ...(vendor && { namespace: vendor }),
    name: lowerCase ? subject.name.toLowerCase() : subject.name,
    version,
    qualifiers: {
      arch: subject.arch,
      epoch,
      rpmmod: subject.module,
      upstream: upstreamOf(subject, type),
      distro: distroQualifier(distro),
    },
  };
}

/** The source package where it tells something: `name` for apk, whose sources share the version, `name@version` for deb, the source rpm for rpm. */
function upstreamOf({ name, version, source }: PurlSubject, type: string): string | undefined {
  if (source === undefined) return undefined;
  if (type === 'rpm') {
    // A file name has no epoch. Always present, as in other tools: the name of a source rpm is the key of many advisories.
    return source.version === undefined ? source.name : `${source.name}-${splitEpoch(source.version)[1]}.src.rpm`;
  }
  const isSameVersion = source.version === undefined || source.version === version;
  if (source.name === name && isSameVersion) return undefined;
  return source.version === undefined || (type === 'apk' && isSameVersion)
    ? source.name
    : `${source.name}@${source.version}`;
}

function splitEpoch(version: string): [epoch: string | undefined, rest: string] {
  const colon = version.indexOf(':');
  const epoch = version.slice(0, Math.max(colon, 0));
  return /^[0-9]+$/.test(epoch) ? [epoch, version.slice(colon + 1)] : [undefined, version];
}

function distroQualifier(distro: PurlDistro | undefined): string | undefined {
  if (distro === undefined) return undefined;
  return distro.versionId ? `${distro.id}-${distro.versionId}` : distro.id;
}

/** What a type's definition says of names and qualifiers; a type that is not listed takes name and version as they are. */
interface TypeRule {
  /** Where the namespace ends: before the last `/`, or before the first `:`. */
  readonly split?: 'slash' | 'colon';
  readonly normalise?: (text: string) => string;
  readonly normaliseVersion?: (text: string) => string;
  /** Properties of the package that are qualifiers of its purl. */
  readonly qualifiers?: readonly string[];
}

const lower = (text: string) => text.toLowerCase();

const TYPE_RULES: Readonly<Record<string, TypeRule>> = {
  bitnami: { normalise: lower },
  brew: { split: 'slash', normalise: lower },
  composer: { split: 'slash', normalise: lower },
  conan: { split: 'slash', qualifiers: ['user', 'channel'] },
  conda: { qualifiers: ['build', 'channel', 'subdir'] },
  cos: { split: 'slash' },
  cpan: { normalise: text => text.replaceAll('::', '-'), qualifiers: ['author'] },
  ebuild: { split: 'slash' },
  gem: { qualifiers: ['platform'] },
  generic: { split: 'slash' },
  github: { split: 'slash', normalise: lower },
  // The definition asks for lower case and calls the name case-sensitive; module paths are, so they keep their case.
  golang: { split: 'slash' },
  hex: { split: 'slash', normalise: lower },
  huggingface: { split: 'slash', normaliseVersion: lower },
  julia: { qualifiers: ['uuid'] },
  luarocks: { split: 'slash', normalise: lower, normaliseVersion: lower },
  maven: { split: 'colon', qualifiers: ['classifier', 'type'] },
  nix: { qualifiers: ['outputhash'] },
  otp: { normalise: lower },
  pear: { split: 'slash' },
  pub: { normalise: text => text.toLowerCase().replace(/[^a-z0-9_]/g, '_') },
  pypi: { normalise: text => text.toLowerCase().replaceAll('_', '-') },
  swift: { split: 'slash' },
  wordpress: { split: 'slash' },
};

/** Values that say nothing, because they are what the type means anyway. */
const DEFAULT_QUALIFIERS: Readonly<Record<string, string>> = { 'gem platform': 'ruby', 'maven type': 'jar' };

function languageParts(subject: PurlSubject, distro: PurlDistro | undefined): PurlParts {
  const { type, properties = {} } = subject;
  const rule = Object.hasOwn(TYPE_RULES, type) ? (TYPE_RULES[type] ?? {}) : {};
  const normalise = rule.normalise ?? (text => text);
  const qualifiers: Record<string, string | undefined> = {};
  for (const key of rule.qualifiers ?? []) {
    const value = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (value !== DEFAULT_QUALIFIERS[`${type} ${key}`]) qualifiers[key] = value;
  }
  if (type === 'bitnami') Object.assign(qualifiers, { arch: subject.arch, distro: distroQualifier(distro) });
  const [namespace, name] = splitName(subject.name, type === 'npm' ? npmSplit(subject.name) : rule.split);
  return {
    type,
    ...(namespace !== undefined && { namespace: normalise(namespace) }),
    name: normalise(name),
    version: rule.normaliseVersion?.(subject.version) ?? subject.version,
    qualifiers,
  };
}

/** Only a scope is a namespace; any other slash in an npm name is somebody's mischief. */
function npmSplit(name: string): 'slash' | undefined {
  return name.startsWith('@') ? 'slash' : undefined;
}

function splitName(text: string, split: TypeRule['split']): [namespace: string | undefined, name: string] {
  if (split === undefined) return [undefined, text];
  if (split === 'colon') {
    const colon = text.indexOf(':');
    return colon > 0 && colon < text.length - 1 ? [text.slice(0, colon), text.slice(colon + 1)] : [undefined, text];
  }
  // Empty segments are not allowed, and leading and trailing slashes mean nothing.
  const segments = text.split('/').filter(segment => segment !== '');
  const name = segments.pop();
  if (name === undefined) return [undefined, text];
  return segments.length === 0 ? [undefined, name] : [segments.join('/'), name];
}
