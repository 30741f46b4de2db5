import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AffectedPackage } from '#advisory/advisory.ts';
import { decodeEntries, encodeEntry, withoutPlaces } from './affected-entry.ts';
import { anyAffected, fixedIn, makeAdvisory } from './testing/samples.ts';

const weakness = makeAdvisory({ id: 'A-1' });
const decodeOne = (text: string) => decodeEntries(text, 'npm', 'left-pad')[0];

test.each<{ affected: AffectedPackage; text: string; why: string }>([
  { affected: fixedIn('npm', 'left-pad', '1.3.0'), text: '[7,"1.3.0"]', why: 'most have one fix and nothing else' },
  {
    affected: { ...fixedIn('npm', 'left-pad', '1.3.0'), nameKind: 'source' },
    text: '[7,"1.3.0",1]',
    why: 'a distribution says which kind of name it means',
  },
  {
    affected: {
      ecosystem: 'npm',
      name: 'left-pad',
      range: {
        ranges: [[{ kind: 'introduced', version: '1.0' }], [{ kind: 'last-affected', version: '0.9' }]],
        versions: ['x'],
      },
    },
    text: '[7,["i1.0",0,"a0.9"],0,{"v":["x"]}]',
    why: 'several ranges are kept apart',
  },
  {
    affected: { ecosystem: 'npm', name: 'left-pad', range: { ranges: [] } },
    text: '[7,null]',
    why: 'no range is not an empty range',
  },
])('an entry is as short as what it says: $why', ({ affected, text }) => {
  expect(encodeEntry(7, weakness, affected)).toBe(text);
  expect(decodeOne(text)).toEqual({ place: 7, kind: 'weakness', isWithdrawn: false, affected });
});

test('an entry says what matching asks of its advisory', () => {
  const advisory = makeAdvisory({ id: 'A-1', kind: 'malware', withdrawn: '2024-01-01' });
  const text = encodeEntry(3, advisory, fixedIn('npm', 'left-pad', '1'));
  expect(decodeOne(text)).toMatchObject({ place: 3, kind: 'malware', isWithdrawn: true });
});

test('what is stored is what is read', () => {
  fc.assert(
    fc.property(fc.array(anyAffected, { maxLength: 5 }), all => {
      const named = all.map(affected => ({ ...affected, ecosystem: 'npm', name: 'x' }));
      const text = named.map((affected, place) => encodeEntry(place, weakness, affected)).join(',');
      expect(decodeEntries(text, 'npm', 'x').map(entry => entry.affected)).toEqual(named.map(withPlainState));
    }),
  );
});

test('entries of some advisories are taken out, the others stay as they are', () => {
  const entries = [0, 1, 1, 2].map(place => encodeEntry(place, weakness, fixedIn('npm', 'x', `1.${place}`)));
  expect(withoutPlaces(entries.join(','), new Set([1]))).toEqual({
    text: [entries[0], entries[3]].join(','),
    records: 2,
  });
  expect(withoutPlaces(entries.join(','), new Set([0, 1, 2]))).toEqual({ text: '', records: 0 });
});

/** `undefined` fields are not there. */
function withPlainState(affected: AffectedPackage): AffectedPackage {
  return structuredClone(affected);
}
