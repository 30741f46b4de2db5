/**
 * What an installed `.gemspec` says: Ruby code, written by RubyGems in one known form, never run here.
 *
 * Source: RubyGems, `Gem::Specification#to_ruby`. Its comment `# stub: name version platform require_paths` repeats what Ruby itself
 * reads first and is the surest; older files have assignments only: `s.name = "rake".freeze`.
 */
import { PlimsollError } from '#base/errors.ts';
import { declaredText } from '../declared.ts';

/** An installed gem. */
export interface Gemspec {
  readonly name: string;
  readonly version: string;
  /** `x86_64-linux`, `java`; missing for gems of pure Ruby. */
  readonly platform?: string;
  readonly licenses: readonly string[];
}

const STUB = '# stub: ';
/** RubyGems writes the stub as its second line; some writers leave out the first. */
const STUB_LINES = 3;
/** Fields come before the list of dependencies; a spec that lists thousands of files in one line stays cheap. */
const MAX_LINES = 2000;
const MAX_LINE_LENGTH = 2000;

/** Reads the specification. @throws {PlimsollError} `FILE_INVALID` when name or version are missing or computed. */
export function parseGemspec(text: string): Gemspec {
  const fields = parseAssignments(text);
  const stub = findStub(text);
  const name = declaredText(stub?.name ?? fields.get('name')?.[0]);
  const version = declaredText(stub?.version ?? fields.get('version')?.[0]);
  if (name === undefined || version === undefined) {
    throw new PlimsollError('FILE_INVALID', 'Its name or version is missing, or computed when Ruby runs it');
  }
  const platform = declaredText(stub?.platform ?? fields.get('platform')?.[0]);
  return {
    name,
    version,
    ...(platform === undefined || platform === 'ruby' ? {} : { platform }),
    licenses: fields.get('licenses') ?? fields.get('license') ?? [],
  };
}

/** The stub comment, if there is one. Its second line, which lists extensions, has one word. */
function findStub(text: string): { name: string; version: string; platform: string } | undefined {
  for (const line of lines(text, STUB_LINES)) {
    if (!line.startsWith(STUB)) continue;
    const [name = '', version = '', platform = ''] = line.slice(STUB.length).split(' ');
    if (/^\d/.test(version)) return { name, version, platform };
  }
  return undefined;
}

const FIELDS = new Set(['name', 'version', 'platform', 'license', 'licenses']);

/** The quoted words assigned to the fields we use; the first assignment counts. */
function parseAssignments(text: string): ReadonlyMap<string, readonly string[]> {
  const fields = new Map<string, readonly string[]>();
  for (const line of lines(text, MAX_LINES)) {
    const equals = line.indexOf('=');
    if (equals === -1) continue;
    const left = line.slice(0, equals).trim();
    const field = left.slice(left.indexOf('.') + 1);
    if (field === left || !FIELDS.has(field) || fields.has(field)) continue;
    const words = quoted(line.slice(equals + 1));
    if (words.length > 0) fields.set(field, words);
  }
  return fields;
}

/** `["MIT".freeze, 'Ruby']` has the words MIT and Ruby. A text with `#{` in it is computed and no word. */
function quoted(text: string): string[] {
  const words: string[] = [];
  for (let at = 0; at < text.length; ) {
    const mark = text[at];
    if (mark !== '"' && mark !== "'") {
      at += 1;
      continue;
    }
    const end = text.indexOf(mark, at + 1);
    if (end === -1) break;
    const word = text.slice(at + 1, end);
    if (!word.includes('#{')) words.push(word);
    at = end + 1;
  }
  return words;
}

/** Up to `limit` lines, each cut to a length beyond that of any field. */
function* lines(text: string, limit: number): Generator<string> {
  for (let start = 0, count = 0; start < text.length && count < limit; count += 1) {
    const found = text.indexOf('\n', start);
    const end = found === -1 ? text.length : found;
    yield text.slice(start, Math.min(end, start + MAX_LINE_LENGTH)).trimEnd();
    start = end + 1;
  }
}
