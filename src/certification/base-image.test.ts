import fc from 'fast-check';
import { expect, test } from 'vitest';
import { digestOf } from '#oci/digest.ts';
import { parseBaseCatalogue } from './base-catalogue.ts';
import { type BaseImage, EMPTY_LAYER, findBase } from './base-image.ts';

const base = (name: string, layers: readonly string[], isApproved = true): BaseImage => ({ name, layers, isApproved });
const minimal = base('minimal', ['a']);
const full = base('full', ['a', 'b']);
const old = base('old', ['x', 'y', 'z'], false);

test('the empty layer is the digest of two empty blocks', () => {
  expect(digestOf(Buffer.alloc(1024))).toBe(EMPTY_LAYER);
});

test.each([
  { layers: ['a', 'c'], bases: [minimal], found: 'based minimal', why: 'it begins with all its layers' },
  { layers: ['a', 'b', 'c'], bases: [minimal, full], found: 'based full', why: 'the base with the most layers' },
  { layers: ['a'], bases: [minimal], found: 'based minimal', why: 'the base itself' },
  { layers: ['a', EMPTY_LAYER, 'b'], bases: [full], found: 'based full', why: 'empty layers do not count' },
  { layers: ['x', 'y', 'z', 'c'], bases: [minimal, old], found: 'not-approved old', why: 'known, and not approved' },
  {
    layers: ['a', 'b'],
    bases: [minimal, base('bad', ['a', 'b'], false)],
    found: 'based minimal',
    why: 'approved goes first',
  },
  { layers: ['a', 'c'], bases: [full], found: 'near full', why: 'half of it' },
  { layers: ['q', 'b'], bases: [full], found: 'near full', why: 'its last layer elsewhere' },
  { layers: ['q'], bases: [full, minimal], found: 'none', why: 'nothing of it' },
  { layers: [], bases: [base('empty', [EMPTY_LAYER])], found: 'none', why: 'a base of nothing fits nobody' },
])('$layers on $bases.length bases: $found ($why)', ({ layers, bases, found }) => {
  const match = findBase(layers, bases);
  expect('base' in match ? `${match.kind} ${match.base.name}` : match.kind).toBe(found);
});

const layers = fc.array(fc.constantFrom('a', 'b', 'c', EMPTY_LAYER), { maxLength: 6 });

test('whatever is built on a base is found to be', () => {
  fc.assert(
    fc.property(layers, layers, (below, above) => {
      fc.pre(below.some(one => one !== EMPTY_LAYER));
      return findBase([...below, ...above], [base('it', below)]).kind === 'based';
    }),
  );
});

test('a catalogue is read; what is wrong in it is told by its place', () => {
  const layer = `sha256:${'a'.repeat(64)}`;
  const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));
  expect(
    parseBaseCatalogue(bytes({ bases: [{ name: 'ubi', layers: [layer], approved: false, note: 'old' }] }), 'f'),
  ).toEqual([{ name: 'ubi', layers: [layer], isApproved: false, note: 'old' }]);
  expect(() => parseBaseCatalogue(Buffer.from('{'), 'bases.json')).toThrow(
    'Cannot read base images "bases.json": it is not JSON',
  );
  expect(() => parseBaseCatalogue(bytes({ bases: [{ name: 'ubi', layers: ['x'] }] }), 'f')).toThrow('bases.0.layers.0');
  expect(() => parseBaseCatalogue(bytes({ bases: [{ name: 'ubi', layers: [layer], aproved: true }] }), 'f')).toThrow(
    'aproved',
  );
});
