/** Handing a build to a builder: what it is made from, with the secrets that it needs. */
import { type BuildRecord, listPublishedBuilds, ringBuilds, updateBuild } from '#store/build.ts';
import { type BuildConfiguration, findBuildConfiguration } from '#store/build-configuration.ts';
import { type BuilderRecord, leaseNextBuild } from '#store/build-lease.ts';
import type { Trx } from '#store/database.ts';
import { findProject } from '#store/project.ts';
import { inTransaction } from '#store/transaction.ts';
import type { BuildContext } from './build-context.ts';
import { recordBuildEvent } from './build-event.ts';
import { addToLog } from './build-log.ts';
import type { BuildRequest } from './build-request.ts';
import { openBuildSecrets } from './build-secrets.ts';
import type { LeasedBuild } from './builder-port.ts';
import { makePushKey } from './push-key.ts';
import { tagOf } from './queue-build.ts';

/** A builder that has shown who it is, and how it reaches the hosted registry. */
export interface BuilderConnection {
  readonly builder: BuilderRecord;
  /** Address of this server as the builder reaches it. */
  readonly registryUrl: string;
  readonly leaseMs?: number | undefined;
}

/** Leases the next build there is for a builder; `undefined` when there is none. */
export async function leaseBuild(
  context: BuildContext,
  { builder, registryUrl }: BuilderConnection,
  leaseMs: number,
): Promise<LeasedBuild | undefined> {
  const { store, now } = context;
  const key = makePushKey();
  const leased = await inTransaction(store.db, async trx => {
    const at = now();
    const build = await leaseNextBuild(trx, { builderId: builder.id, at, leaseMs, pushHash: key.hash });
    const project = build && (await findProject(trx, { id: build.projectId }));
    const how = build && (await findBuildConfiguration(trx, build.projectId));
    if (build === undefined || project === undefined || how === undefined) return undefined;
    const repository = `${project.pid}/${how.imageName}`;
    const origin = await sourceOf(trx, build, how);
    const recipe = {
      url: how.source.url,
      ...origin,
      argumentNames: how.argumentNames,
      platforms: how.platforms,
      repository,
      builder: builder.name,
      versions: builder.versions,
    };
    const begun = await updateBuild(trx, build.id, { recipe });
    await addToLog(
      trx,
      begun,
      `Build ${tagOf(begun)} of ${project.name} on builder ${builder.name}, attempt ${begun.attempts}\n`,
    );
    await recordBuildEvent(trx, project, begun, at);
    await ringBuilds(trx);
    return { build: begun, project, how, origin, repository };
  });
  if (leased === undefined) return undefined;
  const { build, project, how, origin, repository } = leased;
  const { dockerfile, context: folder, ...source } = origin;
  const secrets = await openBuildSecrets(store.db, context.sealer, project.id);
  const registry = new URL(registryUrl);
  const isInsecure = registry.protocol === 'http:';
  const hosted = context.hosted === undefined ? undefined : new URL(context.hosted.url);
  const insecureRegistries = [
    ...new Set([...(isInsecure ? [registry.host] : []), ...(hosted?.protocol === 'http:' ? [hosted.host] : [])]),
  ];
  const request: BuildRequest = {
    source: { ...how.source, ...source, login: secrets.login, hostKeys: how.hostKeys },
    dockerfile,
    context: folder,
    args: secrets.args,
    platforms: how.platforms,
    labels: how.labels,
    pullAuth: secrets.pullAuth,
    insecureRegistries,
    push: {
      repository: `${registry.host}/${repository}`,
      tag: tagOf(build),
      username: 'unused',
      password: key.text,
      isInsecure,
    },
    limits: how.limits,
  };
  return {
    id: build.id,
    leaseToken: build.leaseToken ?? '',
    leaseMs,
    tag: tagOf(build),
    project: project.name,
    attempt: build.attempts,
    request,
  };
}

/** What is built and out of what. */
interface BuildOrigin {
  readonly ref: string;
  readonly wantsSubmodules: boolean;
  readonly wantsLfs: boolean;
  readonly dockerfile: string;
  readonly context: string;
}

/**
 * The source as it is configured; of a build that came by itself, the commit that its version was published from: a branch goes on to other
 * versions, which nobody wants under the tag of this one.
 */
async function sourceOf(
  trx: Trx,
  { projectId, version, number, cause }: BuildRecord,
  { source: { ref, wantsSubmodules, wantsLfs }, dockerfile, context }: BuildConfiguration,
): Promise<BuildOrigin> {
  const configured = { ref, wantsSubmodules, wantsLfs, dockerfile, context };
  if (cause === 'manual' || cause === 'retry') return configured;
  const published = await listPublishedBuilds(trx, projectId);
  const before = published.find(one => one.version === version && one.number < number);
  if (before?.recipe === undefined || before.result === undefined) return configured;
  const { recipe, result } = before;
  return {
    ref: result.commit,
    wantsSubmodules: recipe.wantsSubmodules,
    wantsLfs: recipe.wantsLfs,
    dockerfile: recipe.dockerfile,
    context: recipe.context,
  };
}
