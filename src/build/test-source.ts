/**
 * A look at a Git source before anything is built: can it be reached, and what is in it?
 */
import { PlimsollError } from '#base/errors.ts';
import type { BuildTools, GitSource, SourceReport } from './build-request.ts';

/**
 * Clones shallowly and tells what it found. A missing Dockerfile is no error here: the report says so.
 * @throws {BuildFailure} Codes `SOURCE_DENIED`, `SOURCE_UNKNOWN`, `SOURCE_INVALID`, `SOURCE_UNAVAILABLE`, `TIMED_OUT`, `CANCELLED`.
 */
export async function testSource(
  _source: GitSource,
  _where: { readonly dockerfile: string; readonly context: string },
  _options: Pick<BuildTools, 'folder' | 'signal' | 'git'>,
): Promise<SourceReport> {
  throw new PlimsollError('BUG', 'Looking at sources is not there yet');
}
