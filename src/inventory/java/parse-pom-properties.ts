/**
 * `META-INF/maven/<group>/<artifact>/pom.properties`: the coordinates that Maven writes into every archive it builds.
 */
import { type Coordinates, toId, toVersion } from './coordinates.ts';

/** Maven writes three lines and a comment or two. */
const MAX_LINES = 100;

/**
 * The coordinates in the text of a `pom.properties`, group and artifact from its `path` where the text has none.
 * `undefined` without a usable version. Lines are `key=value` or `key:value`; `#` and `!` begin comments.
 */
export function parsePomProperties(text: string, path: string): Coordinates | undefined {
  const values = new Map<string, string>();
  for (const line of text.split(/[\r\n]+/, MAX_LINES)) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith('!')) continue;
    const at = trimmed.search(/[=:]/);
    if (at > 0) values.set(trimmed.slice(0, at).trim(), trimmed.slice(at + 1).replace(/\\(.)/g, '$1'));
  }
  const folders = path.split('/');
  const group = toId(values.get('groupId')) ?? toId(folders.at(-3));
  const artifact = toId(values.get('artifactId')) ?? toId(folders.at(-2));
  const version = toVersion(values.get('version'));
  if (artifact === undefined || version === undefined) return undefined;
  return { ...(group !== undefined && { group }), artifact, version };
}
