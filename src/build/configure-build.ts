/**
 * How a project is built, as people see to it: source, Dockerfile, log-ins, switches. Secrets go in and never come out.
 */
import { type Caller, toActor } from '#access/caller.ts';
import { requireRole } from '#access/principal.ts';
import { PlimsollError } from '#base/errors.ts';
import { getProject } from '#project/manage-project.ts';
import { recordAudit } from '#store/audit.ts';
import {
  type BuildConfiguration,
  type BuildConfigurationFields,
  type BuildLogin,
  type BuildSource,
  findBuildConfiguration,
  listProjectsWithKey,
  putBuildConfiguration,
  type SealedBuildSecrets,
  type StoredBuildLimits,
} from '#store/build-configuration.ts';
import type { Db } from '#store/database.ts';
import { lockProject, type ProjectRecord } from '#store/project.ts';
import { storable } from '#store/row-set.ts';
import { inTransaction } from '#store/transaction.ts';
import type { BuildContext } from './build-context.ts';
import type { GitLogin, SourceReport } from './build-request.ts';
import { buildSecretPurpose, openBuildSecrets, readBuildPullSecret } from './build-secrets.ts';
import {
  checkConfiguration,
  DEFAULT_LIMITS,
  DEFAULT_REBUILD_DELAY_SECONDS,
  defaultImageName,
} from './build-settings.ts';
import { checkSshKey } from './ssh-key.ts';

/** A log-in as it is given. `keep` leaves the one there is. */
export type LoginChange =
  | { readonly kind: 'none' | 'keep' }
  | { readonly kind: 'token'; readonly username?: string | undefined; readonly token: string }
  | { readonly kind: 'ssh-key'; readonly privateKey: string };

/** A whole configuration as it is given; what is missing gets its default, secrets that are missing stay. */
export interface ConfigurationChange {
  readonly isEnabled: boolean;
  readonly source: Partial<BuildSource> & { readonly url: string };
  readonly login?: LoginChange | undefined;
  readonly dockerfile?: string | undefined;
  readonly context?: string | undefined;
  readonly imageName?: string | undefined;
  readonly platforms?: readonly string[] | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** `null` forgets the pinned ones: the next contact pins anew. Missing: they stay while the host stays. */
  readonly hostKeys?: readonly string[] | null | undefined;
  /** Values by name; a value `null` keeps the one there is. Missing: all stay. */
  readonly arguments?: Readonly<Record<string, string | null>> | undefined;
  /** `null` forgets it. */
  readonly pullSecret?: string | null | undefined;
  readonly autoRebuild?: boolean | undefined;
  readonly autoPublish?: boolean | undefined;
  readonly rebuildDelaySeconds?: number | undefined;
  readonly limits?: { readonly [K in keyof StoredBuildLimits]?: StoredBuildLimits[K] | undefined } | undefined;
}

/** A configuration with what is worth saying about it. */
export interface ConfiguredBuilds {
  readonly configuration: BuildConfiguration;
  /** Sentences. */
  readonly warnings: readonly string[];
}

/** How a project is built; `undefined` when nobody has said. For viewers. @throws {PlimsollError} `NOT_FOUND`. */
export async function getBuildConfiguration(
  context: Pick<BuildContext, 'store'>,
  caller: Caller,
  projectId: string,
): Promise<BuildConfiguration | undefined> {
  const project = await getProject(context, caller, { id: projectId });
  return await findBuildConfiguration(context.store.db, project.id);
}

/**
 * Says how a project is built; for operators.
 * @throws {PlimsollError} `NOT_FOUND`, `FORBIDDEN`, `REQUEST_INVALID`, `SSH_KEY_INVALID`, `VERSION_CONFLICT`; `CONFLICT` when its images are not pushed here.
 */
