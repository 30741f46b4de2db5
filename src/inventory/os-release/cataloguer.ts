/**
 * The files that name an operating system: os-release, and the older files that distributions had before it.
 *
 * Facts of `os-release` are in `osRelease`, with `extra.platform` for its PLATFORM_ID (`platform:el9`), where it has one; of the others the first lines are kept as `extra.text`, for `distro.ts` to choose from.
 */

import type { Cataloguer } from '../cataloguer.ts';
import { bodyText } from '../file-body.ts';
import { parseAssignments, parseOsRelease } from './parse-os-release.ts';

const MAX_BYTES = 256 * 1024;
const KEPT_CHARACTERS = 2000;

/** Release files besides os-release, all in `etc/` or `usr/lib/`. */
const RELEASE_NAMES: ReadonlySet<string> = new Set([
  'alpine-release',
  'debian_version',
  'lsb-release',
  'redhat-release',
  'centos-release',
  'rocky-release',
  'almalinux-release',
  'oracle-release',
  'fedora-release',
  'system-release',
  'SuSE-release',
  'photon-release',
  'mariner-release',
  'system-release-cpe',
  'arch-release',
  'gentoo-release',
]);

export const osReleaseCataloguer: Cataloguer = {
  id: 'os-release',
  version: 2,
  maxBytes: MAX_BYTES,
  claims: ({ name, path }) => {
    if (name === 'os-release') return /(?:^|\/)(?:etc|usr\/lib)\/os-release$/.test(path);
    if (name === 'repositories') return path.endsWith('etc/apk/repositories');
    return RELEASE_NAMES.has(name) && /(?:^|\/)(?:etc|usr\/lib)\/[^/]+$/.test(path);
  },
  read(file) {
    const text = bodyText(file.body, MAX_BYTES);
    if (file.name !== 'os-release') return { extra: { text: text.slice(0, KEPT_CHARACTERS) } };
    const osRelease = parseOsRelease(text);
    // An empty os-release is what minimal images have where a link was broken: nothing said, nothing to complain of.
    if (osRelease === undefined)
      return text.trim() === '' ? undefined : { gaps: ['It names no operating system: there is no ID'] };
    const platform = parseAssignments(text).get('PLATFORM_ID');
    return platform ? { osRelease, extra: { platform: platform.slice(0, 100) } } : { osRelease };
  },
};
