/** How the images of projects are built: what users decide, with secrets sealed beside it. */
import type { Selectable } from 'kysely';
import { type Db, type Trx, toJson } from './database.ts';
import type { BuildConfigurationTable } from './tables.ts';

/** Where the source is; the log-in is kept apart. */
export interface BuildSource {
  readonly url: string;
  /** A branch, tag or commit; empty: the repository's own branch. */
  readonly ref: string;
  readonly wantsSubmodules: boolean;
  readonly wantsLfs: boolean;
  /** Certificates in PEM to trust besides the system's. */
  readonly caPem?: string | undefined;
}

/** What of the log-in may be shown. */
export interface BuildLogin {
  readonly kind: 'none' | 'token' | 'ssh-key';
  readonly username?: string | undefined;
  /** Of an SSH key: `rsa`, `ed25519`, `ecdsa`. */
  readonly keyKind?: string | undefined;
  /** `SHA256:…`. */
  readonly fingerprint?: string | undefined;
  /** One line of authorized_keys. */
  readonly publicKey?: string | undefined;
  /** ISO 8601. */
  readonly savedAt?: string | undefined;
}

/** Bounds of one build; as src/build/build-request.ts has them. */
export interface StoredBuildLimits {
  readonly timeMs: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly processes: number;
  readonly outputBytes: number;
}

/** What is written of a configuration. */
export interface BuildConfigurationFields {
  readonly isEnabled: boolean;
  readonly source: BuildSource;
  readonly dockerfile: string;
  readonly context: string;
  /** Last part of the repository's name in the project's space. */
  readonly imageName: string;
  /** Empty: that of the builder. */
  readonly platforms: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Lines of known_hosts. */
  readonly hostKeys: readonly string[];
  readonly login: BuildLogin;
  readonly argumentNames: readonly string[];
  /** Keys of the log-ins for base images: `quay.io`. */
  readonly pullHosts: readonly string[];
  readonly autoRebuild: boolean;
  readonly autoPublish: boolean;
  readonly rebuildDelaySeconds: number;
  readonly limits: StoredBuildLimits;
}

