import { expect, test } from 'vitest';
import type { DatabaseStatus, Part } from './database-status.ts';
import { freshnessOf } from './freshness.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const part = (source: string, asOf: string): Part => ({
  source,
  name: '',
  origin: 'here',
  asOf,
  importedAt: asOf,
  advisories: 1,
  counts: { read: 1, kept: 1, skipped: {}, lost: {} },
});
const status = (builtAt: string, parts: readonly Part[] = []): DatabaseStatus => ({
  path: 'v.db',
  sizeBytes: 1,
  schemaVersion: 2,
  builtAt,
  builtBy: '1',
  advisories: 1,
  parts,
});

test.each([
  { builtAt: '2026-11-21T11:00:00Z', ageDays: 0, isStale: false, why: 'an hour ago' },
  { builtAt: '2026-11-14T12:00:00Z', ageDays: 7, isStale: false, why: 'as old as allowed' },
  { builtAt: '2026-11-13T12:00:00Z', ageDays: 8, isStale: true, why: 'a day older' },
  { builtAt: '2027-01-01T00:00:00Z', ageDays: 0, isStale: false, why: 'by a clock that goes before' },
  { builtAt: '', ageDays: Number.POSITIVE_INFINITY, isStale: true, why: 'nobody knows when' },
])('a database that was built $why is $ageDays days old', ({ builtAt, ageDays, isStale }) => {
  expect(freshnessOf(status(builtAt), NOW)).toMatchObject({ ageDays, isStale });
});

test('a fresh database may have old sources, which are told, the oldest first', () => {
  const parts = [part('kev', '2026-11-20'), part('osv', '2026-10-01'), part('epss', '2025-10-01')];
  const { isStale, staleParts } = freshnessOf(status(NOW.toISOString(), parts), NOW, 30);
  expect(isStale).toBe(false);
  expect(staleParts.map(({ source, ageDays }) => [source, ageDays])).toEqual([
    ['epss', 416],
    ['osv', 51],
  ]);
});
