import { expect, test } from 'vitest';
import { fileEntry, readClaimed } from '../../../test/fixtures/claimed-file.ts';
import { rCataloguer } from './cataloguer.ts';

const PATH = 'usr/lib/R/site-library/digest/DESCRIPTION';
const BASE = 'Package: digest\nVersion: 0.6.31\n';
const BUILT = "Built: R 4.2.2; x86_64-pc-linux-gnu; 'Mon, 12 Dec 2022'; unix\n";
const FOUND = { type: 'cran', name: 'digest', version: '0.6.31' };
const read = (content: string) => readClaimed(rCataloguer, PATH, content);

test.each([
  {
    content: `${BASE}License: GPL (>= 2)\nDescription: Hash digests\n of anything\nRepository: CRAN\n${BUILT}`,
    found: { ...FOUND, licenses: ['GPL (>= 2)'], properties: { repository: 'CRAN' } },
    why: 'from CRAN',
  },
  {
    content: `${BASE}RemoteType: github\nRemoteSha: 0a1b\n${BUILT}`,
    found: { ...FOUND, properties: { repository: 'github', commit: '0a1b' } },
    why: 'from a Git forge',
  },
  {
    content: `${BASE}biocViews: Software\n${BUILT}`,
    found: { ...FOUND, properties: { repository: 'Bioconductor' } },
    why: 'from Bioconductor',
  },
  {
    content: `${BASE}Priority: recommended\n${BUILT}`,
    found: FOUND,
    why: 'recommended packages have versions of their own',
  },
])('$why', ({ content, found }) => {
  expect(read(content)?.packages).toEqual([found]);
});

test.each([
  { content: `${BASE}Priority: base\n${BUILT}`, why: 'a part of R, with its version' },
  { content: BASE, why: 'a source tree: nothing was built' },
  { content: `Package: digest\n${BUILT}`, why: 'no version' },
  { content: 'a text about something', why: 'another program’s file' },
])('no package: $why', ({ content }) => {
  expect(read(content)).toBeUndefined();
});

test('only files of that very name are claimed', () => {
  expect(rCataloguer.claims(fileEntry('usr/lib/R/library/stats/DESCRIPTION.md'))).toBe(false);
});
