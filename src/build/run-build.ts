/**
 * One build from a Git source to a pushed image: clone, build, push.
 */
import { PlimsollError, toPlimsollError } from '#base/errors.ts';
import { parsePlatform } from '#oci/platform.ts';
import { checkBuildArguments } from './build-argument.ts';
import { BuildFailure } from './build-failure.ts';
import { buildImages } from './build-image.ts';
import type { BuildRequest, BuildResult, BuildStep, BuildTools, BuildWatcher } from './build-request.ts';
import { openBuildah } from './buildah.ts';
import { openCell } from './cell/cell.ts';
import { clone } from './git/clone.ts';
import { secretsOf } from './git/git-program.ts';
import { checkRef, readSourceUrl } from './git/source-url.ts';
import { type MaskedLog, maskSecrets, openMaskedLog } from './masked-log.ts';
import { readBuildProxies } from './proxies.ts';
import { readPullAuth } from './pull-auth.ts';
import { pushImages, readPushTarget } from './push-images.ts';

/**
 * Builds and pushes; the tag is set last, and only when everything before went well. Nothing of it runs or lies around afterwards.
 *
 * @throws {BuildFailure} `BUILD_FAILED`; `SOURCE_DENIED`, `SOURCE_UNKNOWN`, `SOURCE_INVALID`, `SOURCE_UNAVAILABLE`, `HOST_KEY_CHANGED`
 * of the clone; `LIMIT_EXCEEDED`, `TIMED_OUT`, `CANCELLED`; `BUILDER_UNABLE` where the machine cannot contain builds; `REQUEST_INVALID`,
 * `REFERENCE_INVALID`, `PLATFORM_INVALID`, `CREDENTIALS_INVALID`; and those of registries.
 */
export async function runBuild(
  request: BuildRequest,
  options: BuildTools & { readonly watcher: BuildWatcher },
): Promise<BuildResult> {
  const { watcher } = options;
  const deadline = AbortSignal.timeout(request.limits.timeMs);
  const signal = AbortSignal.any([options.signal, deadline]);
  const startedAt = new Date().toISOString();
  let step: BuildStep = 'clone';
  let log: MaskedLog | undefined;
  let secrets: readonly string[] = [];
  try {
    checkRequest(request);
    const pullAuth = readPullAuth(request.pullAuth);
    const proxies = readBuildProxies(options.proxies);
    secrets = [
      ...secretsOf(request.source),
      request.push.password,
      ...pullAuth.secrets,
      ...proxies.secrets,
      ...Object.values(request.args),
      // No secret, but where the data of the server lie is nobody's business.
      options.folder,
    ];
    log = openMaskedLog({
      secrets,
      limitBytes: request.limits.outputBytes,
      emit: text => watcher.onLog(text, step),
    });
    watcher.onState('cloning');
    await using cell = await openCell({
      folder: options.folder,
      network: options.network,
      limits: request.limits,
      signal,
    });
    const { url, ref } = request.source;
    log.line(`Cloning ${url}${ref === '' ? '' : ` at ${ref}`}`);
    const checkout = await clone(cell, request.source, { git: options.git, proxies, log, signal });
    log.line(`Commit ${checkout.commit} of ${new Date(checkout.committedAt * 1000).toISOString()}`);

    step = 'build';
    watcher.onState('building');
    if (cell.buildNetwork === 'none')
      log.line('Instructions have no network: slirp4netns is not at hand, or it is set so');
    const buildah = await openBuildah(cell, { ...options, log, signal });
    const built = await buildImages({ request, checkout, cell, buildah, log, pullAuth, proxies, signal });

    step = 'push';
    watcher.onState('pushing');
    const { push } = request;
    log.line(`Pushing ${push.repository}:${push.tag}`);
    const tailOf = () => log?.tail ?? [];
    const pushed = await pushImages({ push, images: built.images, cell, buildah, proxies, tailOf, signal });
    log.line(`Pushed ${pushed.digest}`);
    return {
      commit: checkout.commit,
      ...pushed,
      baseImages: built.baseImages,
      dockerfileSha256: built.dockerfileSha256,
      startedAt,
      finishedAt: new Date().toISOString(),
      hostKeys: checkout.hostKeys,
    };
  } catch (error) {
    throw toFailure(error, { step, tail: log?.tail ?? [], secrets, timeMs: request.limits.timeMs, deadline });
  }
}

/** What can be known to be wrong before anything is fetched. */
function checkRequest(request: BuildRequest): void {
  readSourceUrl(request.source);
  checkRef(request.source.ref);
  readPushTarget(request.push);
  checkBuildArguments(request.args);
  for (const platform of request.platforms) parsePlatform(platform);
}

function toFailure(
  error: unknown,
  facts: {
    readonly step: BuildStep;
    readonly tail: readonly string[];
    readonly secrets: readonly string[];
    readonly timeMs: number;
    readonly deadline: AbortSignal;
  },
): BuildFailure {
  const { step, tail, secrets, timeMs, deadline } = facts;
  const known = toPlimsollError(error);
  const isLate = deadline.aborted && (known.code === 'TIMED_OUT' || known.code === 'CANCELLED');
  const { code, message } = isLate
    ? new PlimsollError('TIMED_OUT', `The build took longer than it may: the limit is ${Math.round(timeMs / 1000)} s`)
    : known;
  const details = known instanceof BuildFailure ? known : { step, tail };
  return new BuildFailure(
    code,
    maskSecrets(message, secrets),
    {
      step: details.step,
      ...('line' in details ? { line: details.line } : {}),
      ...('instruction' in details && details.instruction !== undefined
        ? { instruction: maskSecrets(details.instruction, secrets) }
        : {}),
      tail: details.tail,
    },
    { cause: error },
  );
}
