/** Who follows events misses none, in whatever order transactions end. */
import { expect, test } from 'vitest';
import { openStore } from './database.ts';
import { currentEventPosition, followEvents, recordEvents } from './event.ts';
import { migrate } from './migrate.ts';
import { findPostgres } from './testing/postgres-server.ts';
import { describeStores, newDatabase } from './testing/stores.ts';

const at = new Date('2026-01-01T00:00:00Z');
const event = (name: string) => ({ kind: 'image.found' as const, at, data: { name } });

describeStores('events', open => {
  test('what happens after a position is read once, in order', async () => {
    await using store = await open();
    await recordEvents(store.db, [event('before')]);
    const from = await currentEventPosition(store.db);
    await recordEvents(store.db, [event('first')]);
    await recordEvents(store.db, [event('second')]);
    const [first, ...others] = await followEvents(store.db, { from, limit: 1 });
    expect([first?.data['name'], others]).toEqual(['first', []]);
    const rest = await followEvents(store.db, { from: first?.position ?? from, limit: 10 });
    expect(rest.map(({ data }) => data['name'])).toEqual(['second']);
  });
});

test.skipIf(findPostgres() === undefined)('an event whose transaction ends late is not missed', async () => {
  const location = await newDatabase();
  await using store = await openStore(location);
  await migrate(store);
  let from = await currentEventPosition(store.db);
  const seen: unknown[] = [];
  const follow = async () => {
    for (const { data, position } of await followEvents(store.db, { from, limit: 10 })) {
      seen.push(data['name']);
      from = position;
    }
  };
  await store.db.transaction().execute(async slow => {
    await recordEvents(slow, [event('slow')]);
    await recordEvents(store.db, [event('quick')]);
    // The slow one has the lower id: to read the quick one now would be to pass it by.
    await follow();
    expect(seen).toEqual([]);
  });
  await follow();
  expect(seen).toEqual(['slow', 'quick']);
});
