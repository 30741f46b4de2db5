/**
 * One build from a Git source to a pushed image: clone, build, push.
 */
import { PlimsollError } from '#base/errors.ts';
import type { BuildRequest, BuildResult, BuildTools, BuildWatcher } from './build-request.ts';

/**
 * Builds and pushes; the tag is set last, and only when everything before went well.
 * @throws {BuildFailure} Codes `BUILD_FAILED`, `SOURCE_DENIED`, `SOURCE_UNKNOWN`, `SOURCE_INVALID`, `SOURCE_UNAVAILABLE`, `LIMIT_EXCEEDED`,
 * `TIMED_OUT`, `CANCELLED`, and those of registries.
 */
export async function runBuild(
  _request: BuildRequest,
  _options: BuildTools & { readonly watcher: BuildWatcher },
): Promise<BuildResult> {
  throw new PlimsollError('BUG', 'Builds are not there yet');
}
