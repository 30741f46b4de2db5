/**
 * The comment at the head of a WordPress plugin or theme, and the version of WordPress itself.
 *
 * Source: WordPress developer handbook, "Header requirements" and `get_file_data`: only the first 8 KiB count, a line is
 * `Field: value` behind any of blanks, slashes, stars, hashes and at signs.
 */
import { declaredText } from '../declared.ts';

/** Bytes in which WordPress looks for headers. */
export const HEADER_BYTES = 8 * 1024;

/** The fields of a header. */
export interface Header {
  readonly title: string;
  readonly version: string;
  readonly license?: string | undefined;
}

/** The header whose title field is `Plugin Name` or `Theme Name`; `undefined` when the text has none, or it tells no version. */
export function parseHeader(text: string, titleField: 'Plugin Name' | 'Theme Name'): Header | undefined {
  const fields = new Map<string, string>();
  for (const line of text.split(/\r\n|[\r\n]/)) {
    const colon = line.indexOf(':');
    if (colon === -1) continue;
    const field = line
      .slice(0, colon)
      .replace(/^(?:<\?php)?[ \t/*#@]*/, '')
      .toLowerCase();
    const value = declaredText(line.slice(colon + 1).replace(/\s*(?:\*\/|\?>).*$/, ''));
    if (value !== undefined && !fields.has(field)) fields.set(field, value);
  }
  const title = fields.get(titleField.toLowerCase());
  const version = fields.get('version');
  return title === undefined || version === undefined ? undefined : { title, version, license: fields.get('license') };
}

/** The version in `wp-includes/version.php`: `$wp_version = '6.4.2';` */
export function parseCoreVersion(text: string): string | undefined {
  const [, version] = /^\$wp_version\s{0,9}=\s{0,9}['"]([^'"\n]{1,60})['"]/m.exec(text) ?? [];
  return declaredText(version);
}
