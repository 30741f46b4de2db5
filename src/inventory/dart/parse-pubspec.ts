/**
 * The `pubspec.yaml` of a package in pub's cache, which is where Dart programs load packages from.
 *
 * Source: dart.dev, "The pubspec file". YAML of one level is enough: `name` and `version` stand at the beginning of a line.
 */
import { declaredText } from '../declared.ts';

/** One package of the cache. */
export interface PubspecRow {
  readonly name: string;
  readonly version: string;
}

/** Reads the file; `undefined` without name or version. */
export function parsePubspec(text: string): PubspecRow | undefined {
  const name = scalar(text, 'name');
  const version = scalar(text, 'version');
  return name === undefined || version === undefined ? undefined : { name, version };
}

/** The value of a key in the first column, without quotes and comment. */
function scalar(text: string, key: string): string | undefined {
  const line = text.split('\n').find(one => one.startsWith(`${key}:`));
  const value = line
    ?.slice(key.length + 1)
    .split(' #')[0]
    ?.trim();
  return declaredText(value?.replace(/^(["'])(.*)\1$/s, '$2'));
}
