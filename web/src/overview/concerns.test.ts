import { expect, test } from 'vitest';
import type { Overview, Registry, Run, VulnerabilityDatabase } from '../api/model.ts';
import { type Known, listConcerns } from './concerns.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const COUNTS = {
  critical: 7,
  high: 0,
  medium: 0,
  low: 0,
  negligible: 0,
  unknown: 0,
  fixable: 0,
  knownExploited: 0,
  undetermined: 0,
};
const totals = (wrong: Partial<Overview['totals']>): Overview['totals'] => ({
  images: 9,
  scannedImages: 9,
  vulnerableImages: 0,
  failedImages: 0,
  queuedImages: 0,
  criticalImages: 0,
  exploitedImages: 0,
  counts: COUNTS,
  ...wrong,
});
const database = (builtAt: string | undefined) =>
  ({
    current: builtAt === undefined ? null : { id: 1, sha256: '', sizeBytes: 1, builtAt, advisories: 1, parts: [] },
    pending: null,
    isBuilding: false,
    rematches: [],
  }) satisfies VulnerabilityDatabase;
const run = (state: Run['state'], completedAt: string) =>
  ({ id: 'r', number: 3, state, reason: null, completedAt }) as Run;

test.each<{ known: Omit<Known, 'now'>; texts: readonly string[]; why: string }>([
  { known: {}, texts: [], why: 'what is not known yet is no concern' },
  { known: { totals: totals({}) }, texts: [], why: 'nothing is wrong' },
  {
    known: { totals: totals({ criticalImages: 1, exploitedImages: 2, failedImages: 3 }) },
    texts: [
      '2 images have findings that are known to be exploited',
      '1 image has 7 critical findings',
      '3 images could not be scanned',
    ],
    why: 'exploited before critical before failed',
  },
  {
    known: { registries: [{ id: 'x', name: 'hub', health: 'unreachable' } as Registry] },
    texts: ['The registry hub cannot be used'],
    why: 'a registry that is away',
  },
  {
    known: { runs: [run('Failed', '2026-11-20T12:00:00Z'), run('Failed', '2026-01-20T12:00:00Z')] },
    texts: ['Run 3 failed'],
    why: 'an old failure is history',
  },
  { known: { runs: [run('Finished', '2026-11-20T12:00:00Z')] }, texts: [], why: 'a run that went well' },
  {
    known: { database: database(undefined) },
    texts: ['There is no vulnerability database yet: nothing can be said of any image'],
    why: 'no database is worse than an old one',
  },
  { known: { database: database('2026-11-20T12:00:00Z') }, texts: [], why: 'of yesterday' },
  {
    known: { database: database('2026-11-18T12:00:00Z') },
    texts: ['The vulnerability database is 3 days old'],
    why: 'an old one',
  },
  { known: { sensors: [] }, texts: ['No sensor is there: nothing is scanned'], why: 'no sensor at all' },
  {
    known: {
      sensors: [
        { name: 'a', state: 'disconnected' },
        { name: 'b', state: 'running' },
      ],
    },
    texts: ['The sensor a does not answer'],
    why: 'one of two',
  },
])('concerns: $why', ({ known, texts }) => {
  expect(listConcerns({ ...known, now: NOW }).map(({ text }) => text)).toEqual(texts);
});
