/**
 * An inventory from an SBOM alone: what somebody says is installed, in CycloneDX or SPDX, without the image.
 */

import { parseFeedJson } from '#advisory/feed-json.ts';
import { countOf } from '#base/count-of.ts';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { comparePackages } from '#inventory/build-inventory.ts';
import { declaredText } from '#inventory/declared.ts';
import type { Distro, Inventory, Package, RedHatBuild } from '#inventory/inventory.ts';
import { asList, asRecord, type JsonRecord } from '#inventory/json-file.ts';
import { endOfLifeOf } from '#inventory/os-release/end-of-life.ts';
import { OS_PACKAGE_TYPES } from '#inventory/package.ts';
import { toAssertedPackage } from '#inventory/sbom/package.ts';
import { isCycloneDx, parseCycloneDx } from '#inventory/sbom/parse-cyclonedx.ts';
import { isSpdx, ownOfSpdx, parseSpdx } from '#inventory/sbom/parse-spdx.ts';
import type { SbomRow, SbomRows } from '#inventory/sbom/sbom-row.ts';
import { type Platform, toPlatform } from '#oci/platform.ts';

const LIMITS = { maxBytes: 256 * 1024 * 1024, maxValues: 20_000_000 };
/** Packages of one document; the largest images have some 20,000. */
const MAX_PACKAGES = 500_000;
const MAX_PURL_LENGTH = 2000;
const MAX_REPOSITORIES_LENGTH = 60_000;

/**
 * The inventory that the document asserts; `path` names it. Entries without a usable purl are a gap: nothing can be said of them.
 * @throws {PlimsollError} `SBOM_INVALID` when it is neither CycloneDX nor SPDX in JSON, `LIMIT_EXCEEDED`.
 */
export function readSbom(input: Uint8Array, path: string): Inventory {
  const json = parseJson(input, path);
  const { rows, nameless } = parseRows(json, path);
  if (rows.length > MAX_PACKAGES) {
    throw new PlimsollError('LIMIT_EXCEEDED', `Cannot read "${printable(path)}": over ${MAX_PACKAGES} packages`);
  }
  const distro = findDistro(json, rows);
  const platform = findPlatform(json);
  const packages = new Map<string, Package>();
  let unreadable = 0;
  for (const row of rows) {
    if (isImage(row.purl)) continue;
    const one = toPackage(row);
    if (one === undefined) unreadable += 1;
    else packages.set(one.root === undefined ? one.purl : `${one.root}\0${one.purl}`, one);
  }
  const lost = [
    ...(nameless === 0 ? [] : [`${countOf(nameless, 'entry', 'entries')} without a package URL`]),
    ...(unreadable === 0
      ? []
      : [`${countOf(unreadable, 'entry', 'entries')} whose package URL cannot be read or has no version`]),
  ];
  const redHat = distro === undefined ? undefined : findRedHat(json);
  return {
    image: { reference: `sbom:${path}`, layers: [], ...(platform === undefined ? {} : { platform }) },
    ...(distro === undefined ? {} : { distro }),
    ...(redHat === undefined ? {} : { redHat }),
    packages: [...packages.values()].map(one => withKnownOwner(one, packages)).sort(comparePackages),
    gaps: lost.map(reason => ({ path, reason })),
  };
}

function parseJson(input: Uint8Array, path: string): JsonRecord {
  try {
    return asRecord(parseFeedJson(input, `"${path}"`, LIMITS));
  } catch (error) {
    if (!(error instanceof PlimsollError) || error.code !== 'ADVISORY_INVALID') throw error;
    throw new PlimsollError('SBOM_INVALID', error.message, { cause: error });
  }
}

function parseRows(json: JsonRecord, path: string): SbomRows {
  if (isCycloneDx(json)) return parseCycloneDx(json);
  if (isSpdx(json)) return parseSpdx(json);
  throw new PlimsollError('SBOM_INVALID', `Cannot read "${printable(path)}": it is neither CycloneDX nor SPDX in JSON`);
}

/** An owner must be a distribution package of the same document: else the claim would hide the package from everybody. */
function withKnownOwner({ managedBy, ...one }: Package, packages: ReadonlyMap<string, Package>): Package {
  const owner = managedBy === undefined ? undefined : packages.get(managedBy);
  return owner !== undefined && OS_PACKAGE_TYPES.has(owner.type) ? { ...one, managedBy: owner.purl } : one;
}

/** What the document as a whole is about. */
function isImage(purl: string): boolean {
  return /^pkg:(?:oci|docker)\//.test(purl);
}

/** The package with its purl as written: it may name another release than the document does. */
function toPackage({ purl, licenses, own }: SbomRow): Package | undefined {
  const found = toAssertedPackage({ purl, licenses });
  if (found === undefined) return undefined;
  const module = declaredText(qualifierOf(purl, 'rpmmod'));
  const managedBy = own?.get('managed-by');
  const root = declaredText(own?.get('root'));
  const vendor = declaredText(own?.get('vendor'));
  return {
    ...found,
    purl,
    locations: [],
    ...(module === undefined ? {} : { module }),
    ...(managedBy === undefined ? {} : { managedBy }),
    ...(root === undefined ? {} : { root }),
    ...(vendor === undefined ? {} : { vendor }),
    ...(own === undefined ? {} : { properties: { ...found.properties, ...propertiesOf(own) } }),
  };
}

