/**
 * `os-release` files: shell-like assignments, read and never evaluated.
 *
 * Source: os-release(5).
 */
import type { OsRelease } from '../package.ts';

const MAX_LINES = 2000;

/** The release a file declares; `undefined` when it has no usable ID. */
export function parseOsRelease(text: string): OsRelease | undefined {
  const fields = parseAssignments(text);
  const id = (fields.get('ID') ?? '').toLowerCase();
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(id)) return undefined;
  const optional = <K extends string>(key: K, value: string | undefined) =>
    (value ? { [key]: value } : {}) as Partial<Record<K, string>>;
  return {
    id,
    idLike: (fields.get('ID_LIKE') ?? '')
      .toLowerCase()
      .split(/\s+/)
      .filter(word => word !== ''),
    name: fields.get('PRETTY_NAME') || [fields.get('NAME') || id, fields.get('VERSION')].filter(Boolean).join(' '),
    ...optional('versionId', fields.get('VERSION_ID')),
    ...optional('codename', fields.get('VERSION_CODENAME')),
    ...optional('cpe', fields.get('CPE_NAME')),
    ...optional('variantId', fields.get('VARIANT_ID')),
    ...optional('supportEnd', fields.get('SUPPORT_END')),
  };
}

/** `KEY=value` lines, quotes and backslashes undone; later lines win, comments and anything else are skipped. */
export function parseAssignments(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split(/\r?\n/, MAX_LINES)) {
    const match = /^\s*([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line);
    if (match) fields.set(match[1] ?? '', unquote((match[2] ?? '').trim()));
  }
  return fields;
}

function unquote(value: string): string {
  const quote = value[0];
  if (quote === "'") return value.slice(1, value.indexOf("'", 1) === -1 ? undefined : value.indexOf("'", 1));
  if (quote !== '"') return value.replace(/\\(.)/g, '$1');
  let text = '';
  for (let at = 1; at < value.length && value[at] !== '"'; at++) {
    if (value[at] === '\\' && at + 1 < value.length) at += 1;
    text += value[at];
  }
  return text;
}
