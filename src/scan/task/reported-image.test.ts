/** What sensors report of images, there and back. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toFileFacts } from '#certification/file-facts.ts';
import { sampleChange, sampleSubject } from '#certification/testing/sample-subject.ts';
import { EntrySetBuilder } from '#inventory/entry-set.ts';
import type { LayerFacts } from '#inventory/layer-facts.ts';
import { parseDigest } from '#oci/digest.ts';
import { readReported, toReported, writeReported } from './reported-image.ts';

const DIGEST = parseDigest(`sha256:${'a'.repeat(64)}`);
const { inventory, files } = sampleSubject();
const NOTHING = new EntrySetBuilder().build();
const LAYER: LayerFacts = {
  files: [],
  whiteouts: [],
  opaque: [],
  symlinks: [],
  hardLinks: [],
  entries: NOTHING,
  folders: NOTHING,
  gaps: [],
};

const facts = [
  { files, why: 'an image with nothing odd' },
  { files: { ...files, licenses: { kind: 'missing' } }, why: 'no licences' },
  { files: { ...files, licenses: { kind: 'not-a-folder' } }, why: 'a file in their place' },
  { files: { ...files, licenses: { kind: 'elsewhere', path: 'opt/terms' } }, why: 'a link to elsewhere' },
  {
    files: {
      ...files,
      platformId: 'platform:el9',
      rootUsers: ['toor'],
      unread: ['Layer 1 was not read'],
      gaps: ['Layer 2: too many files'],
      changes: {
        changes: [sampleChange(), sampleChange({ kind: 'updated', isHardened: true })],
        isComplete: false,
        removedFolders: [{ path: 'usr/share', layer: 2, fileCount: 3 }],
        reinstalledCount: 7,
      },
    },
    why: 'everything that there can be',
  },
] as const;

test.each(facts)('facts about files come back as they were: $why', ({ files: sent }) => {
  expect(readReported(writeReported({ inventory, files: sent }), DIGEST)).toEqual({ inventory, files: sent });
});

test('an inventory without them is taken, as sensors of before send it', () => {
  expect(readReported(JSON.stringify(inventory), DIGEST)).toEqual({ inventory });
});

test('of an image that was read by parts no facts are told, since checks want its layers whole', () => {
  const layer = { digest: DIGEST, sizeBytes: 1 } as const;
  const reportOf = (...verifiedBy: readonly ('layer' | 'toc')[]) =>
    toReported({
      inventory: {
        ...inventory,
        image: { ...inventory.image, layers: verifiedBy.map(one => ({ ...layer, verifiedBy: one })) },
      },
      layers: verifiedBy.map(() => LAYER),
    });
  expect(reportOf('layer', 'toc').files).toBeUndefined();
  expect(reportOf('layer', 'layer').files).toEqual(toFileFacts([LAYER, LAYER]));
});

const bad = [
  { text: '{', why: 'no JSON' },
  { text: 'null', why: 'nothing' },
  { text: '[]', why: 'a list' },
  { text: JSON.stringify({ ...inventory, packages: {} }), why: 'packages that are no list' },
  { text: JSON.stringify({ ...inventory, files: null }), why: 'facts that are nothing' },
  { text: JSON.stringify({ ...inventory, files: { ...files, unread: 'no' } }), why: 'facts of another form' },
  {
    text: JSON.stringify({ ...inventory, files: { ...files, licenses: { kind: 'fine' } } }),
    why: 'licences of a kind that nobody knows',
  },
] as const;

test.each(bad)('refuses $why', ({ text }) => {
  expect(() => readReported(text, DIGEST)).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
});

test('whatever comes is taken or refused, and nothing else happens', () => {
  fc.assert(
    fc.property(fc.json(), fc.json(), (one, other) => {
      const text = JSON.stringify({
        ...inventory,
        files: JSON.parse(one) as unknown,
        more: JSON.parse(other) as unknown,
      });
      try {
        expect(readReported(text, DIGEST).files).toBeDefined();
      } catch (error) {
        expect(error).toMatchObject({ code: 'REQUEST_INVALID' });
      }
    }),
    { numRuns: 100 },
  );
});
