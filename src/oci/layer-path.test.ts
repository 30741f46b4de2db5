import fc from 'fast-check';
import { expect, test } from 'vitest';
import { linkTarget, markOf, normalisePath } from './layer-path.ts';

test.each([
  { name: 'etc/passwd', path: 'etc/passwd', why: 'the ordinary name' },
  { name: './etc/passwd', path: 'etc/passwd', why: 'tar of a folder' },
  { name: '/etc/passwd', path: 'etc/passwd', why: 'absolute names are below the root' },
  { name: 'etc//ssl/./certs/', path: 'etc/ssl/certs', why: 'empty and dot components mean nothing' },
  { name: 'a/../b', path: 'b', why: 'resolved lexically' },
  { name: '../etc/passwd', path: undefined, why: 'climbs out' },
  { name: 'a/../../b', path: undefined, why: 'climbs out later' },
  { name: '.', path: '', why: 'the root itself' },
  { name: '', path: '', why: 'the root itself' },
  { name: '.hidden/..data', path: '.hidden/..data', why: 'dots in names are names' },
  { name: 'x/'.repeat(300), path: undefined, why: 'deeper than any file system' },
  { name: 'x'.repeat(5000), path: undefined, why: 'longer than any path' },
])('the name "$name" is "$path": $why', ({ name, path }) => {
  expect(normalisePath(name)).toBe(path);
});

test.each([
  { path: 'etc/.wh.motd', mark: { kind: 'whiteout', path: 'etc/motd' } },
  { path: '.wh.etc', mark: { kind: 'whiteout', path: 'etc' } },
  { path: 'var/.wh..wh..opq', mark: { kind: 'opaque', folder: 'var' } },
  { path: '.wh..wh..opq', mark: { kind: 'opaque', folder: '' } },
  { path: '.wh..wh.plnk', mark: { kind: 'reserved' } },
  { path: 'etc/motd', mark: undefined },
  { path: 'etc/.white', mark: undefined },
])('$path is $mark.kind', ({ path, mark }) => {
  expect(markOf(path)).toEqual(mark);
});

test.each([
  { path: 'etc/os-release', target: '../usr/lib/os-release', to: 'usr/lib/os-release' },
  { path: 'lib', target: 'usr/lib', to: 'usr/lib' },
  { path: 'lib', target: '/usr/lib', to: 'usr/lib' },
  { path: 'a/b', target: '../../../c', to: 'c' },
])('$path -> $target leads to $to', ({ path, target, to }) => {
  expect(linkTarget(path, target)).toBe(to);
});

test('a normalised path never leaves its folder, and is its own normal form', () => {
  const names = fc
    .array(fc.constantFrom('..', '.', '', 'a', 'b.c', '...', '.wh.x', '/'), { maxLength: 12 })
    .map(parts => parts.join('/'));
  fc.assert(
    fc.property(names, name => {
      const path = normalisePath(name);
      if (path === undefined) return;
      expect(path.split('/')).not.toContain('..');
      expect(path.startsWith('/')).toBe(false);
      expect(normalisePath(path)).toBe(path);
    }),
  );
});
