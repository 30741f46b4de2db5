/** Builds as they are kept. */
import { randomUUID } from 'node:crypto';
import { type Selectable, sql } from 'kysely';
import { conflictOn } from './constraint.ts';
import { type Db, type Trx, toJson } from './database.ts';
import type { BuildTable } from './tables.ts';

/** Where a build is. The last three are ends. */
export const BUILD_STATES = [
  'queued',
  'cloning',
  'building',
  'pushing',
  'scanning',
  'succeeded',
  'failed',
  'cancelled',
] as const;
export type BuildState = (typeof BUILD_STATES)[number];

/** Why a build was made. */
export const BUILD_CAUSES = ['manual', 'advisory', 'base-image', 'package-update', 'retry'] as const;
export type BuildCauseKind = (typeof BUILD_CAUSES)[number];

/** One reason, with a sentence for people. */
export interface BuildCause {
  readonly kind: BuildCauseKind;
  readonly detail: string;
}

/** What a build is made from, without secrets. */
export interface BuildRecipe {
  readonly url: string;
  readonly ref: string;
  readonly wantsSubmodules: boolean;
  readonly wantsLfs: boolean;
  readonly dockerfile: string;
  readonly context: string;
  readonly argumentNames: readonly string[];
  readonly platforms: readonly string[];
  /** Full name in the hosted registry. */
  readonly repository: string;
  /** Names of the builder and of its programs with their versions. */
  readonly builder: string;
  readonly versions: Readonly<Record<string, string>>;
}

/** What was built and pushed; as src/build/build-request.ts has it. */
export interface StoredBuildResult {
  readonly commit: string;
  readonly digest: string;
  readonly manifests: readonly { readonly platform: string; readonly digest: string }[];
  readonly baseImages: readonly { readonly reference: string; readonly digest: string }[];
  readonly dockerfileSha256: string;
  readonly startedAt: string;
  readonly finishedAt: string;
}

/** Why a build came to nothing. */
export interface StoredBuildFailure {
  readonly code: string;
  /** One sentence. */
  readonly message: string;
  readonly step: 'clone' | 'build' | 'push' | 'scan';
  /** Of the Dockerfile, from 1. */
  readonly line?: number | undefined;
  readonly instruction?: string | undefined;
  /** The last lines of output. */
  readonly tail: readonly string[];
}

/** A package that another version stands for now; a missing version: it is new, or gone. */
export interface PackageChange {
  readonly name: string;
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}

/** What became of a build's images. */
export interface BuildOutcome {
  readonly images: readonly {
    readonly id: string;
    readonly digest: string;
    readonly isCertified: boolean;
    readonly grade?: string | undefined;
    readonly isPublished: boolean;
  }[];
  /** Against the newest published build of the version; missing when there was none. */
  readonly changes?:
    | {
        readonly tag: string;
        /** The first hundred. */
        readonly packages: readonly PackageChange[];
        readonly packageCount: number;
        readonly findingsGone: readonly string[];
        readonly findingsNew: readonly string[];
      }
    | undefined;
  /** Why it was not published, where that was wanted. */
  readonly notPublished?: string | undefined;
}

/** A build. */
export interface BuildRecord {
  readonly id: string;
  readonly projectId: string;
  readonly version: string;
  readonly number: number;
  readonly state: BuildState;
  /** That of the first of `causes`. */
  readonly cause: BuildCauseKind;
  readonly causes: readonly BuildCause[];
  readonly requestedBy: string;
  readonly notBefore: string;
  /** Times that a builder took it. */
  readonly attempts: number;
  readonly builderId: string | undefined;
  readonly leaseToken: string | undefined;
  readonly leaseUntil: string | undefined;
  readonly recipe: BuildRecipe | undefined;
  readonly result: StoredBuildResult | undefined;
  readonly failure: StoredBuildFailure | undefined;
  readonly outcome: BuildOutcome | undefined;
  /** Reasons to rebuild that it has dealt with; see build/rebuild-watch.ts. */
  readonly considered: readonly string[];
  readonly logDigest: string | undefined;
  readonly logBytes: number;
  readonly createdAt: string;
  readonly startedAt: string | undefined;
  readonly finishedAt: string | undefined;
}

