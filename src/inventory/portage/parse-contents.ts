/**
 * What Gentoo's portage keeps of an installed package: the name of its folder, and `CONTENTS` with one entry a line.
 *
 * Source: Package Manager Specification, sections 3.1.2 and 3.2 (names and versions); portage, lib/portage/dbapi/vartree.py.
 */
import type { FactLimits } from '../fact-limits.ts';
import { eachLine } from '../text-lines.ts';

/** `version` has its revision: `1.2.13-r1`. */
export interface NameAndVersion {
  readonly name: string;
  readonly version: string;
}

const REVISION = /-r\d{1,18}$/;
const VERSION = /^\d[\d.]*[a-z]?(?:_(?:alpha|beta|pre|rc|p)\d*)*$/;
const MAX_LENGTH = 512;

/**
 * Splits `font-adobe-100dpi-1.0.4-r1`: the version begins after the last hyphen, a revision apart. Names may have parts that begin with
 * a digit, so the first hyphen before a digit does not do. `undefined` when there is no version, or while
 * portage is still at work (`-MERGING-zlib-1.3`).
 */
export function splitFolderName(folder: string): NameAndVersion | undefined {
  if (folder.length > MAX_LENGTH) return undefined;
  const revision = REVISION.exec(folder)?.[0] ?? '';
  const stem = folder.slice(0, folder.length - revision.length);
  const hyphen = stem.lastIndexOf('-');
  const version = stem.slice(hyphen + 1);
  return hyphen > 0 && !stem.startsWith('-') && VERSION.test(version)
    ? { name: stem.slice(0, hyphen), version: version + revision }
    : undefined;
}

const OBJECT = Buffer.from('obj ');
const MAX_LINE_BYTES = 4096 + 80;

/** Paths of the files in `CONTENTS` (`obj PATH MD5 MTIME`) that may be evidence of other packages; paths may have spaces. */
export function parseContents(bytes: Buffer, limits: FactLimits): string[] {
  const paths: string[] = [];
  eachLine(bytes, (start, end) => {
    if (end - start > MAX_LINE_BYTES || !bytes.subarray(start, start + OBJECT.length).equals(OBJECT)) return;
    const line = bytes.toString('utf8', start + OBJECT.length, end);
    const path = line.slice(line.startsWith('/') ? 1 : 0, line.lastIndexOf(' ', line.lastIndexOf(' ') - 1));
    if (path.length > 0 && limits.admitsPath(path)) paths.push(path);
  });
  return paths;
}
