/**
 * Arch Linux packages: pacman's folder of each installed package, `local/NAME-VERSION-RELEASE`, with its description and file list.
 */
import type { Cataloguer, FileEntry, FileFact } from '../cataloguer.ts';
import { FactLimits } from '../fact-limits.ts';
import { wholeBody } from '../file-body.ts';
import { hasPathSuffix } from '../path-suffix.ts';
import { toPackage } from './package.ts';
import { eachValue, parseDesc } from './parse-desc.ts';

const MAX_BYTES = 64 * 1024 * 1024;
const FILES: ReadonlySet<string> = new Set(['FILES']);

export const alpmCataloguer: Cataloguer = {
  id: 'alpm',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: entry => (entry.name === 'desc' || entry.name === 'files') && folderOf(entry) !== undefined,
  read(file) {
    const limits = new FactLimits();
    const bytes = wholeBody(file.body, MAX_BYTES);
    const fact = file.name === 'desc' ? readDesc(bytes, limits) : readFiles(bytes, folderOf(file) ?? '', limits);
    return { ...fact, gaps: limits.gaps() };
  },
};

/** The name of the package's folder; `undefined` when the file is elsewhere. */
function folderOf({ path, name }: FileEntry): string | undefined {
  const folder = path.slice(0, -name.length - 1);
  const slash = folder.lastIndexOf('/');
  return slash > 0 && hasPathSuffix(folder.slice(0, slash), 'var/lib/pacman/local')
    ? folder.slice(slash + 1)
    : undefined;
}

function readDesc(bytes: Buffer, limits: FactLimits): FileFact {
  const found = toPackage(parseDesc(bytes));
  if (found === undefined) limits.lose('description(s) without name or version');
  return { packages: found === undefined ? [] : [found] };
}

function readFiles(bytes: Buffer, folder: string, limits: FactLimits): FileFact {
  // Neither version nor release has a hyphen: PKGBUILD(5).
  const name = folder.split('-').slice(0, -2).join('-');
  const paths: string[] = [];
  eachValue(bytes, FILES, (_, path) => {
    if (!path.endsWith('/') && limits.admitsPath(path)) paths.push(path);
  });
  return { ownedBy: { type: 'alpm', name, paths } };
}
