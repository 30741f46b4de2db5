/** How far somebody has followed the events: a row that one server at a time holds, moved in the transaction that does what events lead to. */
import type { Trx } from './database.ts';
import { currentEventPosition, type EventPosition, parseEventPosition } from './event.ts';
import { putSetting } from './setting.ts';

/**
 * Where the follower `name` is to go on, held until the transaction ends; `undefined` while another server is at it, and the first time, from
 * when on what happens is followed.
 */
export async function takeFollowerPosition(trx: Trx, name: string): Promise<EventPosition | undefined> {
  const row = await trx
    .selectFrom('setting')
    .select('value')
    .where('name', '=', name)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst();
  if (row !== undefined) return typeof row.value === 'string' ? parseEventPosition(row.value) : undefined;
  const isHeld = await trx.selectFrom('setting').select('name').where('name', '=', name).executeTakeFirst();
  if (isHeld !== undefined) return undefined;
  await trx
    .insertInto('setting')
    .values({ name, value: JSON.stringify(await currentEventPosition(trx)) })
    .onConflict(conflict => conflict.column('name').doNothing())
    .execute();
  return undefined;
}

/** Moves it. */
export async function moveFollower(trx: Trx, name: string, position: EventPosition): Promise<void> {
  await putSetting(trx, name, position);
}
