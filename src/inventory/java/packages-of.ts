/**
 * From one opened archive to its packages: reads the poms and the manifest, and nothing else unless it must.
 */
import { createHash } from 'node:crypto';
import { PlimsollError } from '#base/errors.ts';
import type { FileBody } from '../file-body.ts';
import type { FoundPackage } from '../package.ts';
import type { ZipBudget } from '../zip/budget.ts';
import type { ZipEntry } from '../zip/parse-directory.ts';
import type { Coordinates, Identity } from './coordinates.ts';
import { parseFileName } from './file-name.ts';
import { identify, type PomEvidence } from './identify.ts';
import { isNoLibrary, manifestLicenses } from './manifest-identity.ts';
import type { Archive } from './open-archive.ts';
import { type Manifest, parseManifest } from './parse-manifest.ts';
import { parsePomProperties } from './parse-pom-properties.ts';
import { parsePomXml } from './parse-pom-xml.ts';

/** Where an archive is. */
export interface ArchivePlace {
  /** Path of the file, or of the entry in the archive around it; its name and folders are evidence. */
  readonly path: string;
  /** `''` for the file itself, else entry names joined by `!/`. */
  readonly inside: string;
}

/** Signed archives list every class in their manifest. */
const MAX_MANIFEST_BYTES = 16 * 1024 * 1024;
const MAX_POM_BYTES = 1024 * 1024;
/** Folders with poms in one archive; the largest real ones shade a few hundred libraries. */
const MAX_POMS = 4000;
const HASH_CHUNK_BYTES = 1024 * 1024;
const NO_RUNTIME_CODE = new Set(['sources', 'javadoc', 'test-sources', 'test-javadoc', 'src']);
const TESTS = new Set(['tests', 'test']);

/**
 * The packages of an archive, the archive itself first. `tell` hears what could not be read.
 *
 * Sources and documentation are no packages, provided that there are no classes in them. Tests are not the library they are
 * named after. An archive of classes that nothing names is told, because its packages are missing.
 */
export function packagesOf(
  archive: Archive,
  { place, budget, tell }: { place: ArchivePlace; budget: ZipBudget; tell: (gap: string) => void },
): FoundPackage[] {
  const file = parseFileName(place.path);
  if (NO_RUNTIME_CODE.has(file.classifier ?? '') && !archive.hasClasses) return [];
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof PlimsollError)) throw error;
      tell(error.message);
      return undefined;
    }
  };
  const folders = pomFolders(archive.poms);
  if (folders.size > MAX_POMS) tell(`Of ${folders.size} poms in one archive only ${MAX_POMS} are read`);
  const poms = [...folders.values()].slice(0, MAX_POMS).flatMap(files => attempt(() => readPom(archive, files)) ?? []);
  const manifest: Manifest =
    attempt(() => archive.manifest && parseManifest(archive.zip.read(archive.manifest, MAX_MANIFEST_BYTES))) ??
    new Map();

  const { own, shaded } = identify({ poms, manifest, file, hasNested: archive.nested.length > 0 });
  const packages: FoundPackage[] = [];
  if (own !== undefined && !TESTS.has(file.classifier ?? '')) {
    const { coordinates, identity, pom } = own;
    const sha1 =
      pom === undefined ? attempt(() => sha1Of(archive.body, place.inside === '' ? undefined : budget)) : undefined;
    const xml = pom && folders.get(folderOf(pom.path))?.xml;
    const declared = manifestLicenses(manifest);
    const licenses =
      declared.length > 0 || xml === undefined ? declared : attempt(() => readXml(archive, xml).licenses);
    packages.push({
      ...toPackage(coordinates, identity, { ...(sha1 !== undefined && { sha1 }) }),
      ...(licenses !== undefined && licenses.length > 0 && { licenses }),
      ...(place.inside !== '' && { inside: place.inside }),
    });
  } else if (own === undefined && shaded.length === 0 && archive.nested.length === 0) {
    if (archive.hasClasses && !isNoLibrary(manifest))
      tell('Nothing in the archive tells which library and version it is');
  }
  for (const pom of shaded) {
    const inside = place.inside === '' ? pom.path : `${place.inside}!/${pom.path}`;
    packages.push({ ...toPackage(pom.coordinates, pom.identity, { shaded: 'true' }), inside });
  }
  return packages;
}

/** The package; a name alone as evidence makes it `detected`. */
function toPackage(
  { group, artifact, version }: Coordinates,
  identity: Identity,
  more: Record<string, string>,
): FoundPackage {
  return {
    type: 'maven',
    name: group === undefined ? artifact : `${group}:${artifact}`,
    version,
    ...(identity === 'file-name' && { evidence: 'detected' }),
    properties: { identity, ...(group === undefined && { group: 'unknown' }), ...more },
  };
}

interface PomFiles {
  properties?: ZipEntry;
  xml?: ZipEntry;
}

/** `pom.properties` and `pom.xml` by the folder both are in. */
function pomFolders(entries: readonly ZipEntry[]): Map<string, PomFiles> {
  const folders = new Map<string, PomFiles>();
  for (const entry of entries) {
    const folder = folderOf(entry.name);
    let files = folders.get(folder);
    if (files === undefined) {
      files = {};
      folders.set(folder, files);
    }
    if (entry.name.endsWith('.xml')) files.xml = entry;
    else files.properties = entry;
  }
  return folders;
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

/** The coordinates in `pom.properties`, or in `pom.xml` where that is missing or of no use; none in templates. */
function readPom(archive: Archive, { properties, xml }: PomFiles): PomEvidence | undefined {
  if (properties !== undefined) {
    const coordinates = parsePomProperties(
      archive.zip.read(properties, MAX_POM_BYTES).toString('utf8'),
      properties.name,
    );
    if (coordinates !== undefined) return { coordinates, identity: 'pom.properties', path: properties.name };
  }
  const coordinates = xml && readXml(archive, xml).coordinates;
  return xml && coordinates && { coordinates, identity: 'pom.xml', path: xml.name };
}

function readXml(archive: Archive, xml: ZipEntry) {
  return parsePomXml(archive.zip.read(xml, MAX_POM_BYTES).toString('utf8'));
}

/** SHA-1 in hex, by which Maven repositories index archives. Nested ones pay, since many may share the same bytes. */
function sha1Of(body: FileBody, budget: ZipBudget | undefined): string {
  const hash = createHash('sha1');
  for (let at = 0; at < body.sizeBytes; at += HASH_CHUNK_BYTES) {
    const chunk = body.read(at, HASH_CHUNK_BYTES);
    budget?.spendBytes(chunk.length);
    hash.update(chunk);
  }
  return hash.digest('hex');
}
