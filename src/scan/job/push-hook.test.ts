/** Registries that tell of pushes, on both databases. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listAudit } from '#store/audit.ts';
import type { Store } from '#store/database.ts';
import { findPushHook } from '#store/push-hook.ts';
import { describeStores } from '#store/testing/stores.ts';
import { closePushHook, MAX_PUSHES, openPushHook, receivePush } from './push-hook.ts';
import { ACTOR, openWorld } from './testing/job-world.ts';

describeStores('push addresses', open => {
  let store: Store;
  beforeAll(async () => {
    store = await open();
  });
  afterAll(async () => await store[Symbol.asyncDispose]());

  const pushOf = (repository: string, ...tags: string[]) => ({ repository, updated_tags: tags });

  test('what is pushed is scanned, once for each tag that waits', async () => {
    await using world = await openWorld(store);
    const { context, registry } = world;
    const one = world.contents.push('team/app', 'v1', 'one');
    const two = world.contents.push('team/app', 'v2', 'two');
    world.contents.push('team/app', 'v3', 'three');
    const { secret } = await openPushHook(context, { registryId: registry.id, actor: ACTOR });
    const receive = (body: unknown) => receivePush(context, { registryId: registry.id, secret, body });
    expect((await receive(pushOf(`${registry.host}/team/app`, 'v1', 'v2'))).runIds).toHaveLength(2);
    await world.settle();
    expect(world.contents.scanned.toSorted()).toEqual([one, two].toSorted());
    const run = { trigger: 'push', state: 'Finished', digestsScanned: 1 };
    expect(await store.db.selectFrom('run').select(['trigger', 'state', 'digestsScanned']).execute()).toEqual([
      run,
      run,
    ]);
    expect(await findPushHook(store.db, registry.id)).toMatchObject({ notices: 1, lastForm: 'quay', lastImages: 2 });
    const greeting = await receive({ zen: 'Be calm.', hook_id: 1 });
    expect(greeting).toEqual({ runIds: [], waiting: 0, refused: [] });
  });

  test('a push while a run for the same tag has not begun adds nothing', async () => {
    await using world = await openWorld(store);
    const { context, registry } = world;
    world.contents.push('team/app', 'v1', 'one');
    const { secret } = await openPushHook(context, { registryId: registry.id, actor: ACTOR });
    const body = pushOf('team/app', 'v1');
    const receive = () => receivePush(context, { registryId: registry.id, secret, body });
    expect(await receive()).toMatchObject({ runIds: [expect.any(String)], waiting: 0 });
    expect(await receive()).toMatchObject({ runIds: [], waiting: 1 });
    await world.settle();
    expect(await receive(), 'what was pushed since is another image').toMatchObject({ waiting: 0 });
  });

  test('tags that cannot be are told, and more than a notice may name', async () => {
    await using world = await openWorld(store);
    const { context, registry } = world;
    const { secret } = await openPushHook(context, { registryId: registry.id, actor: ACTOR });
    const receive = (body: unknown) => receivePush(context, { registryId: registry.id, secret, body });
    expect(await receive(pushOf('team/app', 'v*'))).toMatchObject({ runIds: [], refused: [{ tag: 'v*' }] });
    const many = Array.from({ length: MAX_PUSHES + 2 }, (_, index) => `v${index}`);
    const { runIds, refused } = await receive(pushOf('team/app', ...many));
    expect([runIds.length, refused.length]).toEqual([MAX_PUSHES, 2]);
    await expect(receive({ hello: 'world' })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });

  test('only the secret of the registry opens its address, and only the last one', async () => {
    await using world = await openWorld(store);
    const { context, registry } = world;
    const other = await world.addRegistry('other');
    const open = (registryId: string) => openPushHook(context, { registryId, actor: ACTOR });
    const receive = (registryId: string, secret?: string) =>
      receivePush(context, { registryId, secret, body: pushOf('team/app', 'v1') });
    const { secret: old } = await open(registry.id);
    const { secret: foreign } = await open(other.id);
    const { secret } = await open(registry.id);
    for (const wrong of [undefined, '', 'plsh_', old, foreign, `${secret}x`]) {
      await expect(receive(registry.id, wrong), String(wrong)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    }
    await receive(registry.id, secret);
    await closePushHook(context, { registryId: registry.id, actor: ACTOR });
    await expect(receive(registry.id, secret)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(closePushHook(context, { registryId: registry.id, actor: ACTOR })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    const audited = await listAudit(store.db, { limit: 20 });
    expect(JSON.stringify(audited)).not.toContain(secret);
    expect(audited.map(({ action }) => action)).toContain('registry.hook.close');
  });
});
