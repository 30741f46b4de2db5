/** What is told of builds: events, which webhooks pass on. */
import type { BuildRecord, BuildState } from '#store/build.ts';
import type { Trx } from '#store/database.ts';
import { type EventKind, recordEvents } from '#store/event.ts';
import type { ProjectRecord } from '#store/project.ts';
import { formatBuildTag } from './build-tag.ts';

const KINDS: Readonly<Record<BuildState, EventKind>> = {
  queued: 'build.queued',
  cloning: 'build.started',
  building: 'build.progress',
  pushing: 'build.progress',
  scanning: 'build.progress',
  succeeded: 'build.succeeded',
  failed: 'build.failed',
  cancelled: 'build.cancelled',
};

/** Tells how a build is, and at its end what came of it: packages updated and findings gone, or what failed. */
export async function recordBuildEvent(trx: Trx, project: ProjectRecord, build: BuildRecord, at: Date): Promise<void> {
  const { state, failure, outcome, result } = build;
  const changes = outcome?.changes;
  const data = {
    projectId: project.id,
    project: project.name,
    buildId: build.id,
    tag: formatBuildTag(build),
    state,
    attempt: build.attempts,
    causes: build.causes.slice(0, 10),
    ...(result === undefined ? {} : { digest: result.digest, commit: result.commit }),
    ...(failure === undefined
      ? {}
      : { failure: { code: failure.code, step: failure.step, message: failure.message, line: failure.line } }),
    ...(outcome === undefined
      ? {}
      : {
          images: outcome.images.map(({ digest, isCertified, grade, isPublished }) => ({
            digest,
            isCertified,
            grade,
            isPublished,
          })),
          notPublished: outcome.notPublished,
        }),
    ...(changes === undefined
      ? {}
      : {
          since: changes.tag,
          packagesUpdated: changes.packages.slice(0, 20),
          packageCount: changes.packageCount,
          findingsGone: changes.findingsGone.slice(0, 50),
          findingsNew: changes.findingsNew.slice(0, 50),
        }),
  };
  await recordEvents(trx, [{ kind: KINDS[state], at, namespaceId: project.namespaceId, data }]);
}
