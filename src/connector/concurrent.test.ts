import { expect, test } from 'vitest';
import { mapConcurrently } from './concurrent.ts';

async function* numbers(count: number): AsyncGenerator<number> {
  for (let at = 0; at < count; at += 1) yield at;
}

test('results come in order, with no more than the limit under way', async () => {
  let under = 0;
  let most = 0;
  const work = async (at: number) => {
    under += 1;
    most = Math.max(most, under);
    for (let turns = 10 - at; turns > 0; turns -= 1) await Promise.resolve();
    under -= 1;
    return at;
  };
  expect(await Array.fromAsync(mapConcurrently(numbers(10), 3, work))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(most).toBe(3);
});

test('the first failure ends it, and those after it are not lost on the process', async () => {
  const work = async (at: number) => {
    if (at > 1) throw new Error(`no ${at}`);
    return at;
  };
  await expect(Array.fromAsync(mapConcurrently(numbers(9), 4, work))).rejects.toThrow('no 2');
});