const PROPERTY = 'property:';

function propertiesOf(own: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  const properties = [...own].flatMap(([name, value]) => {
    const text = name.startsWith(PROPERTY) ? declaredText(value) : undefined;
    return text === undefined ? [] : [[name.slice(PROPERTY.length), text] as const];
  });
  return Object.fromEntries(properties);
}

/** The platform that Plimsoll's own documents name: some weaknesses are of one operating system only. */
function findPlatform(json: JsonRecord): Platform | undefined {
  const subject = isCycloneDx(json)
    ? asRecord(asRecord(json['metadata'])['component'])
    : asList(json['packages'])
        .map(asRecord)
        .find(one => one['primaryPackagePurpose'] === 'CONTAINER');
  const [os, architecture, variant] = declaredText(ownFact(subject, 'platform'))?.split('/') ?? [];
  return os === undefined || architecture === undefined ? undefined : toPlatform(os, architecture, variant);
}

/** What our own documents say of something that is no package. */
function ownFact(of: JsonRecord | undefined, fact: string): unknown {
  if (of === undefined) return undefined;
  const property = asList(of['properties'])
    .map(asRecord)
    .find(({ name }) => name === `plimsoll:${fact}`);
  return property?.['value'] ?? ownOfSpdx(of).get(fact);
}

/** The distribution: the operating system of the document, else the one that all distribution packages name. */
function findDistro(json: JsonRecord, rows: readonly SbomRow[]): Distro | undefined {
  const named = isCycloneDx(json) ? operatingSystemOfCycloneDx(json) : operatingSystemOfSpdx(json);
  const [id, versionId, label, codename] = named ?? distroOfPurls(rows) ?? [];
  if (id === undefined || !/^[a-z0-9][a-z0-9._-]{0,63}$/.test(id)) return undefined;
  const name = label ?? [id, versionId].filter(part => part !== undefined).join(' ');
  const release = {
    id,
    idLike: [],
    name,
    ...(versionId === undefined ? {} : { versionId }),
    ...(codename === undefined ? {} : { codename }),
  };
  const endOfLife = endOfLifeOf(release);
  return {
    ...release,
    ...(endOfLife === undefined ? {} : { endOfLife }),
  };
}

/** What our own documents say of Red Hat's repositories. */
function findRedHat(json: JsonRecord): RedHatBuild | undefined {
  const system = isCycloneDx(json) ? systemOfCycloneDx(json) : systemOfSpdx(json);
  const listed = ownFact(system, 'redhat-repositories');
  const image = declaredText(ownFact(system, 'redhat-image'));
  const repositories = typeof listed === 'string' ? listed.slice(0, MAX_REPOSITORIES_LENGTH).split(' ') : [];
  const named = repositories.filter(one => one !== '');
  if (named.length === 0 && image === undefined) return undefined;
  return { repositories: named.sort(), ...(image === undefined ? {} : { image }) };
}

type Named = readonly [
  id: string | undefined,
  versionId?: string | undefined,
  label?: string | undefined,
  codename?: string | undefined,
];

function systemOfCycloneDx(json: JsonRecord): JsonRecord | undefined {
  return asList(json['components'])
    .map(asRecord)
    .find(({ type }) => type === 'operating-system');
}

function systemOfSpdx(json: JsonRecord): JsonRecord | undefined {
  return asList(json['packages'])
    .map(asRecord)
    .find(one => /^OPERATING[-_]SYSTEM$/.test(String(one['primaryPackagePurpose'])));
}

function operatingSystemOfCycloneDx(json: JsonRecord): Named | undefined {
  const system = systemOfCycloneDx(json);
  if (system === undefined) return undefined;
  return [
    declaredText(system['name'])?.toLowerCase(),
    declaredText(system['version']),
    declaredText(system['description']),
    declaredText(ownFact(system, 'codename')),
  ];
}

function operatingSystemOfSpdx(json: JsonRecord): Named | undefined {
  const system = systemOfSpdx(json);
  if (system === undefined) return undefined;
  return [
    declaredText(system['name'])?.toLowerCase(),
    declaredText(system['versionInfo']),
    declaredText(ownFact(system, 'release')),
    declaredText(ownFact(system, 'codename')),
  ];
}

/** `distro=debian-12` or `distro=alpine-3.20.1`; nothing when packages of several releases are in the document. */
function distroOfPurls(rows: readonly SbomRow[]): Named | undefined {
  const isOfSystem = ({ purl }: SbomRow) => [...OS_PACKAGE_TYPES].some(type => purl.startsWith(`pkg:${type}/`));
  const names = new Set(rows.filter(isOfSystem).map(({ purl }) => qualifierOf(purl, 'distro')));
  const [only] = names;
  if (names.size !== 1 || only === undefined) return undefined;
  const [, id, versionId] = /^([a-z0-9][a-z0-9._-]{0,60}?)(?:-(\d[^-]{0,40}))?$/.exec(only) ?? [];
  return id === undefined ? undefined : [id, versionId];
}

function qualifierOf(purl: string, key: string): string | undefined {
  if (purl.length > MAX_PURL_LENGTH) return undefined;
  const query = purl.slice(purl.indexOf('?') + 1).split('#', 1)[0] ?? '';
  return purl.includes('?') ? (new URLSearchParams(query).get(key) ?? undefined) : undefined;
}
