/**
 * From the address of a feed, with words in braces, to the one to ask: filled in, and at a mirror where the user has one.
 */
import { SOURCES, type SourceId } from '#advisory/sources.ts';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';

/** Base addresses that stand in for those of a source, for sites that mirror it. */
export type Mirrors = ReadonlyMap<SourceId, URL>;

/** The sources there are. */
export const SOURCE_IDS = Object.keys(SOURCES) as readonly SourceId[];

/** Whether `text` is the id of a source. */
export function isSourceId(text: string): text is SourceId {
  return text in SOURCES;
}

/**
 * The URL of a feed: `words` replace those in braces, percent-encoded but for the slashes of a path. At a mirror the path is the same, below
 * the base.
 */
export function feedUrl(template: string, words: Readonly<Record<string, string>>, mirror: URL | undefined): URL {
  const filled = template.replace(/\{([a-z]+)\}/g, (_, word: string) => {
    const value = words[word] ?? '';
    return word === 'mirror' ? value.replace(/\/$/, '') : value.split('/').map(encodeURIComponent).join('/');
  });
  return atMirror(new URL(filled), mirror);
}

/** `url` below the base of a mirror. */
export function atMirror(url: URL, mirror: URL | undefined): URL {
  if (mirror === undefined) return url;
  const moved = new URL(mirror);
  moved.pathname = `${mirror.pathname.replace(/\/$/, '')}${url.pathname}`;
  moved.search = url.search;
  return moved;
}

/** Reads `SOURCE=URL`. @throws {PlimsollError} `USAGE`. */
export function parseMirror(text: string): readonly [SourceId, URL] {
  const equals = text.indexOf('=');
  const source = text.slice(0, Math.max(0, equals));
  const url = URL.parse(text.slice(equals + 1));
  if (!isSourceId(source) || url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new PlimsollError(
      'USAGE',
      `Cannot read mirror "${printable(text)}": expected SOURCE=URL with one of ${SOURCE_IDS.join(', ')}`,
    );
  }
  return [source, url];
}
