/**
 * The rockspec of an installed rock: `rocks-5.1/NAME/VERSION/NAME-VERSION.rockspec`.
 *
 * A rockspec is a Lua program that sets variables, and its version is often put together from others. LuaRocks makes the folders
 * from what the program says, so they are read instead; the text is only asked for its licence.
 */
import { declaredText } from '../declared.ts';

/** One installed rock. */
export interface Rockspec {
  readonly name: string;
  /** `1.8.0-1`: upstream's version and the rockspec's revision. */
  readonly version: string;
  readonly license?: string | undefined;
}

/** Reads path and text; `undefined` when the path is not one of an installed rock. */
export function parseRockspec(path: string, text: string): Rockspec | undefined {
  const [tree = '', name = '', version = '', file = ''] = path.split('/').slice(-4);
  if (!isTree(tree) || file !== `${name}-${version}.rockspec`) return undefined;
  // `license = "MIT"` inside the table `description`; the first one counts.
  const license = /\blicense\s{0,20}=\s{0,20}(?:"([^"\n]{1,300})"|'([^'\n]{1,300})')/.exec(text.slice(0, MAX_TEXT));
  const checked = { name: declaredText(name), version: declaredText(version) };
  if (checked.name === undefined || checked.version === undefined) return undefined;
  return { name: checked.name, version: checked.version, license: license?.[1] ?? license?.[2] };
}

/** Whether a folder is a tree of rocks: `rocks` or, since LuaRocks 2, `rocks-5.1`. */
export function isTree(folder: string): boolean {
  return folder === 'rocks' || folder.startsWith('rocks-');
}

const MAX_TEXT = 256 * 1024;
