/**
 * Maven coordinates and what they are known from.
 */

/** What names a Java library. `group` is missing when nothing in the archive tells it: a file name holds none. */
export interface Coordinates {
  readonly group?: string;
  readonly artifact: string;
  readonly version: string;
}

/** From what evidence the coordinates are, best first. */
export type Identity = 'pom.properties' | 'pom.xml' | 'manifest' | 'file-name';

/** The text as group or artifact; `undefined` when Maven would refuse it, as it does placeholders such as `${artifactId}`. */
export function toId(text: string | undefined): string | undefined {
  const trimmed = text?.trim() ?? '';
  return /^[A-Za-z0-9_.-]{1,200}$/.test(trimmed) ? trimmed : undefined;
}

/** The text as version; `undefined` when it is empty, a placeholder, a sentence, or holds what Maven does not allow in one. */
export function toVersion(text: string | undefined): string | undefined {
  const trimmed = text?.trim() ?? '';
  return /^[^\s\p{C}\\/:"<>|?*[\](){},$]{1,128}$/u.test(trimmed) ? trimmed : undefined;
}
