/**
 * Values as metadata declares them, checked before they become fields of a package.
 *
 * An image is hostile: a name of ten megabytes, or one with a line break in it, is not the name of anything that was installed.
 */

/** The longest name, version or licence that is kept, in UTF-16 units. The longest real ones are Go module paths, under 200. */
const MAX_LENGTH = 300;
/** Licences kept of one package. */
const MAX_LICENSES = 20;

/**
 * `value` as one line of text without surrounding blanks; `undefined` when it is no string, is empty, longer than 300, or holds
 * control characters.
 */
export function declaredText(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > MAX_LENGTH * 4) return undefined;
  const text = value.trim();
  return text === '' || text.length > MAX_LENGTH || hasControl(text) ? undefined : text;
}

/**
 * The field `licenses` of a package: what of `values` is usable, each once, in the order given; no field when nothing is.
 *
 * Of a whole licence text its first line stands for it, because a licence field is no place for forty pages.
 */
export function declaredLicenses(values: Iterable<unknown>): { licenses?: readonly string[] } {
  const licenses = new Set<string>();
  for (const value of values) {
    const license = typeof value === 'string' ? declaredText(firstLine(value)) : undefined;
    if (license !== undefined && !MEANINGLESS.has(license.toUpperCase())) licenses.add(license);
    if (licenses.size === MAX_LICENSES) break;
  }
  return licenses.size === 0 ? {} : { licenses: [...licenses] };
}

/** The field `properties` of a package: those that have a value; no field when none has. */
export function declaredProperties(values: Readonly<Record<string, string | undefined>>): {
  properties?: Readonly<Record<string, string>>;
} {
  const properties: Record<string, string> = {};
  for (const [key, value] of Object.entries(values)) if (value !== undefined) properties[key] = value;
  return Object.keys(properties).length === 0 ? {} : { properties };
}

const MEANINGLESS = new Set(['UNKNOWN', 'NONE', 'NOASSERTION', 'N/A']);

function firstLine(text: string): string {
  const start = text.trimStart().slice(0, MAX_LENGTH * 2);
  const end = start.search(/[\r\n]/);
  return end === -1 ? start : start.slice(0, end);
}

function hasControl(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return true;
  }
  return false;
}
