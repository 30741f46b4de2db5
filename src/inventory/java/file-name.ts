/**
 * What the name and place of an archive tell: `spring-core-5.3.9.jar`, `.m2/repository/org/x/a/1.0/a-1.0.jar`.
 */
import { toId, toVersion } from './coordinates.ts';

/** The file extensions of Java archives, all of them zips. `rar` is a resource adapter here. */
export const JAVA_EXTENSIONS: ReadonlySet<string> = new Set([
  'jar',
  'war',
  'ear',
  'par',
  'sar',
  'nar',
  'jpi',
  'hpi',
  'kar',
  'far',
  'lpkg',
  'rar',
  'zap',
]);

/** Extensions that other formats use, too: Perl and RAR archives, system activity reports. No zip there is none of ours. */
export const SHARED_EXTENSIONS: ReadonlySet<string> = new Set(['par', 'sar', 'nar', 'far', 'rar', 'kar', 'zap']);

/** An archive's name taken apart. */
export interface FileName {
  /** Without extension. */
  readonly stem: string;
  /** The stem when there is no version in it. */
  readonly artifact: string;
  readonly version?: string;
  /** `sources`, `linux-x86_64`, `jdk15`: what stands behind the version and is no part of it. */
  readonly classifier?: string;
  /** Only from the folders of a Maven repository or Gradle cache; a name alone has none. */
  readonly group?: string;
}

/** Words that belong to a version when they stand behind its numbers, in lower case and without digits. */
const QUALIFIERS = new Set(
  (
    'a alpha b beta m milestone rc cr snapshot final ga release sp pre preview ea dev build rev r v p patch incubating ' +
    'jre android redhat hotfix fix fuse jbossorg atlassian nightly'
  ).split(' '),
);
const REPOSITORY_ROOTS = new Set(['repository', 'maven2', 'system', 'm2repo', 'maven-repository']);

/** The extension in lower case, without dot. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? '' : name.slice(dot + 1).toLowerCase();
}

/**
 * Takes the path of an archive apart: `lib/log4j-1.2-api-2.14.1.jar` is `log4j-1.2-api` and `2.14.1`.
 *
 * The version begins at the first `-` before a digit, unless a word that is no qualifier and another version follow; then it
 * is the last one. Bundles of Eclipse are named `org.eclipse.osgi_3.7.0.v20110110`.
 */
export function parseFileName(path: string): FileName {
  const folders = path.split('/');
  const name = folders.pop() ?? '';
  const dot = name.lastIndexOf('.');
  const stem = name.slice(0, dot === -1 ? undefined : dot).slice(0, 250);
  const parsed = split(stem);
  const group = groupOf(folders, parsed);
  return group === undefined ? parsed : { ...parsed, group };
}

function split(stem: string): FileName {
  const segments = stem.split('-');
  let start = segments.findIndex((segment, at) => at > 0 && /^\d/.test(segment));
  // `tool-v1.2` has no other number; in `storage-mysql-v1-2.23.2` the v1 is part of the name.
  if (start === -1) start = segments.findIndex((segment, at) => at > 0 && /^v\d/.test(segment));
  if (start === -1) return splitUnderscore(stem);
  let end = segments.length;
  for (let at = start + 1; at < segments.length; at += 1) {
    const segment = segments[at] ?? '';
    if (isVersionPart(segment)) {
      // Behind a foreign word only a dotted number begins a version anew: the 86 of `linux-x86-64` does not.
      if (end < at && /^\d+\.\d/.test(segment)) start = at;
      if (end < at && start === at) end = segments.length;
    } else if (end > at) end = at;
  }
  const version = toVersion(segments.slice(start, end).join('-'));
  const artifact = segments.slice(0, start).join('-');
  const classifier = segments.slice(end).join('-');
  if (version === undefined || artifact === '') return { stem, artifact: stem };
  // Debian names a link for a whole series `spring3-core-3.x.jar`.
  if (/\.x$/i.test(version)) return { stem, artifact };
  return { stem, artifact, version, ...(classifier !== '' && { classifier }) };
}

/** Whether a segment behind a version is still part of it: numbers, or a qualifier such as `beta2`. */
function isVersionPart(segment: string): boolean {
  if (/^\d/.test(segment)) return true;
  const word = /^[a-z]+/i.exec(segment)?.[0].toLowerCase() ?? '';
  return QUALIFIERS.has(word);
}

function splitUnderscore(stem: string): FileName {
  const at = stem.lastIndexOf('_');
  const version = at > 0 && /^\d+\.\d+\.\d/.test(stem.slice(at + 1)) ? toVersion(stem.slice(at + 1)) : undefined;
  if (version !== undefined) return { stem, artifact: stem.slice(0, at), version };
  const classifier = /-(sources|javadoc|tests|test-sources)$/.exec(stem)?.[1];
  if (classifier === undefined) return { stem, artifact: stem };
  return { stem, artifact: stem.slice(0, -classifier.length - 1), classifier };
}

/** The group from `<root>/org/x/<artifact>/<version>/` (Maven) or `files-2.1/org.x/<artifact>/<version>/<sha1>/` (Gradle). */
function groupOf(folders: readonly string[], { artifact, version }: FileName): string | undefined {
  if (folders.at(-1) === version && folders.at(-2) === artifact) {
    const above = folders.slice(0, -2);
    const root = above.findLastIndex(folder => REPOSITORY_ROOTS.has(folder));
    return root === -1 || root === above.length - 1 ? undefined : toId(above.slice(root + 1).join('.'));
  }
  if (folders.at(-2) === version && folders.at(-3) === artifact && folders.at(-5) === 'files-2.1') {
    return toId(folders.at(-4));
  }
  return undefined;
}
