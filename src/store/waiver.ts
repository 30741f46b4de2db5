/**
 * Waivers: a weakness that somebody accepts in images of a namespace. What they set aside is found when it is read: waived-finding.ts.
 */
import { type RawBuilder, type Selectable, sql } from 'kysely';
import type { Db } from './database.ts';
import type { WaiverTable } from './tables.ts';
import { likeInside } from './visible.ts';

/** In which images of its namespace a waiver holds. */
export type WaiverScope =
  | { readonly kind: 'namespace' }
  | { readonly kind: 'registry'; readonly registryId: string }
  /** `repository`: the full name. */
  | { readonly kind: 'repository'; readonly registryId: string; readonly repository: string }
  | { readonly kind: 'image'; readonly digest: string };

/** What a waiver is now. `expired`: its last day is over. */
export type WaiverState = 'active' | 'expired' | 'ended';

/** A waiver as it is stored. */
export interface StoredWaiver {
  readonly id: string;
  readonly namespaceId: string;
  /** Any name of the weakness, in any capitals. */
  readonly vulnerability: string;
  /** Name of a package or of the source of packages; missing: any. */
  readonly package: string | undefined;
  readonly scope: WaiverScope;
  readonly reason: string;
  /** ISO date of the last day on which it holds, in UTC; missing: for ever. */
  readonly expiresOn: string | undefined;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly endedBy: string | undefined;
  readonly endedAt: string | undefined;
  readonly revision: number;
}

/** A waiver to be. */
export type NewWaiver = Pick<
  StoredWaiver,
  'id' | 'namespaceId' | 'vulnerability' | 'package' | 'scope' | 'reason' | 'expiresOn' | 'createdBy'
> & { readonly at: Date };

