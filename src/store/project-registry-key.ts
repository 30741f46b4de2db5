/** Registry keys of projects: known by a hash, and kept sealed so that they can be shown again. */
import { conflictOn } from './constraint.ts';
import type { Db, Trx } from './database.ts';

/** A key; what it opens is its project's. */
export interface ProjectRegistryKey {
  readonly id: string;
  readonly projectId: string;
  readonly sealed: Uint8Array;
  readonly createdAt: string;
  readonly lastUsedAt: string | undefined;
}

/** A valid key with what a registry has to know of its project. */
export interface RegistryKeyPlace {
  readonly id: string;
  readonly projectId: string;
  readonly projectName: string;
  readonly pid: string;
  readonly namespaceId: string;
  readonly lastUsedAt: string | undefined;
}

/** Adds a key; the project must have no valid one. @throws {PlimsollError} `CONFLICT`. */
export async function insertRegistryKey(
  trx: Trx,
  key: { id: string; projectId: string; hash: string; sealed: Uint8Array; at: Date },
): Promise<void> {
  const { at, ...columns } = key;
  await conflictOn('unique', 'Cannot make a registry key: somebody else has just made one', () =>
    trx
      .insertInto('projectRegistryKey')
      .values({ ...columns, createdAt: at })
      .execute(),
  );
}

/** Ends the valid key of a project; whether there was one. */
export async function endRegistryKey(trx: Trx, projectId: string, at: Date): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('projectRegistryKey')
    .set({ endedAt: at })
    .where('projectId', '=', projectId)
    .where('endedAt', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** The valid key of a project. */
export async function findRegistryKeyOf(db: Db, projectId: string): Promise<ProjectRegistryKey | undefined> {
  const row = await db
    .selectFrom('projectRegistryKey')
    .select(['id', 'projectId', 'sealed', 'createdAt', 'lastUsedAt'])
    .where('projectId', '=', projectId)
    .where('endedAt', 'is', null)
    .executeTakeFirst();
  return row === undefined ? undefined : { ...row, lastUsedAt: row.lastUsedAt ?? undefined };
}

/** A valid key of a project that is not archived, by its hash or id. */
export async function findRegistryKeyPlace(
  db: Db,
  by: { readonly hash: string } | { readonly id: string },
): Promise<RegistryKeyPlace | undefined> {
  const select = db
    .selectFrom('projectRegistryKey as key')
    .innerJoin('project', 'project.id', 'key.projectId')
    .select(['key.id', 'key.projectId', 'key.lastUsedAt', 'project.name', 'project.pid', 'project.namespaceId'])
    .where('key.endedAt', 'is', null)
    .where('project.status', '=', 'active');
  const found = 'id' in by ? select.where('key.id', '=', by.id) : select.where('key.hash', '=', by.hash);
  const row = await found.executeTakeFirst();
  if (row === undefined) return undefined;
  const { name, lastUsedAt, ...rest } = row;
  return { ...rest, projectName: name, lastUsedAt: lastUsedAt ?? undefined };
}

/** Notes the use of a key. */
export async function touchRegistryKey(db: Db, id: string, at: Date): Promise<void> {
  await db.updateTable('projectRegistryKey').set({ lastUsedAt: at }).where('id', '=', id).execute();
}
