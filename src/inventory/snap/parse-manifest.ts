/**
 * The Debian packages that a snap was built from: lists of `name=version` in `snap/manifest.yaml` (written by snapcraft) and
 * `usr/share/snappy/dpkg.yaml` (of base snaps).
 *
 * Both files are written by programs in one plain form, so lists are found by their lines; other YAML is passed over.
 */
import type { FactLimits } from '../fact-limits.ts';
import { eachLine } from '../text-lines.ts';

/** A package staged into a snap. */
export interface StagedPackage {
  readonly name: string;
  readonly version: string;
  readonly arch?: string;
}

/** What a manifest says. */
export interface SnapManifest {
  /** The snap's name; base snaps have none here. */
  readonly snap?: string;
  readonly packages: readonly StagedPackage[];
}

const MAX_LINE_BYTES = 1024;
const KEY = /^( *)([A-Za-z][\w-]*):(?: (.*))?$/;
const ITEM = /^ *- (.*)$/;
/** `name[:arch]=version`, perhaps quoted. */
const PACKAGE = /^['"]?([a-z0-9][a-z0-9+.-]*)(?::([a-z0-9-]+))?=([\w.+~:-]+)['"]?$/;

/** Reads the lists. What was primed is what the snap holds; older manifests only say what was staged. */
export function parseManifest(bytes: Buffer, limits: FactLimits): SnapManifest {
  const lists = new Map<string, Map<string, StagedPackage>>();
  let snap: string | undefined;
  let list: Map<string, StagedPackage> | undefined;
  eachLine(bytes, (start, end) => {
    if (end - start > MAX_LINE_BYTES) {
      list = undefined;
      return;
    }
    const line = bytes.toString('utf8', start, end);
    const [, indent, key, value] = KEY.exec(line) ?? [];
    if (key !== undefined) {
      if (indent === '' && key === 'name' && value) snap = value.trim();
      list = LISTS.has(key) ? (lists.get(key) ?? new Map()) : undefined;
      if (list !== undefined) lists.set(key, list);
      return;
    }
    const item = ITEM.exec(line)?.[1]?.trim();
    if (item === undefined || list === undefined) return;
    const [, name, arch, version] = PACKAGE.exec(item) ?? [];
    if (name === undefined || version === undefined) limits.lose('staged package(s) without a version');
    else if (!list.has(item) && limits.admitsPackage()) list.set(item, { name, version, ...(arch ? { arch } : {}) });
  });
  const chosen = lists.get('primed-stage-packages') ?? lists.get('stage-packages') ?? lists.get('packages');
  return { ...(snap === undefined ? {} : { snap }), packages: Array.from(chosen?.values() ?? []) };
}

const LISTS: ReadonlySet<string> = new Set(['primed-stage-packages', 'stage-packages', 'packages']);
