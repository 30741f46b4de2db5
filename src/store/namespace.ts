/**
 * Namespaces: what registries, webhooks and roles belong to.
 */
import { randomUUID } from 'node:crypto';
import { conflictOn } from './constraint.ts';
import type { Db } from './database.ts';

/** A namespace. */
export interface Namespace {
  readonly id: string;
  /** Unique; of lower-case letters, digits and dashes. */
  readonly name: string;
  readonly displayName: string;
  readonly createdAt: string;
}

/** Adds one. @throws {PlimsollError} `CONFLICT` when the name is taken. */
export async function insertNamespace(
  db: Db,
  { name, displayName, at }: { name: string; displayName: string; at: Date },
): Promise<Namespace> {
  const taken = `Cannot create namespace "${name}": there is one of that name`;
  return await conflictOn('unique', taken, () =>
    db
      .insertInto('namespace')
      .values({ id: randomUUID(), name, displayName, createdAt: at })
      .returningAll()
      .executeTakeFirstOrThrow(),
  );
}

/** The namespace of that id. */
export async function findNamespace(db: Db, id: string): Promise<Namespace | undefined> {
  return await db.selectFrom('namespace').selectAll().where('id', '=', id).executeTakeFirst();
}

/** The namespace of that name. */
export async function findNamespaceByName(db: Db, name: string): Promise<Namespace | undefined> {
  return await db.selectFrom('namespace').selectAll().where('name', '=', name).executeTakeFirst();
}

/** Which namespaces to list. */
export interface NamespaceQuery {
  /** Only names after this one. */
  readonly after?: string | undefined;
  readonly limit: number;
  /** Only these; missing: all. */
  readonly ids?: readonly string[] | undefined;
}

/** Namespaces by name. */
export async function listNamespaces(db: Db, { after, limit, ids }: NamespaceQuery): Promise<readonly Namespace[]> {
  if (ids?.length === 0) return [];
  let select = db.selectFrom('namespace').selectAll();
  if (ids !== undefined) select = select.where('id', 'in', [...ids]);
  if (after !== undefined) select = select.where('name', '>', after);
  return await select.orderBy('name').limit(limit).execute();
}

/** Changes how it is called; `undefined` when there is none. @throws {PlimsollError} `CONFLICT` when the name is taken. */
export async function updateNamespace(
  db: Db,
  id: string,
  { name, displayName }: { name?: string | undefined; displayName?: string | undefined },
): Promise<Namespace | undefined> {
  const set = { ...(name === undefined ? {} : { name }), ...(displayName === undefined ? {} : { displayName }) };
  if (Object.keys(set).length === 0) return await findNamespace(db, id);
  return await conflictOn('unique', `Cannot rename it to "${name}": there is a namespace of that name`, () =>
    db.updateTable('namespace').set(set).where('id', '=', id).returningAll().executeTakeFirst(),
  );
}

/**
 * Removes one with the roles and keys in it; `undefined` when there is none.
 * @throws {PlimsollError} `CONFLICT` when something else, such as a registry, is still in it.
 */
export async function deleteNamespace(db: Db, id: string): Promise<Namespace | undefined> {
  return await conflictOn(
    'foreign-key',
    'Cannot remove the namespace: it still has registries; remove them first',
    () => db.deleteFrom('namespace').where('id', '=', id).returningAll().executeTakeFirst(),
  );
}
