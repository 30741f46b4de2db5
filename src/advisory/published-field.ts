/**
 * Fields that advisories of every format have, checked and bounded in one way: ids, times, texts, references.
 */

/** More ids than any real advisory names (a kernel update of SUSE has about 600). */
const MAX_IDS = 2000;
const MAX_ID_LENGTH = 128;
const MAX_TITLE_LENGTH = 1000;
const MAX_DETAILS_LENGTH = 64 * 1024;
const MAX_REFERENCES = 50;
const MAX_URL_LENGTH = 2048;
const MAX_CWES = 100;

// Graphic ASCII; ids are keys, and are shown.
const ID = /^[\x21-\x7e]+$/;
const TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.]+(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?$/;
const CWE = /^CWE-[0-9]{1,6}$/;

const NONE: readonly never[] = Object.freeze([]);

/** `value` if it can be an id: graphic ASCII without spaces, at most 128 characters. */
export function toId(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= MAX_ID_LENGTH && ID.test(value) ? value : undefined;
}

/** The ids among `values`, each once, in their order; `except` is left out, since an advisory is no alias of itself. */
export function toIds(values: unknown, except?: string): readonly string[] {
  if (!Array.isArray(values) || values.length === 0) return NONE;
  const ids = new Set<string>();
  for (const value of values) {
    const id = toId(value);
    if (id !== undefined && id !== except) ids.add(id);
    if (ids.size === MAX_IDS) break;
  }
  return ids.size === 0 ? NONE : [...ids];
}

/**
 * `value` if it is an ISO 8601 date or time that can be meant: years before 1980 are what tools write for "none" (0001-01-01 in
 * PYSEC-2024-55). A space between date and time becomes a `T`.
 */
export function toTime(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > 40 || value < '1980' || !TIME.test(value)) return undefined;
  return value[10] === ' ' ? `${value.slice(0, 10)}T${value.slice(11)}` : value;
}

/** The first line of a title, shortened when it is longer than anybody reads. */
export function toTitle(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const end = value.search(/[\r\n]/);
  const line = (end === -1 ? value : value.slice(0, end)).trim();
  if (line === '') return undefined;
  return line.length > MAX_TITLE_LENGTH ? `${line.slice(0, MAX_TITLE_LENGTH - 1)}…` : line;
}

/** A description, cut at 64 Ki characters. */
export function toDetails(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value.length > MAX_DETAILS_LENGTH ? `${value.slice(0, MAX_DETAILS_LENGTH - 1)}…` : value;
  return text.trim() === '' ? undefined : text;
}

/** Collects references: `https` and `http` only, each URL once, the first 50. */
export class References {
  readonly #byUrl = new Map<string, string>();

  /** Adds a reference; false when it is not a link that can be shown. */
  add(url: unknown, type: unknown): boolean {
    if (typeof url !== 'string' || url.length > MAX_URL_LENGTH) return false;
    if (!url.startsWith('https://') && !url.startsWith('http://')) return false;
    if (!ID.test(url)) return false;
    if (this.#byUrl.size < MAX_REFERENCES && !this.#byUrl.has(url)) this.#byUrl.set(url, toReferenceType(type));
    return true;
  }

  list(): readonly { readonly type: string; readonly url: string }[] {
    if (this.#byUrl.size === 0) return NONE;
    return Array.from(this.#byUrl, ([url, type]) => ({ type, url }));
  }
}

/** The CWE ids among `values`, each once. */
export function toCwes(values: readonly unknown[]): readonly string[] {
  if (values.length === 0) return NONE;
  const cwes = new Set<string>();
  for (const value of values) {
    if (typeof value === 'string' && CWE.test(value)) cwes.add(value);
    if (cwes.size === MAX_CWES) break;
  }
  return [...cwes];
}

/** OSV's word for what a link leads to; whatever else is said becomes `WEB`. */
function toReferenceType(value: unknown): string {
  return typeof value === 'string' && REFERENCE_TYPES.has(value) ? value : 'WEB';
}

const REFERENCE_TYPES: ReadonlySet<string> = new Set([
  'ADVISORY',
  'ARTICLE',
  'DETECTION',
  'DISCUSSION',
  'REPORT',
  'FIX',
  'INTRODUCED',
  'PACKAGE',
  'EVIDENCE',
  'WEB',
]);
