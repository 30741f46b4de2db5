/** Organisations: the numbers by which clients of the certification API know namespaces. */
import type { Db } from './database.ts';

/** The number of a namespace, given to it when it is asked for the first time. */
export async function ensureOrganisation(db: Db, namespaceId: string): Promise<number> {
  const found = await findOrganisation(db, namespaceId);
  if (found !== undefined) return found;
  await db
    .insertInto('organisation')
    .values({ namespaceId })
    .onConflict(conflict => conflict.column('namespaceId').doNothing())
    .execute();
  const made = await db
    .selectFrom('organisation')
    .select('id')
    .where('namespaceId', '=', namespaceId)
    .executeTakeFirstOrThrow();
  return made.id;
}

/** The number of a namespace that has one. */
async function findOrganisation(db: Db, namespaceId: string): Promise<number | undefined> {
  const row = await db
    .selectFrom('organisation')
    .select('id')
    .where('namespaceId', '=', namespaceId)
    .executeTakeFirst();
  return row?.id;
}

/** The namespace of a number. */
export async function findNamespaceOfOrganisation(db: Db, orgId: number): Promise<string | undefined> {
  const row = await db.selectFrom('organisation').select('namespaceId').where('id', '=', orgId).executeTakeFirst();
  return row?.namespaceId;
}
