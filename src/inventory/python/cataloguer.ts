/**
 * Python distributions as pip, uv, setuptools, conda and the distributions' own packages record them.
 *
 * `dist-info/METADATA`; `egg-info/PKG-INFO`; `NAME.egg-info` as a file (distutils, Debian); `EGG-INFO/PKG-INFO` in unpacked eggs.
 * The folder's name is not believed: it survives renames that the file does not.
 */
import type { Cataloguer, FileEntry } from '../cataloguer.ts';
import { companionAt } from '../companion.ts';
import { bodyText } from '../file-body.ts';
import { readOrGap } from '../gap.ts';
import { toPackage } from './package.ts';
import { parseMetadata } from './parse-metadata.ts';
import { parseOrigin } from './parse-origin.ts';

const MAX_BYTES = 2 * 1024 * 1024;

export const pythonCataloguer: Cataloguer = {
  id: 'python',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: isMetadata,
  companionOf(entry) {
    if (entry.name !== 'INSTALLER' && entry.name !== 'direct_url.json') return undefined;
    const folder = folderOf(entry.path);
    return folder.endsWith('.dist-info') && !isLeftover(folder) ? `${folder}/METADATA` : undefined;
  },
  read(file) {
    const metadata = parseMetadata(bodyText(file.body, MAX_BYTES));
    const folder = folderOf(file.path);
    const gaps: string[] = [];
    const origin = readOrGap(gaps, () =>
      parseOrigin({
        installer: companionAt(file, `${folder}/INSTALLER`),
        directUrl: companionAt(file, `${folder}/direct_url.json`),
      }),
    );
    const found = toPackage(metadata, file.path, origin);
    return found && { packages: [found], gaps };
  },
};

function isMetadata({ name, path }: FileEntry): boolean {
  if (name === 'METADATA') return folderOf(path).endsWith('.dist-info') && !isLeftover(folderOf(path));
  if (name === 'PKG-INFO') {
    const folder = folderOf(path);
    return (folder.endsWith('.egg-info') || folder.endsWith('/EGG-INFO')) && !isLeftover(folder);
  }
  return name.endsWith('.egg-info') && !name.startsWith('~');
}

/** pip renames what it removes to `~ame-1.0.dist-info` and ignores what an interrupted removal leaves behind. */
function isLeftover(folder: string): boolean {
  return folder.startsWith('~', folder.lastIndexOf('/') + 1);
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
