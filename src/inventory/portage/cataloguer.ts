/**
 * Gentoo packages: portage's folder of each installed package, `var/db/pkg/CATEGORY/NAME-VERSION`.
 *
 * `CONTENTS` stands for the package; it is there, if empty, for virtual packages too. Property `repository`: where its ebuild came
 * from, `gentoo` or an overlay.
 */
import type { Cataloguer, ClaimedFile, FileEntry } from '../cataloguer.ts';
import { companionAt } from '../companion.ts';
import { FactLimits } from '../fact-limits.ts';
import { wholeBody } from '../file-body.ts';
import { hasPathSuffix } from '../path-suffix.ts';
import { parseContents, splitFolderName } from './parse-contents.ts';

const MAX_BYTES = 64 * 1024 * 1024;
const MAX_FIELD_BYTES = 4096;
const CONTENTS = 'CONTENTS';
const FIELDS: ReadonlySet<string> = new Set(['LICENSE', 'repository']);

export const portageCataloguer: Cataloguer = {
  id: 'portage',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: entry => entry.name === CONTENTS && placeOf(entry) !== undefined,
  companionOf: entry =>
    FIELDS.has(entry.name) && placeOf(entry) !== undefined
      ? entry.path.slice(0, -entry.name.length) + CONTENTS
      : undefined,
  read(file) {
    const limits = new FactLimits();
    const place = placeOf(file);
    const split = place && splitFolderName(place.folder);
    if (place === undefined || split === undefined) return { gaps: ['Its folder names no version'] };
    const license = fieldOf(file, 'LICENSE');
    const repository = fieldOf(file, 'repository');
    const paths = parseContents(wholeBody(file.body, MAX_BYTES), limits);
    const found = {
      type: 'ebuild' as const,
      name: `${place.category}/${split.name}`,
      version: split.version,
      ...(license ? { licenses: [license] } : {}),
      ...(repository ? { properties: { repository } } : {}),
    };
    return { packages: [found], owned: paths.length > 0 ? [[0, paths]] : [], gaps: limits.gaps() };
  },
};

function placeOf({ path, name }: FileEntry): { category: string; folder: string } | undefined {
  const parts = path.slice(0, -name.length - 1).split('/');
  const [category = '', folder = ''] = parts.splice(-2);
  return category !== '' && hasPathSuffix(parts.join('/'), 'var/db/pkg') ? { category, folder } : undefined;
}

function fieldOf(file: ClaimedFile, name: string): string | undefined {
  return companionAt(file, file.path.slice(0, -CONTENTS.length) + name)
    ?.read(0, MAX_FIELD_BYTES)
    .toString('utf8')
    .trim();
}
