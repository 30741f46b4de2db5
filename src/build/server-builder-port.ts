/** The builders' port on the server's side. */

import { type BuildRecord, findBuild, ringBuilds, type StoredBuildFailure, updateBuild } from '#store/build.ts';
import { pinHostKeys } from '#store/build-configuration.ts';
import { lockLapsedBuilds, touchBuilder } from '#store/build-lease.ts';
import type { Trx } from '#store/database.ts';
import { findHostedManifest } from '#store/hosting-manifest.ts';
import { findHostedRepository } from '#store/hosting-space.ts';
import { findProject, type ProjectRecord } from '#store/project.ts';
import { inTransaction } from '#store/transaction.ts';
import type { BuildContext } from './build-context.ts';
import { recordBuildEvent } from './build-event.ts';
import { addToLog } from './build-log.ts';
import { type BuildEnding, type BuilderPort, type BuildReport, LEASE_MS } from './builder-port.ts';
import { type EndedBuild, endBuild } from './end-build.ts';
import { type BuilderConnection, leaseBuild } from './lease-build.ts';
import { tagOf } from './queue-build.ts';

/** A build is begun so often when builders die over it. */
const MAX_ATTEMPTS = 2;
/** Should no bell ring: a build waits for its time. */
const LOOK_MS = 5000;

/** Opens the port for one builder. */
export function openBuilderPort(context: BuildContext, connection: BuilderConnection): BuilderPort {
  const { builder, leaseMs = LEASE_MS } = connection;
  const { store, now, bell } = context;
  return {
    async lease({ waitMs, versions }, { signal }) {
      await touchBuilder(store.db, builder.id, { at: now(), versions });
      const until = performance.now() + waitMs;
      for (;;) {
        const leftMs = until - performance.now();
        const rung = leftMs > 0 ? bell.wait(Math.min(leftMs, LOOK_MS), { signal }) : undefined;
        rung?.catch(() => undefined);
        await takeBackLapsed(context);
        const leased = await leaseBuild(context, { ...connection, builder: { ...builder, versions } }, leaseMs);
        if (leased !== undefined || rung === undefined) return leased;
        await rung;
      }
    },
    async report(buildId, report) {
      return await inTransaction(store.db, async trx => {
        const held = await lockHeld(trx, context, buildId, report.leaseToken);
        if (held === undefined) return 'stop';
        await takeReport(trx, context, held, report, leaseMs);
        await touchBuilder(trx, builder.id, { at: now() });
        return 'go-on';
      });
    },
    async end(buildId, ending) {
      const taken = await inTransaction(store.db, async trx => {
        const held = await lockHeld(trx, context, buildId, ending.leaseToken);
        return held && (await takeEnding(trx, context, held, ending));
      });
      if (taken === undefined) return 'stop';
      const { ended, hostKeys } = taken;
      if (hostKeys !== undefined) await pinHostKeys(store.db, hostKeys.projectId, hostKeys.lines);
      await ended?.keepLog(context);
      return 'go-on';
    },
  };
}

/** Takes back builds whose builder has not been heard of: to be begun again, or failed when that has happened before. */
export async function takeBackLapsed(context: Pick<BuildContext, 'store' | 'blobs' | 'now'>): Promise<void> {
  const { store, now } = context;
  const ended = await inTransaction(store.db, async trx => {
    const at = now();
    const all: EndedBuild[] = [];
    for (const build of await lockLapsedBuilds(trx, at)) {
      const project = await findProject(trx, { id: build.projectId });
      if (project === undefined) continue;
      if (build.attempts < MAX_ATTEMPTS) {
        const told = await addToLog(trx, build, 'The builder has not been heard of; another begins anew\n');
        await requeue(trx, project, told, at);
        continue;
      }
      const failure: StoredBuildFailure = {
        code: 'SERVER_UNAVAILABLE',
        message: `Cannot build ${tagOf(build)}: ${MAX_ATTEMPTS} builders in turn were not heard of any more while they were at it; see why they ended, or raise the limits of the build`,
        step: stepOf(build.state),
        tail: [],
      };
      all.push(await endBuild(trx, project, build, { state: 'failed', failure, at }));
    }
    return all;
  });
  for (const one of ended) await one.keepLog(context);
}

