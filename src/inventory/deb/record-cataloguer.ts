/**
 * Debian packages of distroless images, which keep one record a package in `status.d` and its files in a checksum list beside it.
 *
 * A cataloguer of its own, as each record is read together with its list: file names there are shortened, so only the record tells
 * whose list it is (GoogleContainerTools/distroless has `status.d/base` for base-files).
 */
import type { Cataloguer } from '../cataloguer.ts';
import { companionAt } from '../companion.ts';
import { FactLimits } from '../fact-limits.ts';
import { wholeBody } from '../file-body.ts';
import { hasPathSuffix } from '../path-suffix.ts';
import { toPackage } from './package.ts';
import { parseMd5sums } from './parse-file-list.ts';
import { parseStatus } from './parse-status.ts';

const MAX_BYTES = 64 * 1024 * 1024;
const FOLDER = 'lib/dpkg/status.d/';
const MD5SUMS = '.md5sums';

export const debRecordCataloguer: Cataloguer = {
  id: 'deb-record',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: ({ name, path }) => isRecordFile(path, name) && !name.endsWith(MD5SUMS),
  companionOf: ({ name, path }) =>
    isRecordFile(path, name) && name.endsWith(MD5SUMS) ? path.slice(0, -MD5SUMS.length) : undefined,
  read(file) {
    const limits = new FactLimits();
    const rows = parseStatus(wholeBody(file.body, MAX_BYTES), limits, { isDatabase: false });
    const sums = companionAt(file, file.path + MD5SUMS);
    const paths = sums === undefined || !rows?.length ? [] : parseMd5sums(wholeBody(sums, MAX_BYTES), limits);
    return rows && { packages: rows.map(toPackage), owned: paths.length > 0 ? [[0, paths]] : [], gaps: limits.gaps() };
  },
};

function isRecordFile(path: string, name: string): boolean {
  return path.includes(FOLDER) && hasPathSuffix(path, FOLDER + name);
}
