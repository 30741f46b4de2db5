import { expect, test } from 'vitest';
import { LayerCollector } from './layer-collector.ts';

const LIMITS = { maxEntries: 100, maxLinks: 2, maxFiles: 100, maxGaps: 100 };

test('links beyond the limit are one gap for each kind, however many there are', () => {
  using collector = new LayerCollector({ byPath: [], byMagic: [] }, LIMITS);
  for (let at = 0; at < 9; at++) {
    collector.addSymlink(`link-${at}`, 'target');
    collector.addHardLink(`hard-${at}`, 'target');
  }
  const { gaps, symlinks, hardLinks } = collector.finish();
  expect(symlinks).toHaveLength(2);
  expect(hardLinks).toHaveLength(2);
  expect(gaps.map(gap => gap.reason)).toEqual([
    'It has over 2 symlinks; the rest were not followed',
    'It has over 2 hard links; the rest were not followed',
  ]);
});
