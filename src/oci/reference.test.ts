import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { formatReference, parseReference, type Reference } from './reference.ts';

const HEX = '0123456789abcdef'.repeat(4);
const DIGEST = `sha256:${HEX}`;

test.each([
  { text: 'alpine', full: 'docker.io/library/alpine:latest', why: 'a bare name is an official image, latest' },
  { text: 'alpine:3.20', full: 'docker.io/library/alpine:3.20', why: 'a tag' },
  { text: 'grafana/grafana', full: 'docker.io/grafana/grafana:latest', why: 'one slash, no host: a user of docker.io' },
  { text: 'docker.io/alpine', full: 'docker.io/library/alpine:latest', why: 'docker.io written out' },
  { text: 'index.docker.io/alpine', full: 'docker.io/library/alpine:latest', why: 'the older name of docker.io' },
  { text: 'localhost/app', full: 'localhost/app:latest', why: 'localhost is a host though it has no dot' },
  { text: 'localhost:5000/app', full: 'localhost:5000/app:latest', why: 'the colon is a port, not a tag' },
  { text: 'app:5000', full: 'docker.io/library/app:5000', why: 'without a slash the colon is a tag' },
  { text: 'quay.io/a/b/c/d:v1', full: 'quay.io/a/b/c/d:v1', why: 'a deep path' },
  { text: 'MyHost/app', full: 'MyHost/app:latest', why: 'capitals can only be a host' },
  { text: '[::1]:5000/app:1', full: '[::1]:5000/app:1', why: 'IPv6' },
  { text: '127.0.0.1/app', full: '127.0.0.1/app:latest', why: 'IPv4' },
  { text: `alpine@${DIGEST}`, full: `docker.io/library/alpine@${DIGEST}`, why: 'a digest needs no tag' },
  { text: `alpine:3@${DIGEST}`, full: `docker.io/library/alpine:3@${DIGEST}`, why: 'both: the tag is a label' },
  { text: 'docker://alpine', full: 'docker.io/library/alpine:latest', why: 'the transport spelt out' },
  { text: 'a__b/c.d/e-f--g:T_1', full: 'docker.io/a__b/c.d/e-f--g:T_1', why: 'every separator' },
  { text: 'oci:1.0', full: 'oci:1.0', why: 'a transport goes before a name: docker://oci:1.0 is the image' },
  { text: 'docker://oci:1.0', full: 'docker.io/library/oci:1.0', why: 'an image called oci' },
  { text: 'docker://dir:5000/app', full: 'docker://dir:5000/app:latest', why: 'a host that reads like a transport' },
  { text: 'oci:some/dir', full: 'oci:some/dir', why: 'a layout' },
  { text: 'oci:some/dir:', full: 'oci:some/dir', why: 'an empty name is none' },
  { text: 'oci:/a/b:quay.io/x:1', full: 'oci:/a/b:quay.io/x:1', why: 'the path ends at the first colon' },
  { text: 'oci-archive:a.tar:1', full: 'oci-archive:a.tar:1', why: 'an archive and a name' },
  { text: 'docker-archive:a b.tar', full: 'docker-archive:a b.tar', why: 'a path with a blank' },
  { text: 'docker-daemon:app:1', full: 'docker-daemon:app:1', why: 'what the engine calls it' },
  { text: 'dir:/a:b', full: 'dir:/a:b', why: 'a root folder has no name, so its path may hold colons' },
])('$text is $full: $why', ({ text, full }) => {
  const reference = parseReference(text);
  expect(formatReference(reference)).toBe(full);
  expect(parseReference(full)).toEqual(reference);
});

