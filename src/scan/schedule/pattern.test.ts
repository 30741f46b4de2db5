import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { boundedDistance, suggestNames } from './nearest-name.ts';
import { matches, type PatternOptions, parsePattern, splitTags } from './pattern.ts';

const V2 = { everything: '.*', label: 'Docker Registry' } as const;
const JFROG = { everything: '*', label: 'JFrog Artifactory' } as const;
const plain: PatternOptions = { of: 'tag', mode: 'wildcard', product: V2 };
const extended: PatternOptions = { of: 'repository', mode: 'extended', product: V2 };

function covers(text: string, name: string, options: PatternOptions = plain): boolean | string {
  const result = parsePattern(text, options);
  return result.ok ? matches(result.pattern, name) : result.problem.code;
}

const repository: PatternOptions = { ...plain, of: 'repository' };
test.each([
  { text: '.*', name: 'anything', result: true, why: 'the keyword for everything' },
  { text: ' .* ', name: 'anything', result: true, why: 'blanks around do not count' },
  { text: '*ABC', name: 'DemoABC', result: true, why: 'ends with' },
  { text: '*ABC', name: 'ABC', result: true, why: 'the star may stand for nothing' },
  { text: '*ABC', name: 'abc', result: false, why: 'case counts' },
  { text: '*ABC', name: 'ABCD', result: false, why: 'the whole name is covered' },
  { text: '123*', name: '123', result: true, why: 'the star may stand for nothing' },
  { text: '123*', name: '123ABC', result: true, why: 'starts with' },
  { text: '123*', name: '0123', result: false, why: 'not in the middle' },
  { text: 'v1.*', name: 'v1.2', result: true, why: 'a prefix with a dot' },
  { text: 'v1.*', name: 'v12', result: false, why: 'not a regular expression' },
  { text: 'v1', name: 'v1', result: true, why: 'literal' },
  { text: 'v1', name: 'v12', result: false, why: 'a literal is the whole name' },
  { text: '*', name: 'a', result: 'WILDCARD_SYNTAX', why: 'everything is written .* here' },
  { text: 'a*b', name: 'ab', result: 'WILDCARD_SYNTAX', why: 'a star in the middle' },
  { text: '**', name: 'a', result: 'WILDCARD_SYNTAX', why: 'two stars' },
  { text: '*a*', name: 'a', result: 'WILDCARD_SYNTAX', why: 'stars on both ends' },
  { text: '.*foo', name: 'foo', result: 'WILDCARD_SYNTAX', why: 'people mean *foo' },
  { text: '^v1$', name: 'v1', result: 'WILDCARD_SYNTAX', why: 'a regular expression' },
  { text: '[ab]', name: 'a', result: 'WILDCARD_SYNTAX', why: 'a class' },
  { text: '(a|b)', name: 'a', result: 'WILDCARD_SYNTAX', why: 'alternatives' },
  { text: '', name: '', result: 'TAG_SYNTAX', why: 'nothing' },
  { text: 'a b', name: 'a b', result: 'TAG_SYNTAX', why: 'no tag has a blank' },
  { text: 'x'.repeat(129), name: '', result: 'TAG_SYNTAX', why: 'longer than any tag' },
  { text: `sha256:${'0'.repeat(64)}`, name: '', result: 'TAG_SYNTAX', why: 'a digest is no tag' },
  { text: 'glob:v*', name: 'v1', result: 'EXTENDED_MODE_REQUIRED', why: 'not opted in' },
  { text: 're:v.', name: 'v1', result: 'EXTENDED_MODE_REQUIRED', why: 'not opted in' },
])('tag entry "$text" against "$name" is $result: $why', ({ text, name, result }) => {
  expect(covers(text, name)).toBe(result);
});

