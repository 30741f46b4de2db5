/**
 * Debian packages: dpkg's database and file lists, as in Debian, Ubuntu and their kin, and the manifests of Chisel.
 *
 * `status-old` is a backup and `available` lists what could be installed: neither is read.
 */
import type { Cataloguer, ClaimedFile, FileEntry, FileFact } from '../cataloguer.ts';
import { FactLimits } from '../fact-limits.ts';
import { wholeBody } from '../file-body.ts';
import { hasPathSuffix } from '../path-suffix.ts';
import { toPackage } from './package.ts';
import { isZstd, parseChisel } from './parse-chisel.ts';
import { parseList, parseMd5sums } from './parse-file-list.ts';
import { parseStatus } from './parse-status.ts';

const MAX_BYTES = 64 * 1024 * 1024;
const LIST = '.list';
const MD5SUMS = '.md5sums';

type Kind = 'status' | 'file list' | 'chisel manifest';

export const debCataloguer: Cataloguer = {
  id: 'deb',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: entry => kindOf(entry) !== undefined,
  read(file) {
    const limits = new FactLimits();
    const fact = readKind(kindOf(file), file, limits);
    return fact && { ...fact, gaps: limits.gaps() };
  },
};

function kindOf({ name, path }: FileEntry): Kind | undefined {
  if (name === 'status') return hasPathSuffix(path, 'lib/dpkg/status') ? 'status' : undefined;
  if (name === 'manifest.wall') return 'chisel manifest';
  const isList = name.endsWith(LIST) || name.endsWith(MD5SUMS);
  return isList && hasPathSuffix(path, `lib/dpkg/info/${name}`) ? 'file list' : undefined;
}

function readKind(kind: Kind | undefined, file: ClaimedFile, limits: FactLimits): FileFact | undefined {
  const bytes = wholeBody(file.body, MAX_BYTES);
  switch (kind) {
    case 'status': {
      const rows = parseStatus(bytes, limits);
      return rows && { packages: rows.map(toPackage) };
    }
    case 'file list': {
      const isList = file.name.endsWith(LIST);
      const [name = '', arch] = file.name.slice(0, isList ? -LIST.length : -MD5SUMS.length).split(':');
      const paths = isList ? parseList(bytes, limits) : parseMd5sums(bytes, limits);
      return { ownedBy: { type: 'deb', name, ...(arch ? { arch } : {}), paths } };
    }
    case 'chisel manifest': {
      if (!isZstd(bytes)) return undefined;
      const { packages, paths } = parseChisel(bytes, limits);
      return { packages, owned: paths.flatMap((owned, at) => (owned.length > 0 ? [[at, owned] as const] : [])) };
    }
    case undefined:
      return undefined;
    default:
      return kind satisfies never;
  }
}
