/**
 * The `Project.toml` of an installed Julia package: `packages/NAME/SLUG/Project.toml` in a depot.
 *
 * Source: Julia's Pkg documentation, "Project.toml". Only the keys before the first table are wanted, each a string in a line.
 */
import { declaredText } from '../declared.ts';

/** One installed package. */
export interface ProjectRow {
  readonly name: string;
  readonly version: string;
  /** Two packages may share a name; this tells them apart. */
  readonly uuid?: string | undefined;
}

/** Reads the file; `undefined` without name or version, as of a project that is no package. */
export function parseProject(text: string): ProjectRow | undefined {
  const keys = new Map<string, string>();
  for (const line of text.split('\n')) {
    if (line.trimStart().startsWith('[')) break;
    const [, key, value] = /^\s{0,20}(name|uuid|version)\s{0,20}=\s{0,20}["']([^"']{1,300})["']/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) keys.set(key, value);
  }
  const name = declaredText(keys.get('name'));
  const version = declaredText(keys.get('version'));
  return name === undefined || version === undefined
    ? undefined
    : { name, version, uuid: declaredText(keys.get('uuid')) };
}
