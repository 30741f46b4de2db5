import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { defaultPlatform, formatPlatform, parsePlatform, platformMatch, toPlatform } from './platform.ts';

test.each([
  { text: 'linux/amd64', full: 'linux/amd64', why: 'the usual one' },
  { text: 'amd64', full: 'linux/amd64', why: 'an architecture alone means Linux' },
  { text: 'linux/x86_64', full: 'linux/amd64', why: 'what uname says' },
  { text: 'aarch64', full: 'linux/arm64', why: 'what uname says on ARM' },
  { text: 'linux/arm64/v8', full: 'linux/arm64', why: 'v8 is what arm64 means' },
  { text: 'linux/amd64/v1', full: 'linux/amd64', why: 'v1 is what amd64 means' },
  { text: 'linux/amd64/v3', full: 'linux/amd64/v3', why: 'a level of its own' },
  { text: 'linux/arm/v6', full: 'linux/arm/v6', why: 'the Raspberry Pi 1' },
  { text: 'linux/armhf', full: 'linux/arm/v7', why: 'Debian’s name of it' },
  { text: 'linux/i386', full: 'linux/386', why: 'Debian’s name of it' },
  { text: 'Linux/AMD64', full: 'linux/amd64', why: 'capitals' },
  { text: 'windows/amd64', full: 'windows/amd64', why: 'another system' },
])('$text is $full: $why', ({ text, full }) => {
  expect(formatPlatform(parsePlatform(text))).toBe(full);
});

test.each(['', '/', 'linux/', 'linux//v8', 'a/b/c/d', 'linux/amd 64', 'linux/amd64\n', '../etc', 'windows', 'Linux'])(
  '"%s" is no platform',
  text => {
    expect(() => parsePlatform(text)).toThrow(expect.objectContaining({ code: 'PLATFORM_INVALID' }));
  },
);

test.each([
  { wanted: 'linux/amd64', offered: 'linux/amd64', match: 2, why: 'the same' },
  { wanted: 'linux/arm64', offered: 'linux/arm64/v8', match: 2, why: 'the same, said otherwise' },
  { wanted: 'linux/arm', offered: 'linux/arm/v7', match: 1, why: 'no variant asked for: any will do' },
  { wanted: 'linux/arm/v7', offered: 'linux/arm', match: 1, why: 'no variant said: it may be that one' },
  { wanted: 'linux/arm/v7', offered: 'linux/arm/v6', match: 0, why: 'another variant' },
  { wanted: 'linux/amd64', offered: 'linux/arm64', match: 0, why: 'another architecture' },
  { wanted: 'linux/amd64', offered: 'windows/amd64', match: 0, why: 'another system' },
])('who wants $wanted is served by $offered: $match ($why)', ({ wanted, offered, match }) => {
  expect(platformMatch(parsePlatform(wanted), parsePlatform(offered))).toBe(match);
});

test.each(['constructor', '__proto__', 'toString'])('an architecture called %s is just a word', architecture => {
  expect(toPlatform('linux', architecture)).toEqual({ os: 'linux', architecture });
});

test('without a wish it is Linux on an architecture that index entries use', () => {
  expect(defaultPlatform()).toEqual(parsePlatform(formatPlatform(defaultPlatform())));
  expect(defaultPlatform().os).toBe('linux');
});

test('a platform that can be read is, formatted, read as the same; no text throws anything else', () => {
  const text = fc.oneof(fc.string({ maxLength: 30 }), fc.stringMatching(/^[a-z0-9]{1,6}(\/[a-z0-9_.-]{1,6}){0,3}$/));
  fc.assert(
    fc.property(text, one => {
      try {
        const platform = parsePlatform(one);
        expect(parsePlatform(formatPlatform(platform))).toEqual(platform);
      } catch (error) {
        expect(error).toBeInstanceOf(PlimsollError);
      }
    }),
    { numRuns: 1000 },
  );
});
