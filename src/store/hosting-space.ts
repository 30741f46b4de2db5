/**
 * Spaces of the hosted registry, the first part of the names of its repositories, and the repositories in them.
 */
import { randomUUID } from 'node:crypto';
import { type Selectable, sql } from 'kysely';
import { PlimsollError } from '#base/errors.ts';
import type { Db, Trx } from './database.ts';
import { insertRegistry } from './registry.ts';
import { upsertRepositories } from './repository.ts';
import { findSetting, putSetting } from './setting.ts';
import type { HostedSpaceTable } from './tables.ts';

/** Type of the hosted registry's rows in `registry`. */
export const HOSTED_TYPE = 'hosted';

const DEFAULTS_SETTING = 'hosting.defaults';
/** The server's defaults beside each row, so that no request asks for them separately. */
const DEFAULTS = sql<unknown>`(SELECT value FROM setting WHERE setting.name = ${DEFAULTS_SETTING})`.as('defaults');

/** A space. */
export interface HostedSpace {
  readonly name: string;
  readonly namespaceId: string;
  readonly registryId: string;
  /** Whose registry key opens it; missing for the space of a namespace. */
  readonly projectId: string | undefined;
  /** Its own rule, or else the server's default. Bytes of distinct blobs; missing: no limit. */
  readonly quotaBytes: number | undefined;
  /** Likewise. How long manifests stay that no tag leads to; missing: for ever. */
  readonly untaggedDays: number | undefined;
  /** What was set for it alone. */
  readonly own: SpaceRules;
}

/** Rules of a space, or of all that have none of their own; what is missing was not set. */
export interface SpaceRules {
  readonly quotaBytes?: number | undefined;
  readonly untaggedDays?: number | undefined;
  /** Whether everybody may pull from all its repositories. */
  readonly isPublic?: boolean | undefined;
}

/** A change of rules: what is missing stays, null unsets. */
export type RulesChange = { readonly [N in keyof SpaceRules]?: SpaceRules[N] | null };

/** A repository of the hosted registry. */
export interface HostedRepository {
  readonly id: number;
  /** In full, as in references: `team/app`. */
  readonly name: string;
  readonly space: HostedSpace;
  /** Whether everybody may pull: by itself, by its space's rule, or by the server's default. */
  readonly isPublic: boolean;
}

/** Where the registry is, as references and links begin. */
export interface HostedAddress {
  readonly url: string;
  readonly host: string;
}

/** The space of that name. */
export async function findSpace(db: Db, name: string): Promise<HostedSpace | undefined> {
  const row = await db
    .selectFrom('hostedSpace')
    .selectAll()
    .select(DEFAULTS)
    .where('name', '=', name)
    .executeTakeFirst();
  return row === undefined ? undefined : toSpace(row);
}

/**
 * The space of that name, made when it is missing, in the hosted registry of the namespace, which is made when it is missing. One that is
 * there already stays as it is.
 */
export async function ensureSpace(
  trx: Trx,
  space: {
    readonly name: string;
    readonly namespaceId: string;
    readonly projectId?: string | undefined;
    readonly quotaBytes?: number | undefined;
    readonly untaggedDays?: number | undefined;
  },
  { address, at }: { readonly address: HostedAddress; readonly at: Date },
): Promise<HostedSpace> {
  const found = await findSpace(trx, space.name);
  if (found !== undefined) return found;
  // Two first pushes make one registry.
  await trx
    .selectFrom('namespace')
    .select('id')
    .where('id', '=', space.namespaceId)
    .forNoKeyUpdate()
    .executeTakeFirstOrThrow();
  const registryId = await ensureHostedRegistry(trx, space.namespaceId, { address, at });
  await trx
    .insertInto('hostedSpace')
    .values({
      name: space.name,
      namespaceId: space.namespaceId,
      registryId,
      projectId: space.projectId ?? null,
      quotaBytes: space.quotaBytes ?? null,
      untaggedDays: space.untaggedDays ?? null,
      createdAt: at,
    })
    .onConflict(conflict => conflict.doNothing())
    .execute();
  const made = await findSpace(trx, space.name);
  if (made === undefined) throw new PlimsollError('BUG', `Space "${space.name}" was not stored`);
  return made;
}