interface Held {
  readonly build: BuildRecord;
  readonly project: ProjectRecord;
}

/** The build, locked, if the lease is still held. */
async function lockHeld(
  trx: Trx,
  { now }: BuildContext,
  buildId: string,
  leaseToken: string,
): Promise<Held | undefined> {
  const build = await findBuild(trx, buildId, { isLocked: true });
  const isHeld = build?.leaseToken === leaseToken && Date.parse(build.leaseUntil ?? '') > now().getTime();
  const project = build && isHeld ? await findProject(trx, { id: build.projectId }) : undefined;
  return build === undefined || project === undefined ? undefined : { build, project };
}

async function takeReport(
  trx: Trx,
  { now }: BuildContext,
  { build, project }: Held,
  { state, log }: BuildReport,
  leaseMs: number,
): Promise<void> {
  const at = now();
  const logged = await addToLog(trx, build, log);
  const leaseUntil = new Date(at.getTime() + leaseMs).toISOString();
  if (state === undefined || state === build.state) {
    await updateBuild(trx, build.id, { leaseUntil });
    return;
  }
  await updateBuild(trx, build.id, { leaseUntil, state });
  await recordBuildEvent(trx, project, { ...logged, state }, at);
  await ringBuilds(trx);
}

async function takeEnding(
  trx: Trx,
  { now, queue }: BuildContext,
  { build, project }: Held,
  ending: BuildEnding,
): Promise<{
  readonly ended?: EndedBuild;
  readonly hostKeys?: { readonly projectId: string; readonly lines: readonly string[] };
}> {
  const at = now();
  switch (ending.kind) {
    case 'returned':
      await requeue(trx, project, await addToLog(trx, build, 'The builder stops; another begins anew\n'), at);
      // It was not the build's fault.
      await trx
        .updateTable('build')
        .set({ attempts: build.attempts - 1 })
        .where('id', '=', build.id)
        .execute();
      return {};
    case 'failed':
      return { ended: await endBuild(trx, project, build, { state: 'failed', failure: ending.failure, at }) };
    case 'succeeded': {
      const { hostKeys, ...result } = ending.result;
      const there = await findPushed(trx, build);
      if (there !== result.digest) {
        const message = `Cannot go on with build ${tagOf(build)}: the builder says that it pushed ${result.digest}, and the registry has ${there ?? 'nothing'} under that tag`;
        const failure: StoredBuildFailure = { code: 'MANIFEST_UNKNOWN', message, step: 'push', tail: [] };
        return { ended: await endBuild(trx, project, build, { state: 'failed', failure, at }) };
      }
      const logged = await addToLog(trx, build, `Pushed ${result.digest}; it is scanned and checked now\n`);
      await updateBuild(trx, build.id, {
        state: 'scanning',
        result,
        leaseToken: undefined,
        leaseUntil: undefined,
        pushHash: undefined,
      });
      await recordBuildEvent(trx, project, { ...logged, state: 'scanning', result }, at);
      await queue.send(trx, 'build-step', { buildId: build.id }, { singletonKey: build.id });
      await ringBuilds(trx);
      return { hostKeys: { projectId: project.id, lines: hostKeys } };
    }
    default:
      return ending satisfies never;
  }
}

/** What the registry has under the tag of a build. */
async function findPushed(trx: Trx, build: BuildRecord): Promise<string | undefined> {
  const repository = await findHostedRepository(trx, build.recipe?.repository ?? '');
  return repository && (await findHostedManifest(trx, repository.id, { tag: tagOf(build) }))?.digest;
}

async function requeue(trx: Trx, project: ProjectRecord, build: BuildRecord, at: Date): Promise<void> {
  const queued = await updateBuild(trx, build.id, {
    state: 'queued',
    notBefore: at.toISOString(),
    builderId: undefined,
    leaseToken: undefined,
    leaseUntil: undefined,
    pushHash: undefined,
  });
  await recordBuildEvent(trx, project, queued, at);
  await ringBuilds(trx);
}

function stepOf(state: BuildRecord['state']): StoredBuildFailure['step'] {
  return state === 'cloning' ? 'clone' : state === 'pushing' ? 'push' : 'build';
}
