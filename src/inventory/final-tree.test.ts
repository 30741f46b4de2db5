import { expect, test } from 'vitest';
import { EntrySetBuilder } from './entry-set.ts';
import { FinalTree } from './final-tree.ts';
import type { LayerFacts } from './layer-facts.ts';

const setOf = (paths: readonly string[]) => {
  const builder = new EntrySetBuilder();
  for (const path of paths) builder.add(path);
  return builder.build();
};
const layer = (parts: {
  entries?: string[];
  folders?: string[];
  whiteouts?: string[];
  opaque?: string[];
}): LayerFacts => ({
  files: [],
  symlinks: [],
  hardLinks: [],
  gaps: [],
  whiteouts: parts.whiteouts ?? [],
  opaque: parts.opaque ?? [],
  entries: setOf(parts.entries ?? []),
  folders: setOf(parts.folders ?? []),
});
const BASE = layer({ entries: ['app/lib/a.dll', 'b'], folders: ['app', 'app/lib'] });

test.each([
  { layers: [BASE], has: true, why: 'it is there' },
  { layers: [BASE, layer({ entries: ['app/c'] })], has: true, why: 'other layers leave it alone' },
  { layers: [layer({})], has: false, why: 'it never was' },
  { layers: [BASE, layer({ whiteouts: ['app/lib/a.dll'] })], has: false, why: 'it was deleted' },
  { layers: [BASE, layer({ whiteouts: ['app'] })], has: false, why: 'its folder was deleted' },
  { layers: [BASE, layer({ opaque: ['app/lib'] })], has: false, why: 'its folder was emptied' },
  { layers: [BASE, layer({ opaque: [''] })], has: false, why: 'everything was' },
  { layers: [BASE, layer({ entries: ['app/lib'] })], has: false, why: 'a file took the place of its folder' },
  { layers: [BASE, layer({ folders: ['app/lib/a.dll'] })], has: false, why: 'a folder took its own place' },
  {
    layers: [BASE, layer({ folders: ['app', 'app/lib'] })],
    has: true,
    why: 'a folder over a folder keeps what is in it',
  },
  {
    layers: [BASE, layer({ whiteouts: ['app'] }), layer({ entries: ['app/lib/a.dll'] })],
    has: true,
    why: 'it came back',
  },
  {
    layers: [BASE, layer({ opaque: ['app'], entries: ['app/lib/a.dll'] })],
    has: true,
    why: 'a layer hides what is below it, not its own',
  },
])('in the tree: $has, because $why', ({ layers, has }) => {
  expect(new FinalTree(layers).has('app/lib/a.dll')).toBe(has);
});