/** The rules of spaces that have none of their own. */
export async function findDefaultRules(db: Db): Promise<SpaceRules> {
  return readRules(await findSetting(db, DEFAULTS_SETTING));
}

/** Changes them, alone at this moment. */
export async function updateDefaultRules(trx: Trx, change: RulesChange): Promise<SpaceRules> {
  const before = readRules(await findSetting(trx, DEFAULTS_SETTING, { isLocked: true }));
  const after = readRules({ ...before, ...change });
  await putSetting(trx, DEFAULTS_SETTING, after);
  return after;
}

/** Spaces by name, those after `after`; `namespaceIds` missing: all. */
export async function listSpaces(
  db: Db,
  {
    namespaceIds,
    after,
    limit,
  }: {
    readonly namespaceIds?: readonly string[] | undefined;
    readonly after?: string | undefined;
    readonly limit: number;
  },
): Promise<readonly HostedSpace[]> {
  if (namespaceIds?.length === 0) return [];
  let select = db.selectFrom('hostedSpace').selectAll().select(DEFAULTS);
  if (namespaceIds !== undefined) select = select.where('namespaceId', 'in', [...namespaceIds]);
  if (after !== undefined) select = select.where(sql<boolean>`name COLLATE "C" > ${after}`);
  const rows = await select.orderBy(sql`name COLLATE "C"`).limit(limit).execute();
  return rows.map(toSpace);
}

/** Changes the rules of a space. */
export async function updateSpace(db: Db, name: string, change: RulesChange): Promise<void> {
  const { quotaBytes, untaggedDays, isPublic } = change;
  const set = {
    ...(quotaBytes === undefined ? {} : { quotaBytes }),
    ...(untaggedDays === undefined ? {} : { untaggedDays }),
    ...(isPublic === undefined ? {} : { isPublic }),
  };
  if (Object.keys(set).length === 0) return;
  await db.updateTable('hostedSpace').set(set).where('name', '=', name).execute();
}

/** Spaces with a rule for manifests that no tag leads to. */
export async function listSpacesWithRetention(db: Db): Promise<readonly HostedSpace[]> {
  const rows = await db.selectFrom('hostedSpace').selectAll().select(DEFAULTS).execute();
  return rows.map(toSpace).filter(({ untaggedDays }) => untaggedDays !== undefined);
}

/** Bytes of distinct blobs in the repositories of a space. */
export async function findUsedBytes(db: Db, space: string): Promise<number> {
  const { rows } = await sql<{ used: number }>`
    SELECT coalesce(sum(size_bytes), 0)::bigint AS used FROM stored_blob WHERE digest IN (
      SELECT b.digest FROM hosted_blob b JOIN hosted_repository r ON r.repository_id = b.repository_id
      WHERE r.space = ${space})`.execute(db);
  return rows[0]?.used ?? 0;
}

/** A repository by its full name. */
export async function findHostedRepository(db: Db, name: string): Promise<HostedRepository | undefined> {
  const row = await db
    .selectFrom('hostedRepository')
    .innerJoin('hostedSpace', 'hostedSpace.name', 'hostedRepository.space')
    .selectAll('hostedSpace')
    .select([
      'hostedRepository.repositoryId',
      'hostedRepository.name as repositoryName',
      'hostedRepository.isPublic as isOpen',
      DEFAULTS,
    ])
    .where('hostedRepository.name', '=', name)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const space = toSpace(row);
  const isPublic = row.isOpen || (space.own.isPublic ?? readRules(row.defaults).isPublic ?? false);
  return { id: row.repositoryId, name: row.repositoryName, isPublic, space };
}

/** The repository of that full name, made in its space when it is missing. */
export async function ensureHostedRepository(
  trx: Trx,
  space: HostedSpace,
  name: string,
  at: Date,
): Promise<HostedRepository> {
  const found = await findHostedRepository(trx, name);
  if (found !== undefined) return found;
  const ids = await upsertRepositories(trx, space.registryId, [{ name }], { at, isCatalogued: true });
  const id = ids.get(name) ?? 0;
  await trx
    .insertInto('hostedRepository')
    .values({ repositoryId: id, name, space: space.name, createdAt: at })
    .onConflict(conflict => conflict.doNothing())
    .execute();
  const made = await findHostedRepository(trx, name);
  if (made === undefined) throw new PlimsollError('BUG', `Repository "${name}" was not stored`);
  return made;
}

