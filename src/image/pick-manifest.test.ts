import { expect, test } from 'vitest';
import { digestOf } from '#oci/digest.ts';
import type { IndexEntry } from '#oci/manifest.ts';
import { parsePlatform } from '#oci/platform.ts';
import { listNames, pickEntries } from './pick-manifest.ts';

const REF = 'org.opencontainers.image.ref.name';
const FULL = 'io.containerd.image.name';
const one = (id: string, annotations: Record<string, string> = {}, more: Partial<IndexEntry> = {}): IndexEntry => ({
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: digestOf(id),
  size: 1,
  annotations,
  urls: [],
  isAttestation: false,
  ...more,
});
const on = (platform: string, annotations: Record<string, string> = {}) =>
  one(platform, annotations, { platform: parsePlatform(platform) });

const named = [one('a', { [REF]: 'a' }), one('b', { [REF]: '1.0', [FULL]: 'docker.io/library/b:1.0' })];
const multi = [on('linux/amd64', { [REF]: '1' }), on('linux/arm64', { [REF]: '1' })];

test.each([
  { entries: [one('x')], name: undefined, picked: ['x'], why: 'the only one needs no name' },
  { entries: [one('x', { [REF]: 'a' })], name: undefined, picked: ['x'], why: 'also when it has one' },
  {
    entries: [one('x', { [REF]: 'a' }), one('x', { [REF]: 'b' })],
    name: undefined,
    picked: ['x'],
    why: 'one image under two names',
  },
  { entries: named, name: 'a', picked: ['a'], why: 'by the name in the layout' },
  { entries: named, name: '1.0', picked: ['b'], why: 'by tag' },
  { entries: named, name: 'docker.io/library/b:1.0', picked: ['b'], why: 'by the full name of containerd' },
  { entries: named, name: 'b:1.0', picked: ['b'], why: 'by the short form of a full name' },
  { entries: named, name: digestOf('b'), picked: ['b'], why: 'by digest' },
  {
    entries: [one('x', { [REF]: 'quay.io/x/y:2' }), one('z')],
    name: '2',
    picked: ['x'],
    why: 'by the end of a full name',
  },
  { entries: [one('x', { [REF]: 'quay.io/x/y:2' }), one('z')], name: 'y:2', picked: ['x'], why: 'by more of its end' },
  {
    entries: [one('x', { [REF]: 'y:2' }), one('z', { [REF]: '2' })],
    name: '2',
    picked: ['z'],
    why: 'the exact name goes before the end of one',
  },
  { entries: multi, name: undefined, picked: ['linux/amd64', 'linux/arm64'], why: 'platforms of one image' },
  { entries: multi, name: '1', picked: ['linux/amd64', 'linux/arm64'], why: 'platforms of one image, by name' },
  {
    entries: [...multi, one('z', { [REF]: '2' })],
    name: '1',
    picked: ['linux/amd64', 'linux/arm64'],
    why: 'and only those',
  },
  {
    entries: [one('x'), one('proof', {}, { isAttestation: true })],
    name: undefined,
    picked: ['x'],
    why: 'an attestation is no image',
  },
  {
    entries: [one('x'), one('sbom', {}, { artifactType: 'application/spdx+json' })],
    name: undefined,
    picked: ['x'],
    why: 'an artifact is no image',
  },
  {
    entries: [one('x', {}, { artifactType: 'application/vnd.oci.image.config.v1+json' })],
    name: undefined,
    picked: ['x'],
    why: 'an artifact of the type image is one',
  },
  {
    entries: [
      one('x', { kind: 'dev.cosignproject.cosign/image' }),
      one('sig', { kind: 'dev.cosignproject.cosign/sigs' }),
      one('att', { kind: 'dev.cosignproject.cosign/atts' }),
    ],
    name: undefined,
    picked: ['x'],
    why: 'what cosign save puts beside an image is none',
  },
])('$name picks $picked: $why', ({ entries, name, picked }) => {
  expect(pickEntries(entries, name, 'oci:x').map(entry => entry.digest)).toEqual(picked.map(id => digestOf(id)));
});

test.each([
  { entries: [], name: undefined, says: 'there is no image in it', why: 'an empty layout' },
  { entries: [], name: 'a', says: 'there is no image in it', why: 'an empty layout, by name' },
  {
    entries: named,
    name: undefined,
    says: '2 images to choose from; name one of "a", "docker.io/library/b:1.0"',
    why: 'two images',
  },
  { entries: named, name: 'c', says: 'no image of that name; name one of "a"', why: 'a wrong name' },
  { entries: named, name: '.0', says: 'no image of that name', why: 'half a tag is none' },
  { entries: [one('x'), one('y')], name: undefined, says: digestOf('x'), why: 'images without names: their digests' },
  {
    entries: [on('linux/amd64', { [REF]: '1' }), on('linux/arm64', { [REF]: '2' })],
    name: undefined,
    says: '2 images to choose from',
    why: 'other names are other images, whatever their platforms',
  },
  {
    entries: [on('linux/amd64'), one('x')],
    name: undefined,
    says: '2 images to choose from',
    why: 'one without a platform cannot be told from the other',
  },
  {
    entries: [on('linux/amd64'), one('x', {}, { platform: parsePlatform('linux/amd64') })],
    name: undefined,
    says: '2 images to choose from',
    why: 'the same platform twice is not one image',
  },
])('$why is refused', ({ entries, name, says }) => {
  expect(() => pickEntries(entries, name, 'oci:x')).toThrow(
    expect.objectContaining({ code: 'MANIFEST_UNKNOWN', message: expect.stringContaining(says) }),
  );
});

test('a long list of names is cut, and nothing in it steers the terminal', () => {
  const listed = listNames(['\u001b[2J', ...Array.from({ length: 30 }, (_, at) => `n${at}`)]);
  expect(listed).toMatch(/^"\\x1b\[2J", "n0", .*"n18" and 11 more$/);
});
