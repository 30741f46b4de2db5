/** Handing builds to builders, each to one only, and what is known of who has one. */
import { randomUUID } from 'node:crypto';
import { type Selectable, sql } from 'kysely';
import { type BuildRecord, toBuild } from './build.ts';
import { conflictOn } from './constraint.ts';
import { type Db, type Trx, toJson } from './database.ts';
import type { BuilderTable } from './tables.ts';

/** States in which a builder has the build. */
const LEASED_STATES = ['cloning', 'building', 'pushing'] as const;

/** A builder. */
export interface BuilderRecord {
  readonly id: string;
  readonly name: string;
  readonly isBuiltIn: boolean;
  readonly versions: Readonly<Record<string, string>>;
  readonly createdAt: string;
  readonly lastSeenAt: string | undefined;
}

/** Gives the build that has waited longest to a builder; `undefined` when none may be begun. */
export async function leaseNextBuild(
  trx: Trx,
  {
    builderId,
    at,
    leaseMs,
    pushHash,
  }: { readonly builderId: string; readonly at: Date; readonly leaseMs: number; readonly pushHash: string },
): Promise<BuildRecord | undefined> {
  const next = await trx
    .selectFrom('build')
    .innerJoin('project', 'project.id', 'build.projectId')
    .innerJoin('buildConfiguration as how', 'how.projectId', 'build.projectId')
    .select('build.id')
    .where('build.state', '=', 'queued')
    .where('build.notBefore', '<=', at.toISOString())
    .where('project.status', '=', 'active')
    .where('how.isEnabled', '=', true)
    .orderBy('build.notBefore')
    .orderBy('build.createdAt')
    .limit(1)
    .forUpdate('build')
    .skipLocked()
    .executeTakeFirst();
  if (next === undefined) return undefined;
  const row = await trx
    .updateTable('build')
    .set({
      state: 'cloning',
      builderId,
      leaseToken: randomUUID(),
      leaseUntil: new Date(at.getTime() + leaseMs),
      pushHash,
      startedAt: at,
    })
    .set(eb => ({ attempts: eb('attempts', '+', 1) }))
    .where('id', '=', next.id)
    .returningAll()
    .executeTakeFirstOrThrow();
  return toBuild(row);
}

/** Builds whose builder has not been heard of in time, locked; those that somebody else deals with are left out. */
export async function lockLapsedBuilds(trx: Trx, at: Date): Promise<readonly BuildRecord[]> {
  const rows = await trx
    .selectFrom('build')
    .selectAll()
    .where('state', 'in', [...LEASED_STATES])
    .where('leaseUntil', '<', at.toISOString())
    .limit(100)
    .forUpdate()
    .skipLocked()
    .execute();
  return rows.map(toBuild);
}

/** A password that pushes, while its lease is held: the project's space that it opens. */
export interface PushKeyPlace {
  readonly buildId: string;
  readonly leaseToken: string;
  readonly projectId: string;
  readonly projectName: string;
  readonly pid: string;
  readonly namespaceId: string;
}

/** The lease that a password, by its hash, or a lease token is of, if it is held now. */
export async function findPushKey(
  db: Db,
  by: { readonly hash: string } | { readonly leaseToken: string },
  at: Date,
): Promise<PushKeyPlace | undefined> {
  let select = db
    .selectFrom('build')
    .innerJoin('project', 'project.id', 'build.projectId')
    .select(['build.id as buildId', 'build.leaseToken', 'project.id as projectId', 'project.name as projectName'])
    .select(['project.pid', 'project.namespaceId'])
    .where('build.state', 'in', [...LEASED_STATES])
    .where('build.leaseUntil', '>', at.toISOString())
    .where('project.status', '=', 'active');
  select =
    'hash' in by ? select.where('build.pushHash', '=', by.hash) : select.where('build.leaseToken', '=', by.leaseToken);
  const row = await select.executeTakeFirst();
  return row === undefined ? undefined : { ...row, leaseToken: row.leaseToken ?? '' };
}

/** Adds a builder. @throws {PlimsollError} `CONFLICT` when another has its name. */
export async function insertBuilder(
  db: Db,
  builder: { readonly name: string; readonly tokenHash: string; readonly at: Date },
): Promise<BuilderRecord> {
  const { name, tokenHash, at } = builder;
  const row = await conflictOn('unique', `Cannot add the builder: there is one named "${name}" already`, () =>
    db
      .insertInto('builder')
      .values({ id: randomUUID(), name, isBuiltIn: false, tokenHash, versions: toJson({}), createdAt: at })
      .returningAll()
      .executeTakeFirstOrThrow(),
  );
  return toBuilder(row);
}

/** The builder in a server's own process, by the host that it runs on. */
export async function upsertBuiltInBuilder(
  db: Db,
  {
    name,
    versions,
    at,
  }: { readonly name: string; readonly versions: Readonly<Record<string, string>>; readonly at: Date },
): Promise<BuilderRecord> {
  const columns = { versions: toJson(versions), lastSeenAt: at, retiredAt: null };
  const row = await db
    .insertInto('builder')
    .values({ id: randomUUID(), name, isBuiltIn: true, ...columns, createdAt: at })
    .onConflict(conflict => conflict.column('name').doUpdateSet(columns))
    .returningAll()
    .executeTakeFirstOrThrow();
  return toBuilder(row);
}

/** The builder with that token, unless it was retired. */
export async function findBuilderByToken(db: Db, tokenHash: string): Promise<BuilderRecord | undefined> {
  const row = await db
    .selectFrom('builder')
    .selectAll()
    .where('tokenHash', '=', tokenHash)
    .where('retiredAt', 'is', null)
    .executeTakeFirst();
  return row === undefined ? undefined : toBuilder(row);
}

/** Builders that were not retired, by name. */
export async function listBuilders(db: Db): Promise<readonly BuilderRecord[]> {
  const rows = await db
    .selectFrom('builder')
    .selectAll()
    .where('retiredAt', 'is', null)
    .orderBy('name')
    .limit(1000)
    .execute();
  return rows.map(toBuilder);
}

/** Notes that a builder was heard of. */
export async function touchBuilder(
  db: Db,
  id: string,
  { at, versions }: { readonly at: Date; readonly versions?: Readonly<Record<string, string>> | undefined },
): Promise<void> {
  await db
    .updateTable('builder')
    .set({ lastSeenAt: at, ...(versions === undefined ? {} : { versions: toJson(versions) }) })
    .where('id', '=', id)
    .execute();
}

/** Ends a builder; its name is free again. Returns its name, `undefined` when there is none. */
export async function retireBuilder(trx: Trx, id: string, at: Date): Promise<string | undefined> {
  const row = await trx
    .updateTable('builder')
    .set({ retiredAt: at, tokenHash: null, name: sql<string>`name || ' retired ' || id::text` })
    .where('id', '=', id)
    .where('retiredAt', 'is', null)
    .returning('name')
    .executeTakeFirst();
  return row?.name.split(' retired ')[0];
}

function toBuilder(row: Selectable<BuilderTable>): BuilderRecord {
  return {
    id: row.id,
    name: row.name,
    isBuiltIn: row.isBuiltIn,
    versions: row.versions as Readonly<Record<string, string>>,
    createdAt: row.createdAt,
    lastSeenAt: row.lastSeenAt ?? undefined,
  };
}
