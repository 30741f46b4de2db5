/**
 * `Link: <…>; rel="next"` headers: where the next page of a list is.
 *
 * Source: RFC 8288, and what registries make of it: targets without angle brackets, `rel` without quotes, other hosts and schemes when the
 * registry does not know the proxy it is behind. So the target is read leniently, and never followed elsewhere: only its path and query
 * count, at the origin that was asked.
 */

import { AttemptError } from './attempt.ts';

/** Real headers have a few hundred characters; opaque cursors some thousand. */
const MAX_LENGTH = 8 * 1024;

/**
 * The target of the next page as it is written; `undefined` when there is none.
 * @throws {AttemptError} `REGISTRY_INVALID` for one of great length: to leave it out would look like the end of the list.
 */
export function readNextLink(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (header.length > MAX_LENGTH) {
    throw new AttemptError('REGISTRY_INVALID', `Cannot read the next page: its link is over ${MAX_LENGTH} characters`);
  }
  for (const { target, parameters } of linksOf(header)) {
    if (parameters.some(isNext)) return target;
  }
  return undefined;
}

/** The next page at the origin of `from`, whatever host the link names; `undefined` when there is none or it is no URL. */
export function nextUrl(header: string | undefined, from: URL): URL | undefined {
  const target = readNextLink(header);
  const url = target === undefined ? null : URL.parse(target, from.href);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return undefined;
  const next = new URL(from.href);
  next.pathname = url.pathname;
  next.search = url.search;
  next.hash = '';
  return next;
}

interface Link {
  readonly target: string;
  readonly parameters: readonly string[];
}

/** Each link of the header. Targets in brackets may hold commas and semicolons; without brackets they end at either. */
function* linksOf(header: string): Generator<Link> {
  let at = 0;
  while (at < header.length) {
    while (at < header.length && ' \t,'.includes(header[at] ?? '')) at += 1;
    const isBracketed = header[at] === '<';
    const end = isBracketed ? indexOrEnd(header, '>', at) : endOfBare(header, at);
    const target = header.slice(isBracketed ? at + 1 : at, end).trim();
    at = isBracketed ? end + 1 : end;
    const stop = endOfParameters(header, at);
    const parameters = [...splitOutsideQuotes(header.slice(at, stop))];
    at = stop + 1;
    if (target !== '') yield { target, parameters };
  }
}

function indexOrEnd(text: string, what: string, from: number): number {
  const at = text.indexOf(what, from);
  return at === -1 ? text.length : at;
}

function endOfBare(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== ';' && text[at] !== ',') at += 1;
  return at;
}

/** Whether a parameter is `rel` with `next` among its words. */
function isNext(parameter: string): boolean {
  const equals = parameter.indexOf('=');
  if (parameter.slice(0, equals).trim().toLowerCase() !== 'rel') return false;
  const words = parameter
    .slice(equals + 1)
    .trim()
    .replace(/^"|"$/g, '')
    .toLowerCase()
    .split(/\s/);
  return words.includes('next');
}

/** The comma that ends a link is one outside of quotes. */
function endOfParameters(text: string, from: number): number {
  return indexOutsideQuotes(text, ',', from);
}

function* splitOutsideQuotes(text: string): Generator<string> {
  for (let at = 0; at <= text.length; ) {
    const end = indexOutsideQuotes(text, ';', at);
    yield text.slice(at, end);
    at = end + 1;
  }
}

/** Where `what` is, or the end. */
function indexOutsideQuotes(text: string, what: string, from: number): number {
  let isQuoted = false;
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '"') isQuoted = !isQuoted;
    else if (text[at] === what && !isQuoted) return at;
  }
  return text.length;
}
