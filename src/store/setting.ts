/**
 * Settings that are kept in the database rather than given at the start: JSON by name.
 */
import { type Db, toJson } from './database.ts';

/** A setting's value, unchecked; `undefined` when it was never set. Inside a transaction, `isLocked` keeps others from changing it. */
export async function findSetting(
  db: Db,
  name: string,
  { isLocked = false }: { isLocked?: boolean | undefined } = {},
): Promise<unknown> {
  let select = db.selectFrom('setting').select('value').where('name', '=', name);
  if (isLocked) select = select.forUpdate();
  return (await select.executeTakeFirst())?.value;
}

/** Sets it. */
export async function putSetting(db: Db, name: string, value: unknown): Promise<void> {
  const json = toJson(value);
  await db
    .insertInto('setting')
    .values({ name, value: json })
    .onConflict(conflict => conflict.column('name').doUpdateSet({ value: json }))
    .execute();
}

/** Removes it. */
export async function deleteSetting(db: Db, name: string): Promise<void> {
  await db.deleteFrom('setting').where('name', '=', name).execute();
}
