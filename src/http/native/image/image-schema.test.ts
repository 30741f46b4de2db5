import { expect, test } from 'vitest';
import { endOfLifeOf } from './image-schema.ts';

const NOW = new Date('2026-08-15T10:00:00Z');
const cases = [
  { distro: null, told: null, why: 'nothing is known before the first report' },
  { distro: { id: 'wolfi', name: 'Wolfi' }, told: null, why: 'a release without an end has none' },
  { distro: { id: 'alpine', name: 'Alpine Linux v3.22', endOfLife: '2027-05-01' }, told: null, why: 'it is supported' },
  {
    distro: { id: 'alpine', name: 'Alpine Linux v3.0', endOfLife: '2026-08-15' },
    told: null,
    why: 'its last day counts',
  },
  {
    distro: { id: 'alpine', name: 'Alpine Linux v3.9', endOfLife: '2020-11-01' },
    told: { release: 'Alpine Linux v3.9', since: '2020-11-01' },
    why: 'it is past its end',
  },
] as const;

test.each(cases)('a release past its end is told with every scan: $why', ({ distro, told }) => {
  expect(endOfLifeOf({ distro }, NOW)).toEqual(told);
});
