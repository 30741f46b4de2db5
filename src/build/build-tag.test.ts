import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatBuildTag, nextBuildTag, parseBuildTag, requireFreeTag } from './build-tag.ts';

describe('tags of builds', () => {
  test.each([
    { text: '1.0-1', version: '1.0', number: 1, why: 'the example of the convention' },
    { text: ' 1.0-1\n', version: '1.0', number: 1, why: 'blanks come along when a tag is pasted' },
    { text: '2.3-rc.1-12', version: '2.3-rc.1', number: 12, why: 'a version may have dashes: the last one counts' },
    { text: '_x-7', version: '_x', number: 7, why: 'tags may begin with an underscore' },
    { text: '1.0--1', version: '1.0-', number: 1, why: 'odd, but the convention allows it' },
  ])('"$text" is version $version, number $number: $why', ({ text, version, number }) => {
    expect(parseBuildTag(text)).toEqual({ version, number });
  });

  test.each([
    { text: '1.0', says: 'did you mean "1.0-1"', why: 'people type the version alone' },
    { text: '1.0-', says: 'did you mean "1.0-1"', why: 'the number is yet to come' },
    { text: '1.0-rc', says: 'did you mean "1.0-rc-1"', why: 'what follows the dash is part of the version' },
    { text: '1.0-0', says: 'begins with 1', why: 'the first build is number 1' },
    { text: '1.0-01', says: 'no zero in front', why: 'two tags would name one build' },
    { text: '1.0-99999999999', says: 'at most', why: 'it is no number of builds' },
    { text: '', says: 'without a tag', why: 'nothing was given' },
    { text: '-1', says: 'begins with neither', why: 'there is no version' },
    { text: '.x-1', says: 'begins with neither', why: 'no registry takes it' },
    { text: 'a b-1', says: 'made of letters', why: 'no registry takes blanks' },
    { text: 'a/b-1', says: 'made of letters', why: 'a slash belongs to repositories' },
    { text: `${'x'.repeat(130)}-1`, says: 'at most 128', why: 'registries refuse longer ones' },
  ])('"$text" is refused: $why', ({ text, says }) => {
    expect(() => parseBuildTag(text)).toThrow(says);
  });

  test('what is written is read again', () => {
    const version = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,30}$/);
    const number = fc.integer({ min: 1, max: 999_999_999 });
    fc.assert(
      fc.property(version, number, (v, n) => {
        expect(parseBuildTag(formatBuildTag({ version: v, number: n }))).toEqual({ version: v, number: n });
      }),
    );
  });

  test('the next number is above all others, also where some are missing', () => {
    expect(nextBuildTag('1.0', [])).toEqual({ version: '1.0', number: 1 });
    expect(nextBuildTag('1.0', [1, 7, 3])).toEqual({ version: '1.0', number: 8 });
  });

  test('a number that was used is refused, and the next free tag is offered', () => {
    expect(() => requireFreeTag({ version: '1.0', number: 2 }, [1, 2, 5])).toThrow('the next free tag is "1.0-6"');
    expect(() => requireFreeTag({ version: '1.0', number: 3 }, [1, 2, 5])).not.toThrow();
  });
});