/** The channel on which servers tell each other that something about builds changed. */
export const BUILD_CHANNEL = 'plimsoll_build';

/** Wakes whoever waits for builds or their logs, when the transaction is committed. */
export async function ringBuilds(db: Db): Promise<void> {
  await sql`SELECT pg_notify(${BUILD_CHANNEL}, '')`.execute(db);
}

/** Adds a queued build. @throws {PlimsollError} `CONFLICT` when somebody has just taken the number. */
export async function insertBuild(
  trx: Trx,
  build: {
    readonly projectId: string;
    readonly version: string;
    readonly number: number;
    readonly causes: readonly [BuildCause, ...BuildCause[]];
    readonly requestedBy: string;
    readonly notBefore: Date;
    readonly considered: readonly string[];
    readonly at: Date;
  },
): Promise<BuildRecord> {
  const { projectId, version, number, causes, requestedBy, notBefore, considered, at } = build;
  const row = await conflictOn('unique', `Cannot build as "${version}-${number}": somebody has just done so`, () =>
    trx
      .insertInto('build')
      .values({
        id: randomUUID(),
        projectId,
        version,
        number,
        state: 'queued',
        cause: causes[0].kind,
        causes: toJson(causes),
        requestedBy,
        notBefore,
        considered: toJson(considered),
        createdAt: at,
      })
      .returningAll()
      .executeTakeFirstOrThrow(),
  );
  return toBuild(row);
}

/** A build by its id; with `isLocked`, nobody else changes it until the transaction ends. */
export async function findBuild(
  db: Db,
  id: string,
  { isLocked = false }: { readonly isLocked?: boolean | undefined } = {},
): Promise<BuildRecord | undefined> {
  let select = db.selectFrom('build').selectAll().where('id', '=', id);
  if (isLocked) select = select.forUpdate();
  const row = await select.executeTakeFirst();
  return row === undefined ? undefined : toBuild(row);
}

/** Builds of a project, newest first. */
export async function listBuilds(
  db: Db,
  {
    projectId,
    version,
    states,
    before,
    limit,
  }: {
    readonly projectId: string;
    readonly version?: string | undefined;
    readonly states?: readonly BuildState[] | undefined;
    readonly before?: { readonly at: string; readonly id: string } | undefined;
    readonly limit: number;
  },
): Promise<readonly BuildRecord[]> {
  let select = db.selectFrom('build').selectAll().where('projectId', '=', projectId);
  if (version !== undefined) select = select.where('version', '=', version);
  if (states !== undefined) select = select.where('state', 'in', [...states]);
  if (before !== undefined) {
    select = select.where(sql<boolean>`(created_at, id) < (${before.at}::timestamptz, ${before.id}::uuid)`);
  }
  const rows = await select.orderBy('createdAt', 'desc').orderBy('id', 'desc').limit(limit).execute();
  return rows.map(toBuild);
}

/** Numbers of a version that were used: by builds whatever came of them, and by tags of images that were pushed otherwise. */
export async function listUsedNumbers(db: Db, projectId: string, version: string): Promise<readonly number[]> {
  const { rows } = await sql<{ number: number }>`
    SELECT number FROM build WHERE project_id = ${projectId} AND version = ${version}
    UNION
    SELECT substr(tag ->> 'name', length(${version}::text) + 2)::integer
    FROM project_image CROSS JOIN LATERAL jsonb_array_elements(tags) AS tag
    WHERE project_id = ${projectId} AND left(tag ->> 'name', length(${version}::text) + 1) = ${version}::text || '-'
      AND substr(tag ->> 'name', length(${version}::text) + 2) ~ '^[1-9][0-9]{0,8}$'`.execute(db);
  return rows.map(({ number }) => number);
}

/** What changes about a build; fields that are missing stay. */
export type BuildChange = {
  readonly [K in keyof Omit<
    BuildRecord,
    'id' | 'projectId' | 'version' | 'number' | 'cause' | 'requestedBy' | 'createdAt' | 'attempts'
  >]?: BuildRecord[K];
} & { readonly pushHash?: string | undefined };

