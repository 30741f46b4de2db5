/**
 * WordPress, its plugins and its themes.
 *
 * WordPress records nothing when it installs: what is in the folders is installed, and the header comment of one file says what.
 */
import type { Cataloguer } from '../cataloguer.ts';
import { declaredText } from '../declared.ts';
import { toCore, toPackage } from './package.ts';
import { HEADER_BYTES, parseCoreVersion, parseHeader } from './parse-header.ts';

/** Only the head is read, whatever the size. */
const MAX_BYTES = 64 * 1024 * 1024;

export const wordpressCataloguer: Cataloguer = {
  id: 'wordpress',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: ({ name, path }) =>
    (name.endsWith('.php') || name === 'style.css') && (isCore(path) || placeOf(path) !== undefined),
  read(file) {
    const text = file.body.read(0, HEADER_BYTES).toString('utf8');
    if (isCore(file.path)) {
      const version = parseCoreVersion(text);
      return version === undefined ? undefined : { packages: [toCore(version)] };
    }
    const place = placeOf(file.path);
    const slug = declaredText(place?.slug);
    if (place === undefined || slug === undefined) return undefined;
    const header = parseHeader(text, place.kind === 'plugin' ? 'Plugin Name' : 'Theme Name');
    return header && { packages: [toPackage(slug, place.kind, header)] };
  },
};

function isCore(path: string): boolean {
  return path === 'wp-includes/version.php' || path.endsWith('/wp-includes/version.php');
}

/**
 * Which plugin or theme a file would be the head of: `plugins/SLUG/*.php`, `plugins/SLUG.php`, the same in `mu-plugins`, and
 * `themes/SLUG/style.css`.
 */
function placeOf(path: string): { kind: 'plugin' | 'theme'; slug: string } | undefined {
  const parts = path.split('/');
  const content = parts.lastIndexOf('wp-content');
  if (content === -1) return undefined;
  const [group, first = '', second, ...deeper] = parts.slice(content + 1);
  if (deeper.length > 0) return undefined;
  if (group === 'themes') return second === 'style.css' ? { kind: 'theme', slug: first } : undefined;
  if (group !== 'plugins' && group !== 'mu-plugins') return undefined;
  if (second === undefined) return { kind: 'plugin', slug: first.replace(/\.php$/, '') };
  return second.endsWith('.php') ? { kind: 'plugin', slug: first } : undefined;
}
