/**
 * opkg packages, as in OpenWrt (`usr/lib/opkg`) and Yocto images (`var/lib/opkg`).
 *
 * The control file of a package repeats what `status` says and adds source and licence; both are read, as images are found with
 * either one stripped.
 */
import type { Cataloguer, FileEntry } from '../cataloguer.ts';
import { parseList } from '../deb/parse-file-list.ts';
import { FactLimits } from '../fact-limits.ts';
import { wholeBody } from '../file-body.ts';
import { hasPathSuffix } from '../path-suffix.ts';
import { toPackage } from './package.ts';
import { parseStatus } from './parse-status.ts';

const MAX_BYTES = 64 * 1024 * 1024;
const LIST = '.list';

export const opkgCataloguer: Cataloguer = {
  id: 'opkg',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: entry =>
    entry.name === 'status'
      ? hasPathSuffix(entry.path, 'lib/opkg/status')
      : (entry.name.endsWith('.control') || entry.name.endsWith(LIST)) && isInInfo(entry),
  read(file) {
    const limits = new FactLimits();
    const bytes = wholeBody(file.body, MAX_BYTES);
    if (file.name.endsWith(LIST)) {
      const paths = parseList(bytes, limits);
      return { ownedBy: { type: 'opkg', name: file.name.slice(0, -LIST.length), paths }, gaps: limits.gaps() };
    }
    return { packages: parseStatus(bytes, limits).map(toPackage), gaps: limits.gaps() };
  },
};

function isInInfo({ path, name }: FileEntry): boolean {
  return hasPathSuffix(path, `lib/opkg/info/${name}`);
}
