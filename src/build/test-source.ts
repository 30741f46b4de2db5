/**
 * A look at a Git source before anything is built: can it be reached, and what is in it?
 */
import { PlimsollError, toPlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { BuildFailure } from './build-failure.ts';
import { contextOf, readSmallFile } from './build-image.ts';
import type { BuildLimits, BuildTools, GitSource, SourceReport } from './build-request.ts';
import { openCell } from './cell/cell.ts';
import { type Dockerfile, parseDockerfile } from './dockerfile.ts';
import { type Checkout, clone, pathInside } from './git/clone.ts';
import { readBuildProxies } from './proxies.ts';
import { fingerprintOf } from './ssh-key.ts';

const GiB = 1024 * 1024 * 1024;

/** Somebody is waiting for the answer. */
const LIMITS: BuildLimits = {
  timeMs: 120_000,
  memoryBytes: 2 * GiB,
  diskBytes: 2 * GiB,
  processes: 200,
  outputBytes: 1024 * 1024,
};

/**
 * Clones shallowly and tells what it found. A missing Dockerfile is no error here: the report says so.
 * @throws {BuildFailure} Codes `SOURCE_DENIED`, `SOURCE_UNKNOWN`, `SOURCE_INVALID`, `SOURCE_UNAVAILABLE`, `HOST_KEY_CHANGED`,
 * `BUILDER_UNABLE`, `LIMIT_EXCEEDED`, `TIMED_OUT`, `CANCELLED`.
 */
export async function testSource(
  source: GitSource,
  where: { readonly dockerfile: string; readonly context: string },
  options: Pick<BuildTools, 'folder' | 'signal' | 'git' | 'proxies'>,
): Promise<SourceReport> {
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(LIMITS.timeMs)]);
  try {
    await using cell = await openCell({ folder: options.folder, limits: LIMITS, network: 'none', signal });
    const proxies = readBuildProxies(options.proxies);
    const checkout = await clone(cell, source, { git: options.git, proxies, signal });
    const warnings: string[] = [];
    const dockerfile = await find(checkout, where, warnings);
    if (checkout.hasSubmodules && !source.wantsSubmodules) {
      warnings.push('The repository has submodules, which are not asked for: their folders will be empty');
    }
    if (checkout.hasLfs && !source.wantsLfs) {
      warnings.push('The repository keeps files in LFS, which is not asked for: there will be pointers in their place');
    }
    const { commit, ref, hostKeys } = checkout;
    return {
      commit,
      ref,
      hasDockerfile: dockerfile !== undefined,
      froms: dockerfile?.stages.map(stage => stage.from) ?? [],
      stages: dockerfile?.stages.map((stage, number) => stage.name ?? String(number)) ?? [],
      hostKeys,
      hostKeyFingerprints: hostKeys.map(line => fingerprintOf(Buffer.from(line.split(' ')[2] ?? '', 'base64'))),
      warnings,
    };
  } catch (error) {
    const { code, message } = toPlimsollError(error);
    throw new BuildFailure(code, message, { step: 'clone', tail: [] }, { cause: error });
  }
}

/** The Dockerfile; `undefined`, and a warning that says why, when there is none to be used. */
async function find(
  checkout: Checkout,
  where: { readonly dockerfile: string; readonly context: string },
  warnings: string[],
): Promise<Dockerfile | undefined> {
  try {
    const context = await contextOf(checkout.folder, where.context);
    return parseDockerfile(await readSmallFile(await pathInside(context, where.dockerfile, 'the Dockerfile')));
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error;
    warnings.push(printable(error.message));
    return undefined;
  }
}
