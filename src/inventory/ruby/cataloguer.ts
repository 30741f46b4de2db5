/**
 * Ruby gems: the specifications that RubyGems and Bundler keep of what they installed.
 *
 * The `.gemspec` inside a gem's own folder is its author's program and is not read. Bundler writes those of Git checkouts anew, in
 * RubyGems' form, so they are.
 */
import type { Cataloguer } from '../cataloguer.ts';
import { bodyText } from '../file-body.ts';
import { toPackage } from './package.ts';
import { parseGemspec } from './parse-gemspec.ts';

const MAX_BYTES = 2 * 1024 * 1024;

export const rubyCataloguer: Cataloguer = {
  id: 'ruby',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: entry => entry.name.endsWith('.gemspec') && isInstalled(entry.path),
  read: file => ({ packages: [toPackage(parseGemspec(bodyText(file.body, MAX_BYTES)), file.path)] }),
};

/** In `specifications/`, `specifications/default/`, or at Bundler's depth in `bundler/gems/NAME-COMMIT/`. */
function isInstalled(path: string): boolean {
  const folders = path.split('/').slice(0, -1);
  const last = folders.at(-1);
  if (last === 'specifications' || (last === 'default' && folders.at(-2) === 'specifications')) return true;
  const gems = folders.lastIndexOf('gems');
  const depth = folders.length - gems - 1;
  return gems > 0 && folders[gems - 1] === 'bundler' && depth >= 1 && depth <= 3;
}