export async function configureBuilds(
  context: BuildContext,
  caller: Caller,
  projectId: string,
  { change, revision }: { readonly change: ConfigurationChange; readonly revision?: number | undefined },
): Promise<ConfiguredBuilds> {
  const project = await getProject(context, caller, { id: projectId });
  requireRole(caller.principal, 'operator', project.namespaceId);
  requireHosted(project);
  const { store, now } = context;
  const warnings: string[] = [];
  const configuration = await inTransaction(store.db, async trx => {
    warnings.length = 0;
    await lockProject(trx, project.id);
    const before = await findBuildConfiguration(trx, project.id, { isLocked: true });
    if (revision !== undefined && before?.revision !== revision) {
      throw new PlimsollError(
        'VERSION_CONFLICT',
        'Cannot configure builds: the configuration was changed since you read it',
      );
    }
    const at = now();
    const { fields, secrets } = await applyChange(trx, context, project, { before, change, at });
    const fingerprint = fields.login.fingerprint;
    if (fingerprint !== undefined) {
      const others = await listProjectsWithKey(trx, {
        fingerprint,
        namespaceId: project.namespaceId,
        except: project.id,
      });
      if (others.length > 0) {
        warnings.push(
          `The SSH key is used in "${others[0]}" as well: use a key of its own for each project, and never a personal one`,
        );
      }
    }
    const made = await putBuildConfiguration(trx, project.id, storable(checkConfiguration(fields)), { secrets, at });
    await recordAudit(trx, {
      at,
      actor: toActor(caller),
      action: 'project.build.configure',
      namespaceId: project.namespaceId,
      subjectKind: 'project',
      subjectId: project.id,
      detail: {
        isEnabled: made.isEnabled,
        url: made.source.url,
        login: made.login.kind,
        autoRebuild: made.autoRebuild,
        autoPublish: made.autoPublish,
      },
    });
    return made;
  });
  return { configuration, warnings };
}

/** Looks at a Git source; `core` does, with a folder of its own. */
export type LookAtSource = (
  source: Parameters<typeof import('./test-source.ts').testSource>[0],
  where: { readonly dockerfile: string; readonly context: string },
  signal: AbortSignal,
) => Promise<SourceReport>;

/**
 * Clones a source and says what is found, before anything is saved; secrets that are not given are those that are kept.
 * @throws {PlimsollError} as `configureBuilds`, and `SOURCE_DENIED`, `SOURCE_UNKNOWN`, `SOURCE_UNAVAILABLE`, `SOURCE_INVALID`, `TIMED_OUT`.
 */
export async function testBuildSource(
  context: BuildContext,
  caller: Caller,
  projectId: string,
  {
    change,
    look,
    signal,
  }: { readonly change: ConfigurationChange; readonly look: LookAtSource; readonly signal: AbortSignal },
): Promise<SourceReport> {
  const project = await getProject(context, caller, { id: projectId });
  requireRole(caller.principal, 'operator', project.namespaceId);
  const before = await findBuildConfiguration(context.store.db, project.id);
  const applied = await applyChange(context.store.db, context, project, { before, change, at: context.now() });
  const { source, dockerfile, context: folder, hostKeys } = checkConfiguration(applied.fields);
  return await look({ ...source, login: applied.login, hostKeys }, { dockerfile, context: folder }, signal);
}

/** @throws {PlimsollError} `CONFLICT`. */
export function requireHosted({ isHosted, name }: Pick<ProjectRecord, 'isHosted' | 'name'>): void {
  if (isHosted) return;
  throw new PlimsollError(
    'CONFLICT',
    `Cannot build "${name}": its images are published elsewhere; builds are pushed to the hosted registry, so set its distribution method to "rhcc"`,
  );
}

interface Applied {
  readonly fields: BuildConfigurationFields;
  readonly secrets: SealedBuildSecrets;
  readonly login: GitLogin;
}

