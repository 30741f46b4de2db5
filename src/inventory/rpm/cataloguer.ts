/**
 * RPM packages: the database of rpm in each of its formats, and the package list that stands in for it in Azure Linux distroless images.
 *
 * `extra.gpgKeys` of its facts: the ids of the keys imported into the database, eight hex digits or a fingerprint; the key id in a
 * package's `signing-key` ends in one of them when its key was imported.
 *
 * Source: rpm, `%_dbpath` of the distributions: var/lib/rpm; usr/lib/sysimage/rpm of SUSE and Fedora; usr/share/rpm of ostree.
 */
import type { Cataloguer } from '../cataloguer.ts';
import { companionAt } from '../companion.ts';
import { FactLimits } from '../fact-limits.ts';
import { wholeBody } from '../file-body.ts';
import { hasPathSuffix } from '../path-suffix.ts';
import { toPackage } from './package.ts';
import { parseDatabase } from './parse-database.ts';
import { parseManifest } from './parse-manifest.ts';

/** Databases are read page by page; those of full desktops have about 300 MB. */
const MAX_BYTES = 1024 * 1024 * 1024;
const MAX_MANIFEST_BYTES = 16 * 1024 * 1024;
const DATABASES: ReadonlySet<string> = new Set(['Packages', 'Packages.db', 'rpmdb.sqlite']);
const FOLDERS = ['var/lib/rpm', 'usr/lib/sysimage/rpm', 'usr/share/rpm'];
const MANIFEST = 'container-manifest-2';
const LOG_SUFFIX = '-wal';

export const rpmCataloguer: Cataloguer = {
  id: 'rpm',
  version: 3,
  maxBytes: MAX_BYTES,
  claims: ({ name, path }) =>
    DATABASES.has(name)
      ? isInDatabaseFolder(path, name)
      : name === MANIFEST && hasPathSuffix(path, `var/lib/rpmmanifest/${MANIFEST}`),
  companionOf: ({ name, path }) =>
    name.endsWith(LOG_SUFFIX) && DATABASES.has(name.slice(0, -LOG_SUFFIX.length)) && isInDatabaseFolder(path, name)
      ? path.slice(0, -LOG_SUFFIX.length)
      : undefined,
  read(file) {
    const limits = new FactLimits();
    if (file.name === MANIFEST) {
      const packages = parseManifest(wholeBody(file.body, MAX_MANIFEST_BYTES), limits).map(toPackage);
      return { packages, gaps: limits.gaps() };
    }
    const log = companionAt(file, file.path + LOG_SUFFIX);
    const { rows, paths, content, gpgKeys } = parseDatabase(file.body, { log, limits });
    return {
      packages: rows.map(toPackage),
      owned: paths.flatMap((owned, at) => (owned.length > 0 ? [[at, owned] as const] : [])),
      content,
      ...(gpgKeys.length > 0 ? { extra: { gpgKeys } } : {}),
      gaps: limits.gaps(),
    };
  },
};

function isInDatabaseFolder(path: string, name: string): boolean {
  return FOLDERS.some(folder => hasPathSuffix(path, `${folder}/${name}`));
}