test.each([
  { text: 'team/*', name: 'team/a', result: true, why: 'a folder' },
  { text: 'team/*', name: 'team/a/b', result: true, why: 'slashes too' },
  { text: 'team/*', name: 'teams/a', result: false, why: 'the slash counts' },
  { text: '*app', name: 'x/y/app', result: true, why: 'any folder' },
  { text: '*/app', name: 'x/y/app', result: true, why: 'whole last segment' },
  { text: '*/app', name: 'x/myapp', result: false, why: 'whole last segment' },
  { text: 'Team/App', name: 'team/app', result: false, why: 'case counts' },
  { text: 'team/', name: '', result: 'REPOSITORY_SYNTAX', why: 'a folder is no repository' },
  { text: '/team', name: '', result: 'REPOSITORY_SYNTAX', why: 'starts with a slash' },
  { text: 'a//b', name: '', result: 'REPOSITORY_SYNTAX', why: 'empty segment' },
  { text: 'https://host/a', name: '', result: 'REPOSITORY_SYNTAX', why: 'a URL' },
  { text: 'app:1.0', name: '', result: 'REPOSITORY_SYNTAX', why: 'a tag belongs elsewhere' },
  { text: 'a,b', name: '', result: 'REPOSITORY_SYNTAX', why: 'one repository an entry' },
  { text: 'a__b/c--d.e_f', name: 'a__b/c--d.e_f', result: true, why: 'every legal oddity' },
])('repository entry "$text" against "$name" is $result: $why', ({ text, name, result }) => {
  expect(covers(text, name, repository)).toBe(result);
});

test.each([
  { text: '*', result: true },
  { text: '.*', result: 'WILDCARD_JFROG_SYNTAX' },
  { text: 'v*', result: true },
  { text: 'a*b', result: 'WILDCARD_SYNTAX' },
])('on JFrog Artifactory "$text" is $result', ({ text, result }) => {
  expect(covers(text, 'v1', { ...plain, product: JFROG })).toBe(result);
});

test.each([
  { text: 'glob:team/*/app', name: 'team/a/app', result: true, why: 'one segment' },
  { text: 'glob:team/*/app', name: 'team/a/b/app', result: false, why: 'one star keeps to a segment' },
  { text: 'glob:team/**/app', name: 'team/a/b/app', result: true, why: 'two stars cross segments' },
  { text: 'glob:a?c', name: 'abc', result: true, why: 'one character' },
  { text: 'glob:a.c', name: 'abc', result: false, why: 'a dot is a dot' },
  { text: 'glob:v[0-9]', name: 'v7', result: true, why: 'a range' },
  { text: 'glob:v[!0-9]', name: 'v7', result: false, why: 'a range left out' },
  { text: 'glob:(a)', name: 'a', result: false, why: 'parentheses are themselves' },
  { text: 're:team/(a|b)', name: 'team/b', result: true, why: 'alternatives' },
  { text: 're:team', name: 'team/b', result: false, why: 'the whole name' },
  { text: 're:a{1,3}', name: 'aaa', result: true, why: 'repetition' },
  { text: 're:(?=a)a', name: 'a', result: 'PATTERN_SYNTAX', why: 'no look-around' },
  { text: 're:(a)\\1', name: 'aa', result: 'PATTERN_SYNTAX', why: 'no back-references' },
  { text: 're:(', name: '', result: 'PATTERN_SYNTAX', why: 'not closed' },
  { text: 're:', name: '', result: 'PATTERN_SYNTAX', why: 'empty' },
  { text: 'glob:v[9-0]', name: '', result: 'PATTERN_SYNTAX', why: 'a range the wrong way round' },
  { text: 're:(a{900}){900}', name: '', result: 'PATTERN_SYNTAX', why: 'too large' },
  { text: `re:${'x'.repeat(301)}`, name: '', result: 'PATTERN_SYNTAX', why: 'too long' },
  { text: 're:(?:(?:a?){30}){30}(?:(?:a){30}){30}', name: '', result: 'PATTERN_SYNTAX', why: 'a large program' },
  { text: 'a*b', name: 'ab', result: 'WILDCARD_SYNTAX', why: 'plain entries keep their grammar' },
])('extended "$text" against "$name" is $result: $why', ({ text, name, result }) => {
  expect(covers(text, name, extended)).toBe(result);
});