async function applyChange(
  db: Db,
  { sealer }: Pick<BuildContext, 'sealer'>,
  project: ProjectRecord,
  {
    before,
    change,
    at,
  }: { readonly before: BuildConfiguration | undefined; readonly change: ConfigurationChange; readonly at: Date },
): Promise<Applied> {
  const kept = await openBuildSecrets(db, sealer, project.id);
  const seal = (text: string, part: Parameters<typeof buildSecretPurpose>[1]) =>
    sealer.seal(text, buildSecretPurpose(project.id, part));
  const url = change.source.url.trim();
  const isSameHost = before !== undefined && hostOf(before.source.url) === hostOf(url);
  const source: BuildSource = {
    ref: '',
    wantsSubmodules: false,
    wantsLfs: false,
    ...change.source,
    url,
    // They are not shown, so that whoever saves what was shown does not have them.
    caPem: change.source.caPem ?? (isSameHost ? before.source.caPem : undefined),
  };
  const { shown, login } = readLogin(change.login ?? { kind: 'keep' }, { before, kept: kept.login, at });
  // A log-in is for the host that it was given for.
  if (login.kind !== 'none' && (change.login?.kind ?? 'keep') === 'keep' && !isSameHost) {
    throw new PlimsollError(
      'REQUEST_INVALID',
      'Cannot configure builds: the address is on another host now; give the log-in for it again, or none',
    );
  }
  const args = applyArguments(kept.args, change.arguments);
  const pull = change.pullSecret == null ? undefined : readBuildPullSecret(change.pullSecret);
  return {
    login,
    fields: {
      isEnabled: change.isEnabled,
      source,
      dockerfile: change.dockerfile ?? 'Dockerfile',
      context: change.context ?? '.',
      imageName: change.imageName ?? before?.imageName ?? defaultImageName(project),
      platforms: change.platforms ?? [],
      labels: change.labels ?? {},
      hostKeys: change.hostKeys ?? (change.hostKeys === undefined && isSameHost ? before.hostKeys : []),
      login: shown,
      argumentNames: Object.keys(args).sort(),
      pullHosts: pull?.hosts ?? (change.pullSecret === null ? [] : (before?.pullHosts ?? [])),
      autoRebuild: change.autoRebuild ?? false,
      autoPublish: change.autoPublish ?? false,
      rebuildDelaySeconds: change.rebuildDelaySeconds ?? DEFAULT_REBUILD_DELAY_SECONDS,
      limits: {
        timeMs: change.limits?.timeMs ?? DEFAULT_LIMITS.timeMs,
        memoryBytes: change.limits?.memoryBytes ?? DEFAULT_LIMITS.memoryBytes,
        diskBytes: change.limits?.diskBytes ?? DEFAULT_LIMITS.diskBytes,
        processes: change.limits?.processes ?? DEFAULT_LIMITS.processes,
        outputBytes: change.limits?.outputBytes ?? DEFAULT_LIMITS.outputBytes,
      },
    },
    secrets: {
      login: login.kind === 'none' ? null : seal(JSON.stringify(login), 'login'),
      arguments: Object.keys(args).length === 0 ? null : seal(JSON.stringify(args), 'arguments'),
      pullSecret: pull === undefined ? (change.pullSecret === null ? null : undefined) : seal(pull.text, 'pull-secret'),
    },
  };
}

function readLogin(
  change: LoginChange,
  { before, kept, at }: { readonly before: BuildConfiguration | undefined; readonly kept: GitLogin; readonly at: Date },
): { readonly shown: BuildLogin; readonly login: GitLogin } {
  const savedAt = at.toISOString();
  switch (change.kind) {
    case 'keep':
      return { shown: before?.login ?? { kind: 'none' }, login: kept };
    case 'none':
      return { shown: { kind: 'none' }, login: { kind: 'none' } };
    case 'token': {
      const { username, token } = change;
      if (token.trim() === '')
        throw new PlimsollError('REQUEST_INVALID', 'Cannot configure builds: the token is empty');
      return { shown: { kind: 'token', username, savedAt }, login: { kind: 'token', username, token: token.trim() } };
    }
    case 'ssh-key': {
      const { privateKey, kind, fingerprint, publicKey } = checkSshKey(change.privateKey);
      return {
        shown: { kind: 'ssh-key', keyKind: kind, fingerprint, publicKey, savedAt },
        login: { kind: 'ssh-key', privateKey },
      };
    }
    default:
      return change satisfies never;
  }
}

function applyArguments(
  kept: Readonly<Record<string, string>>,
  change: Readonly<Record<string, string | null>> | undefined,
): Readonly<Record<string, string>> {
  if (change === undefined) return kept;
  return Object.fromEntries(
    Object.entries(change).map(([name, value]) => {
      const text = value ?? (Object.hasOwn(kept, name) ? kept[name] : undefined);
      if (text === undefined) {
        throw new PlimsollError(
          'REQUEST_INVALID',
          `Cannot configure builds: build argument "${name}" has no value, and none is kept`,
        );
      }
      return [name, text];
    }),
  );
}

/** `host[:port]` of an address of either form. */
function hostOf(url: string): string {
  const short = /^(?:[\w.-]+@)?([\w.-]+):(?!\/\/)/.exec(url);
  if (short !== null) return short[1] ?? '';
  return URL.canParse(url) ? new URL(url).host : url;
}
