/**
 * Java libraries: every jar, war and relative, and every archive in them.
 *
 * Properties of a package: `identity` (`pom.properties`, `pom.xml`, `manifest` or `file-name`), `shaded` = `true` when its classes were
 * copied into another library's archive, and, for what only manifest or name tell, `sha1` of the archive. A library whose group
 * nothing tells is named by its artifact alone and has `group` = `unknown`, for an index to resolve.
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { Cataloguer } from '../cataloguer.ts';
import type { FoundPackage } from '../package.ts';
import { extensionOf, JAVA_EXTENSIONS, SHARED_EXTENSIONS } from './file-name.ts';
import { packagesOf } from './packages-of.ts';
import { walkArchives } from './walk-archives.ts';

const MAX_BYTES = 2 * 1024 * 1024 * 1024;
const MAX_PACKAGES = 20_000;
const MAX_GAPS = 50;

export const javaCataloguer: Cataloguer = {
  id: 'java',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: entry => entry.sizeBytes > 0 && JAVA_EXTENSIONS.has(extensionOf(entry.name)),
  read(file) {
    const packages: FoundPackage[] = [];
    const gaps: string[] = [];
    let untold = 0;
    let unlisted = 0;
    const tell = (inside: string, gap: string) => {
      if (gaps.length < MAX_GAPS) gaps.push(inside === '' ? gap : `${printable(inside)}: ${gap}`);
      else untold += 1;
    };
    try {
      walkArchives(file.body, {
        tell,
        visit: (archive, inside, budget) => {
          const place = { path: inside === '' ? file.path : inside, inside };
          const found = packagesOf(archive, { place, budget, tell: gap => tell(inside, gap) });
          const room = MAX_PACKAGES - packages.length;
          packages.push(...found.slice(0, room));
          unlisted += Math.max(0, found.length - room);
          return unlisted === 0;
        },
      });
    } catch (error) {
      const isOtherFormat = error instanceof PlimsollError && error.code === 'FILE_INVALID';
      if (isOtherFormat && SHARED_EXTENSIONS.has(extensionOf(file.name))) return undefined;
      throw error;
    }
    if (unlisted > 0) gaps.push(`More than ${MAX_PACKAGES} packages in one file`);
    if (untold > 0) gaps.push(`${untold} more parts could not be read`);
    return packages.length === 0 && gaps.length === 0 ? undefined : { packages, ...(gaps.length > 0 && { gaps }) };
  },
};
