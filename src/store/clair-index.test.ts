/** Indexes of Clair's API on both databases: who begins, who waits, and what is kept. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  claimClairIndex,
  findClairIndex,
  forgetClairIndexes,
  listOpenClairIndexes,
  moveClairIndex,
  type NewClairIndex,
  removeClairIndexes,
  requestClairIndex,
  touchClairIndex,
} from './clair-index.ts';
import type { Store } from './database.ts';
import { describeStores } from './testing/stores.ts';
import { inTransaction } from './transaction.ts';

const HASH = `sha256:${'a'.repeat(64)}`;
const NOW = new Date('2026-11-21T12:00:00Z');
const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1000);

describeStores('indexes of Clair', open => {
  let store: Store;

  beforeAll(async () => {
    store = await open();
  });
  afterAll(() => store[Symbol.asyncDispose]());
  beforeEach(async () => {
    await store.db.deleteFrom('clairIndex').execute();
  });

  const request = (change: Partial<NewClairIndex> = {}) =>
    inTransaction(store.db, trx =>
      requestClairIndex(trx, {
        id: randomUUID(),
        manifestHash: HASH,
        documentDigest: 'sha256:document',
        version: 'v1',
        sealedRequest: Buffer.from('first'),
        at: NOW,
        ...change,
      }),
    );
  const claim = (at = NOW) => {
    const attempt = randomUUID();
    const until = new Date(at.getTime() + 20_000);
    return claimClairIndex(store.db, HASH, { attempt, at, until }).then(claimed => ({ claimed, attempt }));
  };
  const find = () => findClairIndex(store.db, HASH, { at: NOW });
  const textOf = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString();

  test('one begins, others wait, and a repeat of what is done does nothing', async () => {
    expect(await request()).toBe(true);
    expect(await find()).toMatchObject({ state: 'queued', isClaimed: false, version: 'v1' });
    const { claimed, attempt } = await claim();
    expect([claimed?.documentDigest, textOf(claimed?.sealedRequest)]).toEqual(['sha256:document', 'first']);
    expect((await claim()).claimed, 'somebody is at it').toBeUndefined();
    expect(await request(), 'it is under way').toBe(false);
    expect(await find()).toMatchObject({ state: 'fetching', isClaimed: true });
    const mine = { manifestHash: HASH, attempt };
    expect(await moveClairIndex(store.db, mine, { claimedUntil: later(30), state: 'scanning' })).toBe(true);
    expect(await moveClairIndex(store.db, mine, { state: 'done' })).toBe(true);
    expect(await find()).toMatchObject({ state: 'done', isClaimed: false });
    expect(await request()).toBe(false);
    expect(await find()).toMatchObject({ state: 'done' });
    expect((await claim()).claimed, 'there is nothing to do').toBeUndefined();
    const row = await store.db.selectFrom('clairIndex').select('sealedRequest').executeTakeFirst();
    expect(row?.sealedRequest, 'links are kept no longer than they are needed').toBeNull();
  });

  test('a claim that was not renewed passes on, with the links that came last', async () => {
    await request();
    const lost = await claim();
    await request({ sealedRequest: Buffer.from('fresh') });
    const next = await claim(later(21));
    expect(textOf(next.claimed?.sealedRequest)).toBe('fresh');
    expect(await moveClairIndex(store.db, { manifestHash: HASH, attempt: lost.attempt }, { state: 'done' })).toBe(
      false,
    );
    expect(await find()).toMatchObject({ state: 'fetching' });
  });

  test.each([
    { why: 'other layers', change: { documentDigest: 'sha256:other' } },
    { why: 'other cataloguers', change: { version: 'v2' } },
  ])('what is asked for anew with $why begins anew, done or under way', async ({ change }) => {
    await request();
    const { attempt } = await claim();
    expect(await request(change)).toBe(true);
    expect(await moveClairIndex(store.db, { manifestHash: HASH, attempt }, { state: 'done' }), 'not his any more').toBe(
      false,
    );
    const { attempt: second } = await claim();
    await moveClairIndex(store.db, { manifestHash: HASH, attempt: second }, { state: 'done' });
    expect(await request()).toBe(true);
    expect(await find()).toMatchObject({ state: 'queued', version: 'v1', documentDigest: 'sha256:document' });
  });

  test('a failure is tried again when it is asked for again, unless it is one for good', async () => {
    await request();
    for (const isUnsupported of [false, true]) {
      const { attempt } = await claim();
      const end = { state: 'failed', error: 'Cannot read it', isUnsupported } as const;
      expect(await moveClairIndex(store.db, { manifestHash: HASH, attempt }, end)).toBe(true);
      expect(await find()).toMatchObject(end);
      expect(await request()).toBe(!isUnsupported);
    }
    expect(await find()).toMatchObject({ state: 'failed', isUnsupported: true });
  });

  test('what nobody asks for is forgotten, results last', async () => {
    const hashes = ['done', 'queued', 'asked'].map(name => `sha256:${name}`);
    for (const manifestHash of hashes) await request({ manifestHash });
    await store.db
      .updateTable('clairIndex')
      .set({ state: 'done' })
      .where('manifestHash', 'in', ['sha256:done', 'sha256:asked'])
      .execute();
    await touchClairIndex(store.db, 'sha256:asked', later(200));
    expect(await listOpenClairIndexes(store.db)).toEqual(['sha256:queued']);
    const left = async () =>
      (await store.db.selectFrom('clairIndex').select('manifestHash').orderBy('manifestHash').execute()).map(
        ({ manifestHash }) => manifestHash,
      );
    await forgetClairIndexes(store.db, { doneBefore: NOW, otherBefore: later(1) });
    expect(await left()).toEqual(['sha256:asked', 'sha256:done']);
    await forgetClairIndexes(store.db, { doneBefore: later(100), otherBefore: later(100) });
    expect(await left()).toEqual(['sha256:asked']);
    expect(await removeClairIndexes(store.db, [...hashes, 'sha256:never'])).toEqual(['sha256:asked']);
  });
});
