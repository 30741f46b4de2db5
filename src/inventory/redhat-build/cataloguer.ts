/**
 * What Red Hat's build system leaves in an image of where its packages come from: content manifests with the ids of repositories, and labels.
 *
 * Facts are in `extra`: `repositories` (`rhel-9-for-x86_64-baseos-rpms`), and `image`, the name in Red Hat's registry (`ubi9/ubi-minimal`).
 * Source: RHEL and UBI images, `root/buildinfo`; image mode has `usr/share/buildinfo`, where `/root` is not part of the image.
 */
import type { Cataloguer } from '../cataloguer.ts';
import { asList, asRecord, parseJsonFile } from '../json-file.ts';

const MAX_BYTES = 4 * 1024 * 1024;
/** Images have some ten. */
const MAX_REPOSITORIES = 1000;
const FOLDERS = ['root/buildinfo/', 'usr/share/buildinfo/'];

export const redHatBuildCataloguer: Cataloguer = {
  id: 'redhat-build',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: ({ name, path }) =>
    name.endsWith('.json') &&
    FOLDERS.some(
      folder => path === `${folder}${name}` || (folder === FOLDERS[0] && path === `${folder}content_manifests/${name}`),
    ),
  read(file) {
    const json = asRecord(parseJsonFile(file.body, MAX_BYTES));
    if (file.name === 'labels.json') {
      const image = json['name'];
      return isName(image) ? { extra: { image } } : undefined;
    }
    const listed = asList(json['content_sets']);
    const repositories = [...new Set(listed.filter(isName))].slice(0, MAX_REPOSITORIES);
    const gaps = listed.length > MAX_REPOSITORIES ? { gaps: [`Only ${MAX_REPOSITORIES} content sets were read`] } : {};
    return repositories.length === 0 ? undefined : { extra: { repositories }, ...gaps };
  },
};

function isName(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$/.test(value);
}
