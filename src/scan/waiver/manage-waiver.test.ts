/** How waivers come to be, change and end. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { PlimsollError } from '#base/errors.ts';
import { parseWaivers } from '#matching/waiver/parse-waivers.ts';
import { listAudit } from '#store/audit.ts';
import type { Store } from '#store/database.ts';
import { listEvents } from '#store/event.ts';
import { describeStores } from '#store/testing/stores.ts';
import { listWaivers, stateOfWaiver, type WaiverScope } from '#store/waiver.ts';
import { storeManifests } from '../content/store-manifests.ts';
import { foundImage, NOW } from '../content/testing/content-fixture.ts';
import { makeRegistry, placeImages } from '../content/testing/place-images.ts';
import { createWaiver, endWaiver, getWaiver, tellExpiredWaivers, updateWaiver } from './manage-waiver.ts';
import { waiverDocument } from './waiver-document.ts';

const actor = { name: 'somebody' };
const by = { actor };
const codeOf = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => undefined,
    (reason: PlimsollError) => reason,
  );
  return error?.code;
};

describeStores('waivers', open => {
  let store: Store;
  let own: { namespaceId: string; registryId: string };
  let foreign: { namespaceId: string; registryId: string };
  const image = foundImage(['base']);
  let now = NOW;
  const context = () => ({ store, now: () => now });

  beforeAll(async () => {
    store = await open();
    own = await makeRegistry(store.db, 'own');
    foreign = await makeRegistry(store.db, 'foreign');
    await storeManifests(store.db, [image], NOW);
    await placeImages(store.db, own.registryId, 'team/shop', [{ digest: image.digest }]);
  });
  beforeEach(async () => {
    now = NOW;
    await store.db.deleteFrom('waiver').execute();
    await store.db.deleteFrom('event').execute();
  });
  afterAll(async () => await store[Symbol.asyncDispose]());

  const draft = (more: object = {}) => ({
    namespaceId: own.namespaceId,
    vulnerability: 'CVE-2024-0001',
    scope: { kind: 'namespace' } as WaiverScope,
    reason: 'nobody can reach it',
    ...more,
  });
  const make = async (more: object = {}) => await createWaiver(context(), draft(more), actor);

  test('who makes, changes and ends a waiver is in the audit log, and it stays readable', async () => {
    const made = await make({ expiresOn: '2026-11-21' });
    expect(made).toMatchObject({ createdBy: 'somebody', expiresOn: '2026-11-21', revision: 1, endedAt: undefined });
    const changed = await updateWaiver(context(), made.id, { reason: 'the port is closed', expiresOn: null }, by);
    expect(changed).toMatchObject({ reason: 'the port is closed', expiresOn: undefined, revision: 2 });
    const ended = await endWaiver(context(), made.id, by);
    expect(ended).toMatchObject({ endedBy: 'somebody', endedAt: NOW.toISOString() });
    expect(stateOfWaiver(await getWaiver(store.db, made.id), NOW)).toBe('ended');
    const entries = await listAudit(store.db, { limit: 10, subjectId: made.id });
    expect(entries.map(({ action }) => action)).toEqual(['waiver.end', 'waiver.update', 'waiver.create']);
    const events = await listEvents(store.db, { after: 0, limit: 10 });
    expect(events.map(({ kind, data }) => [kind, data['waiverId'], data['by']])).toEqual([
      ['waiver.created', made.id, 'somebody'],
      ['waiver.ended', made.id, 'somebody'],
    ]);
  });

  test('what is over is neither changed nor ended again', async () => {
    const { id } = await make({ expiresOn: '2026-11-21' });
    now = new Date('2026-11-22T00:00:00Z');
    expect(await codeOf(updateWaiver(context(), id, { expiresOn: null }, by))).toBe('CONFLICT');
    expect(await codeOf(endWaiver(context(), id, by))).toBe('CONFLICT');
    expect(await codeOf(endWaiver(context(), randomUUID(), by))).toBe('NOT_FOUND');
  });

  test('a change that is based on an older state is refused', async () => {
    const { id } = await make();
    await updateWaiver(context(), id, { reason: 'first' }, { actor, revision: 1 });
    const late = updateWaiver(context(), id, { reason: 'second' }, { actor, revision: 1 });
    expect(await codeOf(late)).toBe('VERSION_CONFLICT');
    expect(await codeOf(endWaiver(context(), id, { actor, revision: 1 }))).toBe('VERSION_CONFLICT');
  });

  test('that a waiver has expired is told once', async () => {
    const { id } = await make({ expiresOn: '2026-11-21' });
    await make();
    await tellExpiredWaivers(context());
    now = new Date('2026-11-22T00:00:00Z');
    await tellExpiredWaivers(context());
    await tellExpiredWaivers(context());
    const events = await listEvents(store.db, { after: 0, limit: 10, kinds: ['waiver.expired'] });
    expect(events).toMatchObject([{ namespaceId: own.namespaceId, data: { waiverId: id } }]);
  });

  const refused: readonly { readonly more: () => object; readonly code: string; readonly why: string }[] = [
    { more: () => ({ expiresOn: '2026-11-20' }), code: 'REQUEST_INVALID', why: 'its last day is over' },
    {
      more: () => ({ scope: { kind: 'registry', registryId: foreign.registryId } }),
      code: 'NOT_FOUND',
      why: 'its registry is of another namespace',
    },
    {
      more: () => ({ scope: { kind: 'repository', registryId: own.registryId, repository: 'nothing' } }),
      code: 'NOT_FOUND',
      why: 'its registry has no such repository',
    },
    {
      more: () => ({ namespaceId: foreign.namespaceId, scope: { kind: 'image', digest: image.digest } }),
      code: 'NOT_FOUND',
      why: 'its image is not in the namespace',
    },
  ];
  test.each(refused)('a waiver is refused when $why', async ({ more, code }) => {
    expect(await codeOf(make(more()))).toBe(code);
  });

  test('waivers are found by what they are for, newest first, page by page', async () => {
    const scope = { kind: 'repository', registryId: own.registryId, repository: 'team/shop' } as const;
    const first = await make({ scope, package: 'curl' });
    now = new Date(NOW.getTime() + 1);
    const second = await make({ vulnerability: 'GHSA-aaaa', expiresOn: '2026-11-21' });
    const third = await make({ scope: { kind: 'image', digest: image.digest } });
    await endWaiver(context(), third.id, by);
    const at = new Date('2026-11-22T00:00:00Z');
    const find = async (filter: object) =>
      (await listWaivers(store.db, filter, { now: at, limit: 10 })).map(({ id }) => id);
    expect(new Set(await find({}))).toEqual(new Set([first.id, second.id, third.id]));
    expect((await find({})).at(-1)).toBe(first.id);
    expect(await find({ state: 'active' })).toEqual([first.id]);
    expect(await find({ state: 'expired' })).toEqual([second.id]);
    expect(await find({ state: 'ended' })).toEqual([third.id]);
    expect(await find({ vulnerability: 'ghsa-AAAA' })).toEqual([second.id]);
    expect(await find({ registryId: own.registryId })).toEqual([first.id]);
    expect(await find({ repository: 'team/shop', package: 'curl' })).toEqual([first.id]);
    expect(await find({ digest: image.digest })).toEqual([third.id]);
    expect(await find({ text: 'CURL' })).toEqual([first.id]);
    expect(await find({ namespaceIds: [foreign.namespaceId] })).toEqual([]);
    const whole = await listWaivers(store.db, {}, { now: at, limit: 10 });
    const [top] = whole;
    const after = [top?.createdAt ?? '', top?.id ?? ''] as const;
    expect(await listWaivers(store.db, {}, { now: at, limit: 10, after })).toEqual(whole.slice(1));
  });

  test('the document has what holds for all that it is asked for, as the scanner reads it', async () => {
    const { namespaceId, registryId } = own;
    const repository = 'team/shop';
    await make({ vulnerability: 'CVE-2024-0001', package: 'curl', expiresOn: '2026-12-31', reason: 'yes: "it" #1' });
    await make({ vulnerability: 'CVE-2024-0002', scope: { kind: 'registry', registryId } });
    await make({ vulnerability: 'CVE-2024-0003', scope: { kind: 'repository', registryId, repository } });
    await make({ vulnerability: 'CVE-2024-0004', scope: { kind: 'image', digest: image.digest } });
    await endWaiver(context(), (await make({ vulnerability: 'CVE-2024-0005' })).id, by);
    const read = async (wish: object) => parseWaivers(await waiverDocument(context(), { namespaceId, ...wish }), 'it');
    const general = { id: 'CVE-2024-0001', package: 'curl', expires: '2026-12-31', reason: 'yes: "it" #1' };
    expect(await read({})).toEqual([general]);
    expect((await read({ registryId })).map(({ id }) => id)).toEqual(['CVE-2024-0001', 'CVE-2024-0002']);
    expect((await read({ registryId, repository })).map(({ id }) => id)).toEqual([
      'CVE-2024-0001',
      'CVE-2024-0002',
      'CVE-2024-0003',
    ]);
    expect((await read({ digest: image.digest })).map(({ id }) => id)).toEqual(['CVE-2024-0001', 'CVE-2024-0004']);
    expect(parseWaivers(await waiverDocument(context(), { namespaceId: foreign.namespaceId }), 'it')).toEqual([]);
  });
});
