/**
 * Patterns of repositories and tags.
 *
 *     .*        everything (JFrog Artifactory: *)
 *     *value    ends with value; the star may stand for nothing
 *     value*    starts with value, slashes and all
 *     value     exactly value
 *     glob:…    extended mode: * within a path segment, ** across them, ? one character, [a-z]
 *     re:…      extended mode: a regular expression of RE2 over the whole name, in linear time
 *
 * `.*` is a word, not a regular expression: `v1.*` is every name that starts with `v1.`. Names are compared with regard to case.
 */
import { RE2JS } from 're2js';
import type { RegistryProduct } from '#connector/connector.ts';
import type { PatternMode } from './settings.ts';
import { quoted, type ViolationCode } from './violation.ts';

/** A read pattern. `text` is what was written, trimmed. */
export type Pattern =
  | { readonly kind: 'everything'; readonly text: string }
  | { readonly kind: 'literal' | 'prefix' | 'suffix'; readonly text: string; readonly value: string }
  | { readonly kind: 'glob' | 'regex'; readonly text: string; readonly expression: RE2JS };

/** Why a text is no pattern. */
export interface PatternProblem {
  readonly code: ViolationCode;
  readonly message: string;
  readonly remedy?: string;
}

export type PatternResult =
  | { readonly ok: true; readonly pattern: Pattern }
  | { readonly ok: false; readonly problem: PatternProblem };

/** What a pattern is of, and how it may be written. */
export interface PatternOptions {
  readonly of: 'repository' | 'tag';
  readonly mode: PatternMode;
  readonly product: Pick<RegistryProduct, 'everything' | 'label'>;
}

/** Instructions of a compiled expression: bounds the time that a name costs, which grows with their number. */
const MAX_PROGRAM_SIZE = 1000;
const MAX_EXPRESSION_LENGTH = 300;
const EXPRESSION_CHARACTERS = /[\^$[\](){}|\\+?]/;

/** Reads one entry. Never throws. */
export function parsePattern(written: string, { of, mode, product }: PatternOptions): PatternResult {
  const text = written.trim();
  if (/^(?:glob|re):/.test(text)) return parseExtended(text, mode);
  if (text === '.*' || text === '*') {
    if (text === product.everything) return found({ kind: 'everything', text });
    const remedy = `Write ${product.everything} to match everything`;
    const message = `${quoted(text)} does not mean everything on ${product.label}`;
    return problem(text === '.*' ? 'WILDCARD_JFROG_SYNTAX' : 'WILDCARD_SYNTAX', message, remedy);
  }
  const star = text.indexOf('*');
  if (EXPRESSION_CHARACTERS.test(text)) {
    return problem(
      'WILDCARD_SYNTAX',
      `${quoted(text)} looks like a regular expression or glob, which the plain pattern mode does not have`,
    );
  }
  if (star !== -1 && (text.indexOf('*', star + 1) !== -1 || (star !== 0 && star !== text.length - 1))) {
    return problem(
      'WILDCARD_SYNTAX',
      `${quoted(text)} has ${text.indexOf('*', star + 1) === -1 ? 'a star in the middle' : 'more than one star'}`,
    );
  }
  const value = text.replace('*', '');
  const wrong = of === 'repository' ? whyNoRepository(value, star) : whyNoTag(value);
  if (wrong !== undefined) {
    return problem(of === 'repository' ? 'REPOSITORY_SYNTAX' : 'TAG_SYNTAX', `${quoted(text)} ${wrong}`);
  }
  if (star === -1) return found({ kind: 'literal', text, value });
  return found({ kind: star === 0 ? 'suffix' : 'prefix', text, value });
}

/** Whether the pattern covers the whole of `name`. */
export function matches(pattern: Pattern, name: string): boolean {
  switch (pattern.kind) {
    case 'everything':
      return true;
    case 'literal':
      return name === pattern.value;
    case 'prefix':
      return name.startsWith(pattern.value);
    case 'suffix':
      return name.endsWith(pattern.value);
    case 'glob':
    case 'regex':
      return pattern.expression.testExact(name);
    default:
      return pattern satisfies never;
  }
}