/** Sets whether everybody may pull. Returns whether there is such a repository. */
export async function setPublic(db: Db, name: string, isPublic: boolean): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('hostedRepository')
    .set({ isPublic })
    .where('name', '=', name)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Whose repositories to list. */
export interface CatalogueQuery {
  /** Only names after this one. */
  readonly after?: string | undefined;
  readonly limit: number;
  /** Besides public ones: those in these namespaces; `everywhere`: all. */
  readonly namespaceIds: readonly string[] | 'everywhere';
  /** And those in this space. */
  readonly space?: string | undefined;
}

/** Names of repositories that have a manifest, in the order of bytes. */
export async function listHostedRepositories(
  db: Db,
  { after, limit, namespaceIds, space }: CatalogueQuery,
): Promise<readonly string[]> {
  let select = db
    .selectFrom('hostedRepository')
    .innerJoin('hostedSpace', 'hostedSpace.name', 'hostedRepository.space')
    .select('hostedRepository.name')
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('hostedManifest')
          .select('manifestId')
          .whereRef('hostedManifest.repositoryId', '=', 'hostedRepository.repositoryId'),
      ),
    );
  if (namespaceIds !== 'everywhere') {
    select = select.where(eb =>
      eb.or([
        eb('hostedRepository.isPublic', '=', true),
        sql<boolean>`coalesce(hosted_space.is_public, (${DEFAULTS.expression} ->> 'isPublic')::boolean, false)`,
        ...(namespaceIds.length === 0 ? [] : [eb('hostedSpace.namespaceId', 'in', [...namespaceIds])]),
        ...(space === undefined ? [] : [eb('hostedRepository.space', '=', space)]),
      ]),
    );
  }
  if (after !== undefined) select = select.where(sql<boolean>`hosted_repository.name COLLATE "C" > ${after}`);
  const rows = await select.orderBy(sql`hosted_repository.name COLLATE "C"`).limit(limit).execute();
  return rows.map(({ name }) => name);
}

async function ensureHostedRegistry(
  trx: Trx,
  namespaceId: string,
  { address, at }: { readonly address: HostedAddress; readonly at: Date },
): Promise<string> {
  const rows = await trx
    .selectFrom('registry')
    .select(['id', 'name', 'type', 'removedAt'])
    .where('namespaceId', '=', namespaceId)
    .execute();
  const present = rows.filter(({ removedAt }) => removedAt === null);
  const own = present.find(({ type }) => type === HOSTED_TYPE);
  if (own !== undefined) return own.id;
  const taken = new Set(present.map(({ name }) => name));
  let name = 'hosted';
  for (let count = 2; taken.has(name); count += 1) name = `hosted-${count}`;
  const id = randomUUID();
  await insertRegistry(trx, {
    id,
    namespaceId,
    name,
    type: HOSTED_TYPE,
    url: address.url,
    host: address.host,
    settings: {},
    credentialKind: 'none',
    sealedCredentials: null,
    credentialHint: undefined,
    credentialExpiresAt: undefined,
    sensorSelector: {},
    labels: {},
    maxListings: 2,
    maxScans: 4,
    at,
  });
  return id;
}

function toSpace(row: Selectable<HostedSpaceTable> & { readonly defaults: unknown }): HostedSpace {
  const defaults = readRules(row.defaults);
  const own = readRules(row);
  return {
    name: row.name,
    namespaceId: row.namespaceId,
    registryId: row.registryId,
    projectId: row.projectId ?? undefined,
    quotaBytes: own.quotaBytes ?? defaults.quotaBytes,
    untaggedDays: own.untaggedDays ?? defaults.untaggedDays,
    own,
  };
}

/** Rules as they are stored; what is null, or not of ours, is not set. */
function readRules(stored: unknown): SpaceRules {
  const { quotaBytes, untaggedDays, isPublic } = (stored ?? {}) as Readonly<Record<string, unknown>>;
  return {
    ...(typeof quotaBytes === 'number' ? { quotaBytes } : {}),
    ...(typeof untaggedDays === 'number' ? { untaggedDays } : {}),
    ...(typeof isPublic === 'boolean' ? { isPublic } : {}),
  };
}
