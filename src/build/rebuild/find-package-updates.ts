/** Packages of an image of which the distribution's repositories hold something newer. */
import { toPlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { FoundPackage } from '#inventory/package.ts';
import { schemeFor } from '#version/schemes.ts';
import type { PackageUpdate } from './decide-rebuild.ts';
import type { PackageIndexReader } from './index-reader.ts';
import { type IndexKind, NewestVersions } from './package-index.ts';
import { isModular } from './parse-index.ts';
import { type ImagePlace, type RepositoryMirrors, repositoriesOf } from './repositories.ts';

/** What of an image is looked at. */
export interface InstalledImage extends ImagePlace {
  readonly packages: readonly Pick<FoundPackage, 'type' | 'name' | 'version' | 'module'>[];
}

/** What was found. */
export interface FoundUpdates {
  /** By name, each package once. */
  readonly updates: readonly PackageUpdate[];
  /** Sentences: what could not be looked at. With one, no update does not mean that there is none. */
  readonly problems: readonly string[];
}

/** Looks in every repository of the image's distribution. Throws for an abort alone. */
export async function findPackageUpdates(
  image: InstalledImage,
  {
    reader,
    mirrors,
    signal,
  }: {
    readonly reader: PackageIndexReader;
    readonly mirrors?: RepositoryMirrors | undefined;
    readonly signal: AbortSignal;
  },
): Promise<FoundUpdates> {
  const repositories = repositoriesOf(image, mirrors);
  const [first] = repositories;
  const { id, versionId = '' } = image.distro;
  if (first === undefined) {
    const name = printable(`${id} ${versionId}`.trim(), 100);
    return { updates: [], problems: [`Package updates are not looked for: no public repository is known for ${name}`] };
  }
  const problems: string[] = [];
  const available = new Map<string, string[]>();
  for (const repository of repositories) {
    try {
      for (const [name, version] of await reader.read(repository, signal)) {
        const versions = available.get(name);
        if (versions === undefined) available.set(name, [version]);
        else versions.push(version);
      }
    } catch (error) {
      signal.throwIfAborted();
      problems.push(toPlimsollError(error).message);
    }
  }
  const updates: PackageUpdate[] = [];
  for (const [name, installed] of newestInstalled(image, first.kind)) {
    const newest = newestOver(first.kind, installed, available.get(name) ?? []);
    if (newest !== undefined) updates.push({ name, installed, available: newest });
  }
  return { updates: updates.sort((a, b) => (a.name < b.name ? -1 : 1)), problems };
}

/** Version by name: of kernels several are installed, of which the newest counts. */
function newestInstalled({ packages }: InstalledImage, kind: IndexKind): ReadonlyMap<string, string> {
  const newest = new NewestVersions(kind, 'the packages of the image');
  for (const { type, name, version, module } of packages) {
    // Which build of a module is newest depends on its stream.
    if (type === kind && module === undefined && !isModular(version)) newest.add(name, version);
  }
  return newest.toMap();
}

/** The newest of `versions` that is newer than `installed`; `undefined` when none is, or nobody can tell. */
function newestOver(kind: IndexKind, installed: string, versions: readonly string[]): string | undefined {
  const scheme = schemeFor(kind);
  let newest = scheme?.parse(installed);
  if (scheme === undefined || newest === undefined) return undefined;
  let found: string | undefined;
  for (const text of versions) {
    const version = scheme.parse(text);
    if (version === undefined || scheme.compare(version, newest) <= 0) continue;
    newest = version;
    found = text;
  }
  return found;
}