/** Whether the pattern may cover more than one name, and so needs a listing. */
export function isWildcard(pattern: Pattern): boolean {
  return pattern.kind !== 'literal';
}

/** Whether a text asks for more than one name, well written or not. */
export function wantsWildcard(text: string): boolean {
  return text.includes('*') || /^\s*(?:glob|re):/.test(text);
}

/**
 * The entries of one field of tags: separated by commas, blanks around them dropped. An expression after `re:` goes to the end of the
 * field, since it may have commas of its own.
 */
export function splitTags(field: string): readonly string[] {
  const entries: string[] = [];
  let rest = field;
  while (!/^\s*re:/.test(rest)) {
    const comma = rest.indexOf(',');
    if (comma === -1) break;
    entries.push(rest.slice(0, comma).trim());
    rest = rest.slice(comma + 1);
  }
  entries.push(rest.trim());
  return entries;
}

function parseExtended(text: string, mode: PatternMode): PatternResult {
  const kind = text.startsWith('re:') ? 'regex' : 'glob';
  const source = text.slice(text.indexOf(':') + 1);
  if (mode !== 'extended') {
    return problem('EXTENDED_MODE_REQUIRED', `${quoted(text)} is a pattern of the extended mode`);
  }
  if (source === '') return problem('PATTERN_SYNTAX', `Nothing follows ${quoted(text)}`);
  if (source.length > MAX_EXPRESSION_LENGTH) {
    return problem('PATTERN_SYNTAX', `${quoted(text)} is longer than ${MAX_EXPRESSION_LENGTH} characters`);
  }
  try {
    const expression = RE2JS.compile(kind === 'regex' ? source : globToExpression(source));
    if (expression.programSize() > MAX_PROGRAM_SIZE) {
      return problem('PATTERN_SYNTAX', `${quoted(text)} repeats too much to be held against every name`);
    }
    return found({ kind, text, expression });
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : String(error);
    return problem('PATTERN_SYNTAX', `${quoted(text)} cannot be read: ${quoted(why)}`);
  }
}

function globToExpression(glob: string): string {
  const token = /\*\*|\*|\?|\[!?[^\]]+\]|./gsu;
  return glob.replace(token, part => {
    if (part === '**') return '.*';
    if (part === '*') return '[^/]*';
    if (part === '?') return '[^/]';
    if (part.length > 1 && part.startsWith('[')) {
      const isNegated = part.startsWith('[!');
      return `[${isNegated ? '^' : ''}${part.slice(isNegated ? 2 : 1, -1).replace(/[\\[\]^]/g, '\\$&')}]`;
    }
    return RE2JS.quote(part);
  });
}

function whyNoRepository(value: string, star: number): string | undefined {
  if (value === '') return 'is empty';
  if (value.includes('://')) return 'has a scheme in front';
  if (value.includes('@') || value.includes(':')) return 'has a tag, digest or port, which a repository has not';
  if (/[^A-Za-z0-9._/-]/.test(value)) return 'has a character that no repository has';
  if (value.includes('//')) return 'has an empty path segment';
  // A wildcard may well end or begin at a slash: team/*
  if (value.startsWith('/') && star !== 0) return 'starts with a slash';
  if (value.endsWith('/') && (star === -1 || star === 0))
    return 'ends with a slash, so it is a folder, not a repository';
  return undefined;
}

function whyNoTag(value: string): string | undefined {
  if (value === '') return 'is empty';
  if (/^sha\d+:/.test(value)) return 'is a digest, not a tag';
  if (/[^A-Za-z0-9._-]/.test(value)) return 'has a character that no tag has';
  return value.length > 128 ? 'is longer than 128 characters' : undefined;
}

function found(pattern: Pattern): PatternResult {
  return { ok: true, pattern };
}

function problem(code: ViolationCode, message: string, remedy?: string): PatternResult {
  return { ok: false, problem: remedy === undefined ? { code, message } : { code, message, remedy } };
}