test.each([
  { text: '', says: 'empty' },
  { text: 'Alpine', says: 'lower case' },
  { text: 'alpine:', says: 'is not a tag' },
  { text: 'alpine:-1', says: 'is not a tag' },
  { text: `alpine:${'a'.repeat(129)}`, says: 'is not a tag' },
  { text: 'alpine@', says: 'is not a digest' },
  { text: 'alpine@sha256:abc', says: 'is not a digest' },
  { text: `alpine@md5:${HEX.slice(32)}`, says: 'is not a digest' },
  { text: `alpine@${DIGEST}@${DIGEST}`, says: 'is not a digest' },
  { text: 'a//b', says: 'is not a repository name' },
  { text: 'a/../b', says: 'is not a repository name' },
  { text: '/alpine', says: 'is not a repository name' },
  { text: 'a___b', says: 'is not a repository name' },
  { text: 'quay.io/', says: 'the name of the repository is missing' },
  { text: 'quay.io:port/app', says: 'is not a registry host' },
  { text: 'user@quay.io/app', says: 'is not a digest' },
  { text: 'https://quay.io/app', says: 'is not a registry host' },
  { text: 'docker://', says: 'the name is missing' },
  { text: 'oci:', says: 'the path is missing' },
  { text: 'oci::1.0', says: 'the path is missing' },
  { text: 'docker-daemon:', says: 'the name of the image is missing' },
  { text: 'a\0b', says: 'NUL' },
  { text: `a/${'b'.repeat(300)}`, says: '255' },
  { text: 'a'.repeat(5000), says: '4096' },
])('$text is refused: $says', ({ text, says }) => {
  expect(() => parseReference(text)).toThrow(
    expect.objectContaining({ code: 'REFERENCE_INVALID', message: expect.stringContaining(says) }),
  );
});

const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
const component = fc
  .tuple(word, fc.array(fc.tuple(fc.constantFrom('.', '_', '__', '-', '---'), word), { maxLength: 2 }))
  .map(([first, rest]) => first + rest.map(([separator, next]) => separator + next).join(''));
const host = fc
  .oneof(
    fc.tuple(word, word).map(names => names.join('.')),
    fc.constantFrom('localhost', 'HOST', '[::1]', '10.0.0.1'),
    fc.constantFrom('oci:1', 'dir:5000', 'oci-archive:80', 'docker-archive:80', 'docker-daemon:80'),
  )
  .chain(name => (name.includes(':') && !name.startsWith('[') ? fc.constant(name) : withPort(name)));
const tag = fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,20}$/);
const digest = fc.stringMatching(/^[0-9a-f]{64}$/).map(hex => `sha256:${hex}`);
const path = fc.string({ minLength: 1, maxLength: 30 }).filter(text => !/[:\0]/.test(text));
const freeName = fc.string({ minLength: 1, maxLength: 30 }).filter(text => !text.includes('\0'));

function withPort(name: string): fc.Arbitrary<string> {
  return fc.option(fc.integer({ min: 1, max: 65535 })).map(port => (port === null ? name : `${name}:${port}`));
}

const reference = fc.oneof(
  fc
    .record(
      {
        transport: fc.constant('docker' as const),
        registry: host,
        repository: fc.array(component, { minLength: 1, maxLength: 4 }).map(parts => parts.join('/')),
        tag,
        digest,
      },
      { requiredKeys: ['transport', 'registry', 'repository'] },
    )
    .filter(one => 'tag' in one || 'digest' in one),
  fc.record(
    {
      transport: fc.constantFrom('oci' as const, 'oci-archive' as const, 'docker-archive' as const),
      path,
      name: freeName,
    },
    { requiredKeys: ['transport', 'path'] },
  ),
  fc.record({ transport: fc.constant('dir' as const), path: freeName }),
  fc.record({ transport: fc.constant('docker-daemon' as const), name: freeName }),
);

test('a reference that was formatted reads back as the same', () => {
  fc.assert(
    fc.property(reference, one => {
      expect(parseReference(formatReference(one as Reference))).toEqual(one);
    }),
    { numRuns: 1000 },
  );
});

test('a text that can be read is, formatted, read as the same', () => {
  const text = fc.oneof(fc.string({ maxLength: 40 }), fc.stringMatching(/^[a-zA-Z0-9.:/@_-]{0,40}$/));
  fc.assert(
    fc.property(text, one => {
      let parsed: Reference;
      try {
        parsed = parseReference(one);
      } catch (error) {
        expect(error).toBeInstanceOf(PlimsollError);
        return;
      }
      expect(parseReference(formatReference(parsed))).toEqual(parsed);
    }),
    { numRuns: 2000 },
  );
});