/** A configuration. */
export interface BuildConfiguration extends BuildConfigurationFields {
  readonly projectId: string;
  readonly revision: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Sealed parts, each by itself; `undefined` leaves what is there, `null` forgets it. */
export interface SealedBuildSecrets {
  readonly login?: Uint8Array | null | undefined;
  readonly arguments?: Uint8Array | null | undefined;
  readonly pullSecret?: Uint8Array | null | undefined;
}

/** The configuration of a project; with `isLocked`, nobody else changes it until the transaction ends. */
export async function findBuildConfiguration(
  db: Db,
  projectId: string,
  { isLocked = false }: { readonly isLocked?: boolean | undefined } = {},
): Promise<BuildConfiguration | undefined> {
  let select = db.selectFrom('buildConfiguration').selectAll().where('projectId', '=', projectId);
  if (isLocked) select = select.forUpdate();
  const row = await select.executeTakeFirst();
  return row === undefined ? undefined : toConfiguration(row);
}

/** The sealed parts of a configuration; `null` where there is nothing. */
export async function findBuildSecrets(
  db: Db,
  projectId: string,
): Promise<{
  readonly login: Uint8Array | null;
  readonly arguments: Uint8Array | null;
  readonly pullSecret: Uint8Array | null;
}> {
  const row = await db
    .selectFrom('buildConfiguration')
    .select(['sealedLogin', 'sealedArguments', 'sealedPullSecret'])
    .where('projectId', '=', projectId)
    .executeTakeFirst();
  return {
    login: row?.sealedLogin ?? null,
    arguments: row?.sealedArguments ?? null,
    pullSecret: row?.sealedPullSecret ?? null,
  };
}

/** Writes a configuration, whether there was one or not. The caller has locked the project. */
export async function putBuildConfiguration(
  trx: Trx,
  projectId: string,
  fields: BuildConfigurationFields,
  { secrets, at }: { readonly secrets: SealedBuildSecrets; readonly at: Date },
): Promise<BuildConfiguration> {
  const columns = {
    isEnabled: fields.isEnabled,
    source: toJson(fields.source),
    dockerfile: fields.dockerfile,
    context: fields.context,
    imageName: fields.imageName,
    platforms: toJson(fields.platforms),
    labels: toJson(fields.labels),
    hostKeys: toJson(fields.hostKeys),
    login: toJson(fields.login),
    argumentNames: toJson(fields.argumentNames),
    pullHosts: toJson(fields.pullHosts),
    autoRebuild: fields.autoRebuild,
    autoPublish: fields.autoPublish,
    rebuildDelaySeconds: fields.rebuildDelaySeconds,
    limits: toJson(fields.limits),
    updatedAt: at,
    ...(secrets.login === undefined ? {} : { sealedLogin: secrets.login }),
    ...(secrets.arguments === undefined ? {} : { sealedArguments: secrets.arguments }),
    ...(secrets.pullSecret === undefined ? {} : { sealedPullSecret: secrets.pullSecret }),
  };
  const row = await trx
    .insertInto('buildConfiguration')
    .values({ ...columns, projectId, createdAt: at })
    .onConflict(conflict =>
      conflict
        .column('projectId')
        .doUpdateSet(eb => ({ ...columns, revision: eb('buildConfiguration.revision', '+', 1) })),
    )
    .returningAll()
    .executeTakeFirstOrThrow();
  return toConfiguration(row);
}

/** Pins host keys of a configuration that has none: those that were seen first. */
export async function pinHostKeys(db: Db, projectId: string, hostKeys: readonly string[]): Promise<void> {
  if (hostKeys.length === 0) return;
  await db
    .updateTable('buildConfiguration')
    .set({ hostKeys: toJson(hostKeys) })
    .where('projectId', '=', projectId)
    .where('hostKeys', '=', toJson([]))
    .execute();
}

/** Ids of projects whose builds are made again by themselves. */
export async function listRebuiltProjects(db: Db): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('buildConfiguration')
    .innerJoin('project', 'project.id', 'buildConfiguration.projectId')
    .select('projectId')
    .where('isEnabled', '=', true)
    .where('autoRebuild', '=', true)
    .where('project.status', '=', 'active')
    .orderBy('projectId')
    .execute();
  return rows.map(({ projectId }) => projectId);
}

/** Names of other projects of a namespace that log in with the same SSH key. */
export async function listProjectsWithKey(
  db: Db,
  {
    fingerprint,
    namespaceId,
    except,
  }: { readonly fingerprint: string; readonly namespaceId: string; readonly except: string },
): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('buildConfiguration')
    .innerJoin('project', 'project.id', 'buildConfiguration.projectId')
    .select(['project.name', 'buildConfiguration.login'])
    .where('project.namespaceId', '=', namespaceId)
    .where('project.id', '!=', except)
    .orderBy('project.name')
    .execute();
  return rows.flatMap(({ name, login }) => ((login as BuildLogin).fingerprint === fingerprint ? [name] : []));
}

function toConfiguration(row: Selectable<BuildConfigurationTable>): BuildConfiguration {
  return {
    projectId: row.projectId,
    isEnabled: row.isEnabled,
    source: row.source as BuildSource,
    dockerfile: row.dockerfile,
    context: row.context,
    imageName: row.imageName,
    platforms: row.platforms as readonly string[],
    labels: row.labels as Readonly<Record<string, string>>,
    hostKeys: row.hostKeys as readonly string[],
    login: row.login as BuildLogin,
    argumentNames: row.argumentNames as readonly string[],
    pullHosts: row.pullHosts as readonly string[],
    autoRebuild: row.autoRebuild,
    autoPublish: row.autoPublish,
    rebuildDelaySeconds: row.rebuildDelaySeconds,
    limits: row.limits as StoredBuildLimits,
    revision: row.revision,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}