/** Changes a build, which the caller has locked; `undefined` empties a field. */
export async function updateBuild(trx: Trx, id: string, change: BuildChange): Promise<BuildRecord> {
  const json = ['causes', 'recipe', 'result', 'failure', 'outcome', 'considered'];
  const columns = Object.fromEntries(
    Object.entries(change).map(([name, value]) => [
      name,
      value === undefined ? null : json.includes(name) ? toJson(value) : value,
    ]),
  );
  const digest = change.result === undefined ? {} : { digest: change.result.digest };
  const row = await trx
    .updateTable('build')
    .set({ ...columns, ...digest })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
  return toBuild(row);
}

/** Builds that wait for the scan of an image. */
export async function listBuildsAwaiting(
  db: Db,
  { projectId, digest }: { readonly projectId: string; readonly digest: string },
): Promise<readonly string[]> {
  const { rows } = await sql<{ id: string }>`
    SELECT id FROM build WHERE project_id = ${projectId} AND state = 'scanning'
      AND result -> 'manifests' @> ${toJson([{ digest }])}::jsonb`.execute(db);
  return rows.map(({ id }) => id);
}

/** Ids of builds whose images are being scanned. */
export async function listScanningBuilds(db: Db): Promise<readonly string[]> {
  const rows = await db.selectFrom('build').select('id').where('state', '=', 'scanning').limit(1000).execute();
  return rows.map(({ id }) => id);
}

/**
 * The build of that digest or, while the digest is not known yet, of that tag, which is not at its end or was not to be published: its images
 * wait for the build's own decision.
 */
export async function findHoldingBuild(
  db: Db,
  image: { readonly projectId: string; readonly digests: readonly string[]; readonly tags: readonly string[] },
): Promise<string | undefined> {
  const { projectId, digests, tags } = image;
  const { rows } = await sql<{ id: string }>`
    SELECT id FROM build WHERE project_id = ${projectId} AND (
      (state = 'pushing' AND (version || '-' || number = ANY (${[...tags]}::text[]) OR ${tags.length === 0}))
      OR (digest = ANY (${[...digests]}::text[]) AND (state = 'scanning' OR outcome ? 'notPublished')))
    LIMIT 1`.execute(db);
  return rows[0]?.id;
}

/** The newest build of each version of a project whose image is published. */
export async function listPublishedBuilds(db: Db, projectId: string): Promise<readonly BuildRecord[]> {
  const rows = await db
    .selectFrom('build')
    .selectAll()
    .distinctOn('version')
    .where('projectId', '=', projectId)
    .where('state', '=', 'succeeded')
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('projectImage as image')
          .select('image.id')
          .whereRef('image.projectId', '=', 'build.projectId')
          .where('image.publishedAt', 'is not', null)
          .where('image.deletedAt', 'is', null)
          .where(eb =>
            eb.or([
              eb('image.digest', '=', eb.ref('build.digest')),
              eb('image.listDigest', '=', eb.ref('build.digest')),
            ]),
          ),
      ),
    )
    .orderBy('version')
    .orderBy('number', 'desc')
    .execute();
  return rows.map(toBuild);
}

/** A row as a build. */
export function toBuild(row: Selectable<BuildTable>): BuildRecord {
  return {
    id: row.id,
    projectId: row.projectId,
    version: row.version,
    number: row.number,
    state: row.state as BuildState,
    cause: row.cause as BuildCauseKind,
    causes: row.causes as readonly BuildCause[],
    requestedBy: row.requestedBy,
    notBefore: row.notBefore,
    attempts: row.attempts,
    builderId: row.builderId ?? undefined,
    leaseToken: row.leaseToken ?? undefined,
    leaseUntil: row.leaseUntil ?? undefined,
    recipe: (row.recipe ?? undefined) as BuildRecipe | undefined,
    result: (row.result ?? undefined) as StoredBuildResult | undefined,
    failure: (row.failure ?? undefined) as StoredBuildFailure | undefined,
    outcome: (row.outcome ?? undefined) as BuildOutcome | undefined,
    considered: row.considered as readonly string[],
    logDigest: row.logDigest ?? undefined,
    logBytes: row.logBytes,
    createdAt: row.createdAt,
    startedAt: row.startedAt ?? undefined,
    finishedAt: row.finishedAt ?? undefined,
  };
}
