/**
 * Packages inside snaps. They are Debian packages of the Ubuntu release that the snap's base stands for, never of the image's own
 * distribution: property `snap` names the snap (`base` for a base snap) and keeps them apart.
 *
 * `snap/snapcraft.yaml` names packages without versions, as somebody wished for them, and is not read.
 */
import type { Cataloguer } from '../cataloguer.ts';
import { FactLimits } from '../fact-limits.ts';
import { wholeBody } from '../file-body.ts';
import { hasPathSuffix } from '../path-suffix.ts';
import { parseManifest } from './parse-manifest.ts';

const MAX_BYTES = 8 * 1024 * 1024;

export const snapCataloguer: Cataloguer = {
  id: 'snap',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: ({ name, path }) =>
    (name === 'manifest.yaml' && hasPathSuffix(path, 'snap/manifest.yaml')) ||
    (name === 'dpkg.yaml' && hasPathSuffix(path, 'usr/share/snappy/dpkg.yaml')),
  read(file) {
    const limits = new FactLimits();
    const { snap = 'base', packages } = parseManifest(wholeBody(file.body, MAX_BYTES), limits);
    const found = packages.map(one => ({ type: 'deb' as const, ...one, properties: { snap } }));
    return { packages: found, gaps: limits.gaps() };
  },
};
