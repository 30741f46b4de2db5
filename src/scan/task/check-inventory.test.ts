/** What a server takes from a sensor as an inventory, and what not. */
import { expect, test } from 'vitest';
import { packageOf } from '#matching/testing/sample.ts';
import { foundImage, inventoryFor } from '../content/testing/content-fixture.ts';
import { checkInventory } from './check-inventory.ts';

const inventory = inventoryFor(
  foundImage(['app']),
  ['app'],
  [
    {
      package: packageOf({ type: 'npm', name: 'lodash', version: '1', properties: { a: 'b' }, licenses: ['MIT'] }),
      layer: 'app',
    },
  ],
  { release: { id: 'debian', idLike: [], name: 'Debian' } },
);

const WHAT = 'the inventory of an image';

test('an inventory comes back as it was', () => {
  const redHat = { repositories: ['rhel-9-for-x86_64-baseos-rpms'], image: 'ubi9/ubi' };
  for (const one of [inventory, { ...inventory, redHat }]) {
    expect(checkInventory(JSON.parse(JSON.stringify(one)), WHAT)).toEqual(one);
  }
});

const wrong: readonly { text: string; why: string }[] = [
  { text: '[]', why: 'no object' },
  { text: JSON.stringify({ ...inventory, packages: [{}] }), why: 'a package without a name' },
  { text: JSON.stringify({ ...inventory, packages: [{ ...inventory.packages[0], layer: 'x' }] }), why: 'no digest' },
  { text: JSON.stringify({ ...inventory, gaps: [{ reason: 1 }] }), why: 'a reason that is no text' },
  { text: JSON.stringify({ ...inventory, distro: { id: 'x'.repeat(20_000) } }), why: 'a name without end' },
];
test.each(wrong)('refused: $why', ({ text }) => {
  expect(() => checkInventory(JSON.parse(text), WHAT)).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
});