/** Adds a waiver. */
export async function insertWaiver(db: Db, { at, scope, ...waiver }: NewWaiver): Promise<StoredWaiver> {
  const row = await db
    .insertInto('waiver')
    .values({
      ...waiver,
      package: waiver.package ?? null,
      expiresOn: waiver.expiresOn ?? null,
      scopeKind: scope.kind,
      registryId: 'registryId' in scope ? scope.registryId : null,
      repository: scope.kind === 'repository' ? scope.repository : null,
      digest: scope.kind === 'image' ? scope.digest : null,
      createdAt: at,
      updatedAt: at,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return toWaiver(row);
}

/** A waiver, whatever became of it. */
export async function findWaiver(db: Db, id: string): Promise<StoredWaiver | undefined> {
  const row = await db.selectFrom('waiver').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : toWaiver(row);
}

/** Changes a waiver that holds on `today`; `undefined` when there is none, or `revision` is given and another. */
export async function changeWaiver(
  db: Db,
  id: string,
  change: {
    readonly reason?: string | undefined;
    /** Null: for ever. */
    readonly expiresOn?: string | null | undefined;
    readonly endedBy?: string | undefined;
  },
  { at, revision }: { readonly at: Date; readonly revision?: number | undefined },
): Promise<StoredWaiver | undefined> {
  const { reason, expiresOn, endedBy } = change;
  let update = db
    .updateTable('waiver')
    .set(eb => ({
      ...(reason === undefined ? {} : { reason }),
      ...(expiresOn === undefined ? {} : { expiresOn }),
      ...(endedBy === undefined ? {} : { endedBy, endedAt: at }),
      updatedAt: at,
      revision: eb('revision', '+', 1),
    }))
    .where('id', '=', id)
    .where('endedAt', 'is', null)
    .where(eb => eb.or([eb('expiresOn', 'is', null), eb('expiresOn', '>=', dayOf(at))]));
  if (revision !== undefined) update = update.where('revision', '=', revision);
  const row = await update.returningAll().executeTakeFirst();
  return row === undefined ? undefined : toWaiver(row);
}

/** How many waivers of a namespace hold on the day of `now`. */
export async function countActiveWaivers(db: Db, namespaceId: string, now: Date): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    SELECT count(*)::integer AS count FROM waiver
    WHERE namespace_id = CAST(${namespaceId} AS uuid) AND ${isInState('active', now)}`.execute(db);
  return rows[0]?.count ?? 0;
}

/** Marks waivers of which nobody has been told yet that they expired, and returns them. */
export async function takeExpiredWaivers(db: Db, now: Date): Promise<readonly StoredWaiver[]> {
  const rows = await db
    .updateTable('waiver')
    .set({ isExpiryTold: true })
    .where('endedAt', 'is', null)
    .where('expiresOn', '<', dayOf(now))
    .where('isExpiryTold', '=', false)
    .returningAll()
    .execute();
  return rows.map(toWaiver);
}

/** Which waivers. All that is said must hold. */
export interface WaiverFilter {
  /** Ids; empty: none. Missing: of all namespaces. */
  readonly namespaceIds?: readonly string[] | undefined;
  readonly state?: WaiverState | undefined;
  /** As it is written in the waiver, in any capitals. */
  readonly vulnerability?: string | undefined;
  readonly package?: string | undefined;
  /** For this registry, or a repository of it. */
  readonly registryId?: string | undefined;
  /** For repositories of this full name. */
  readonly repository?: string | undefined;
  readonly digest?: string | undefined;
  /** In the weakness, the package, the reason, or who made it. */
  readonly text?: string | undefined;
}

/** After which waiver to go on: when it was made, and its id. */
export type WaiverPosition = readonly [createdAt: string, id: string];

/** Waivers, the newest first. */
export async function listWaivers(
  db: Db,
  filter: WaiverFilter,
  { now, limit, after }: { readonly now: Date; readonly limit: number; readonly after?: WaiverPosition | undefined },
): Promise<readonly StoredWaiver[]> {
  const { namespaceIds, state, vulnerability, package: name, registryId, repository, digest, text } = filter;
  if (namespaceIds?.length === 0) return [];
  let select = db.selectFrom('waiver').selectAll();
  if (namespaceIds !== undefined) select = select.where('namespaceId', 'in', [...namespaceIds]);
  if (state !== undefined) select = select.where(isInState(state, now));
  if (vulnerability !== undefined) {
    select = select.where(sql<boolean>`lower(vulnerability) = ${vulnerability.toLowerCase()}`);
  }
  if (name !== undefined) select = select.where('package', '=', name);
  if (registryId !== undefined) select = select.where('registryId', '=', registryId);
  if (repository !== undefined) select = select.where('repository', '=', repository);
  if (digest !== undefined) select = select.where('digest', '=', digest);
  if (text !== undefined && text !== '') {
    const inside = likeInside(text);
    select = select.where(
      sql<boolean>`(lower(vulnerability) LIKE ${inside} OR lower(package) LIKE ${inside} OR lower(reason) LIKE ${inside}
        OR lower(created_by) LIKE ${inside})`,
    );
  }
  if (after !== undefined) {
    select = select.where(
      sql<boolean>`(created_at, id) < (CAST(${after[0]} AS timestamptz), CAST(${after[1]} AS uuid))`,
    );
  }
  const rows = await select.orderBy('createdAt', 'desc').orderBy('id', 'desc').limit(limit).execute();
  return rows.map(toWaiver);
}

/** What a waiver is on the day of `now`. */
export function stateOfWaiver(
  { endedAt, expiresOn }: Pick<StoredWaiver, 'endedAt' | 'expiresOn'>,
  now: Date,
): WaiverState {
  if (endedAt !== undefined) return 'ended';
  return expiresOn !== undefined && expiresOn < dayOf(now) ? 'expired' : 'active';
}

/** The condition on rows of `waiver` that they are in a state on the day of `now`. */
export function isInState(state: WaiverState, now: Date): RawBuilder<boolean> {
  const today = dayOf(now);
  switch (state) {
    case 'ended':
      return sql<boolean>`ended_at IS NOT NULL`;
    case 'expired':
      return sql<boolean>`(ended_at IS NULL AND expires_on < ${today})`;
    case 'active':
      return sql<boolean>`(ended_at IS NULL AND (expires_on IS NULL OR expires_on >= ${today}))`;
    default:
      return state satisfies never;
  }
}

/** The day of a time, in UTC. */
export function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}

/** A row of `waiver` as a value. */
export function toWaiver(row: Selectable<WaiverTable>): StoredWaiver {
  const { scopeKind: _, registryId: __, repository: ___, digest: ____, isExpiryTold: _____, ...rest } = row;
  return {
    ...rest,
    scope: scopeOf(row),
    package: row.package ?? undefined,
    expiresOn: row.expiresOn ?? undefined,
    endedBy: row.endedBy ?? undefined,
    endedAt: row.endedAt ?? undefined,
  };
}

function scopeOf({ scopeKind, registryId, repository, digest }: Selectable<WaiverTable>): WaiverScope {
  if (scopeKind === 'namespace') return { kind: 'namespace' };
  if (scopeKind === 'image' && digest !== null) return { kind: 'image', digest };
  if (scopeKind === 'registry' && registryId !== null) return { kind: 'registry', registryId };
  if (registryId !== null && repository !== null) return { kind: 'repository', registryId, repository };
  throw new Error(`a waiver for nothing: ${scopeKind}`);
}