test('an expression that makes others back-track is quick', () => {
  const result = parsePattern('re:(a+)+b', extended);
  expect(result.ok && matches(result.pattern, 'a'.repeat(20_000))).toBe(false);
});

test.each([
  { field: '1.0, 1.1,,latest', tags: ['1.0', '1.1', '', 'latest'] },
  { field: 'v*,re:^a{1,2}$', tags: ['v*', 're:^a{1,2}$'] },
  { field: ' re:a,b ', tags: ['re:a,b'] },
  { field: '', tags: [''] },
])('"$field" is the tags $tags', ({ field, tags }) => {
  expect(splitTags(field)).toEqual(tags);
});

describe('laws', () => {
  const name = fc.stringMatching(/^[a-z0-9]{1,5}(?:[._/-][a-z0-9]{1,4}){0,3}$/);

  test('a name matches itself, its starts with a star after, its ends with a star before, and everything', () => {
    fc.assert(
      fc.property(name, fc.nat(), (whole, at) => {
        const cut = at % whole.length;
        const [start, end] = [whole.slice(0, cut), whole.slice(cut)];
        expect(covers('.*', whole, repository)).toBe(true);
        expect(covers(whole, whole, repository)).toBe(true);
        // What is left may itself be no path: `/a` or `a/`.
        if (start !== '') expect([true, 'REPOSITORY_SYNTAX']).toContain(covers(`${start}*`, whole, repository));
        expect([true, 'REPOSITORY_SYNTAX']).toContain(covers(`*${end}`, whole, repository));
      }),
    );
  });

  test('no text makes reading fail, and what is read matches only whole names', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), fc.constantFrom('', 'glob:', 're:'), name, (text, lead, whole) => {
        const result = parsePattern(`${lead}${text}`, extended);
        if (result.ok) expect(typeof matches(result.pattern, whole)).toBe('boolean');
        else expect(result.problem.message).not.toMatch(/\n/);
      }),
    );
  });
});

describe('names that may have been meant', () => {
  const names = ['team/frontend', 'team/backend', 'ops/backend', 'library/nginx', 'latest', 'v1.20'];
  const suggest = (text: string, options = repository) => {
    const result = parsePattern(text, options);
    return result.ok ? suggestNames(result.pattern, names) : result.problem.code;
  };

  test.each([
    { text: 'team/backnd', suggestions: ['team/backend'], why: 'a letter is missing' },
    { text: 'Team/Backend', suggestions: ['team/backend'], why: 'case' },
    { text: 'backend', suggestions: ['ops/backend', 'team/backend'], why: 'the folder was forgotten' },
    { text: 'tema/*', suggestions: ['team/backend', 'team/frontend'], why: 'a prefix with a slip' },
    { text: '*ngnix', suggestions: ['library/nginx'], why: 'a suffix with a slip' },
    { text: 'something/else', suggestions: [], why: 'nothing is near' },
    { text: '.*', suggestions: [], why: 'everything has no neighbour' },
  ])('"$text": $why', ({ text, suggestions }) => {
    expect(suggest(text)).toEqual(suggestions);
  });

  test('the bounded distance is the edit distance where that is small, and symmetric', () => {
    const word = fc.stringMatching(/^[ab]{0,8}$/);
    fc.assert(
      fc.property(word, word, fc.integer({ min: 0, max: 4 }), (a, b, max) => {
        const distance = plainDistance(a, b);
        expect(boundedDistance(a, b, max)).toBe(distance <= max ? distance : undefined);
        expect(boundedDistance(b, a, max)).toBe(boundedDistance(a, b, max));
      }),
    );
  });
});

function plainDistance(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length;
  const rest = plainDistance(a.slice(1), b.slice(1));
  if (a[0] === b[0]) return rest;
  const isSwap = a.length > 1 && b.length > 1 && a[0] === b[1] && a[1] === b[0];
  const swapped = isSwap ? plainDistance(a.slice(2), b.slice(2)) : rest;
  return 1 + Math.min(rest, swapped, plainDistance(a.slice(1), b), plainDistance(a, b.slice(1)));
}
