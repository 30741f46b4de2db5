/**
 * From the evidence in one archive to what it is: the library itself, and the libraries shaded into it.
 *
 * Best evidence first: `pom.properties`, `pom.xml`, manifest, file name. Several poms mean that others' classes were copied
 * in; the one that has to do with the archive's name is the archive itself.
 */
import type { Coordinates, Identity } from './coordinates.ts';
import type { FileName } from './file-name.ts';
import { identifyByManifest, statedVersions } from './manifest-identity.ts';
import type { Manifest } from './parse-manifest.ts';

/** Coordinates found in a pom of the archive. */
export interface PomEvidence {
  readonly coordinates: Coordinates;
  readonly identity: Extract<Identity, 'pom.properties' | 'pom.xml'>;
  /** Of the entry it was read from. */
  readonly path: string;
}

/** All that was read of one archive. */
export interface ArchiveEvidence {
  readonly poms: readonly PomEvidence[];
  readonly manifest: Manifest;
  readonly file: FileName;
  /** Whether it carries its libraries as archives: then it has no reason to shade any. */
  readonly hasNested: boolean;
}

/** What an archive is and holds. */
export interface Identified {
  /** Missing when nothing tells what the archive itself is. */
  readonly own?: { readonly coordinates: Coordinates; readonly identity: Identity; readonly pom?: PomEvidence };
  /** Libraries whose poms came along when they were copied in. */
  readonly shaded: readonly PomEvidence[];
}

/** Decides which pom is the archive itself; without one, manifest and name decide. Equal poms count once. */
export function identify({ poms, manifest, file, hasNested }: ArchiveEvidence): Identified {
  const distinct = [...new Map(poms.map(pom => [keyOf(pom.coordinates), pom])).values()];
  const only = distinct.length === 1 ? distinct[0] : undefined;
  const own =
    closest(distinct, manifest, file) ?? (only && (hasNested || agrees(only, manifest, file)) ? only : undefined);
  if (own !== undefined) return asPom(own, distinct);
  const found = identifyByManifest(manifest, file);
  if (found === undefined) return only === undefined ? { shaded: distinct } : asPom(only, distinct);
  const { identity, ...coordinates } = found;
  return { own: { coordinates, identity }, shaded: distinct };
}

function asPom(pom: PomEvidence, all: readonly PomEvidence[]): Identified {
  const { coordinates, identity } = pom;
  return { own: { coordinates, identity, pom }, shaded: all.filter(one => one !== pom) };
}

/** The pom whose artifact has most to do with the archive's name; `undefined` when none has. */
function closest(poms: readonly PomEvidence[], manifest: Manifest, file: FileName): PomEvidence | undefined {
  const bundle = manifest.get('bundle-symbolicname') ?? '';
  let best: PomEvidence | undefined;
  let bestScore = 0;
  for (const pom of poms) {
    const { group, version } = pom.coordinates;
    const relation = relationOf(pom.coordinates, file);
    if (relation === 0) continue;
    // Between two poms of one artifact: jaxb-core of com.sun.xml.bind shades jaxb-core of org.glassfish.jaxb.
    const isBundle = group !== undefined && bundle.startsWith(group);
    const score = relation + (version === file.version ? 0.5 : 0) + (isBundle ? 0.25 : 0);
    if (score > bestScore) {
      best = pom;
      bestScore = score;
    }
  }
  return best;
}

/** How much the coordinates have to do with the archive's name: 0 nothing, more is closer. */
function relationOf({ artifact, version }: Coordinates, file: FileName): number {
  const stem = file.stem.toLowerCase();
  const name = file.artifact.toLowerCase();
  const wanted = artifact.toLowerCase();
  if (stem === wanted || name === wanted) return 1000;
  // Another name and another version: `guava-extras-1.0` is not the guava 30 in it.
  if (file.version !== undefined && !stem.includes(version.toLowerCase())) return 0;
  // Of several the longest: `camunda-engine-feel` is closer to `camunda-engine-feel-scala` than `camunda-engine`.
  const length = Math.min(wanted.length, 200);
  if (hasPart(stem, wanted)) return 300 + length;
  return hasPart(wanted, name) ? 100 + length : 0;
}

/** Whether the only pom is the archive in spite of its name: the version agrees, or the manifest calls the archive by it. */
function agrees({ coordinates }: PomEvidence, manifest: Manifest, file: FileName): boolean {
  if (coordinates.version === file.version || statedVersions(manifest).includes(coordinates.version)) return true;
  const artifact = coordinates.artifact.toLowerCase();
  const names = ['implementation-title', 'bundle-symbolicname', 'automatic-module-name', 'bundle-name'];
  return names.some(name => hasPart((manifest.get(name) ?? '').toLowerCase(), artifact));
}

/** Whether `part` stands in `whole` between separators. */
function hasPart(whole: string, part: string): boolean {
  const isEdge = (at: number) => at < 0 || at >= whole.length || !/[a-z0-9]/.test(whole[at] ?? '');
  for (let at = whole.indexOf(part); at !== -1 && part !== ''; at = whole.indexOf(part, at + 1)) {
    if (isEdge(at - 1) && isEdge(at + part.length)) return true;
  }
  return false;
}

function keyOf({ group = '', artifact, version }: Coordinates): string {
  return `${group}:${artifact}:${version}`;
}
