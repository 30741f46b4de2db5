/** What is asked of a build configuration, put together with the one that there is: what is not named stays. */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { BuildConfiguration } from './build-answer.ts';

/** A log-in for the source. */
export type SourceLogin =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly username?: string; readonly token: string }
  | { readonly kind: 'ssh-key'; readonly privateKey: string };

/** What is to be otherwise; files are read already. */
export interface ConfigurationChange {
  readonly url?: string | undefined;
  readonly ref?: string | undefined;
  readonly wantsSubmodules?: boolean | undefined;
  readonly wantsLfs?: boolean | undefined;
  readonly caPem?: string | undefined;
  readonly login?: SourceLogin | undefined;
  /** `null` forgets the pinned ones. */
  readonly hostKeys?: readonly string[] | null | undefined;
  readonly dockerfile?: string | undefined;
  readonly context?: string | undefined;
  readonly imageName?: string | undefined;
  /** Take the place of those there are. */
  readonly platforms?: readonly string[] | undefined;
  /** Values by name, besides those there are. */
  readonly args?: Readonly<Record<string, string>> | undefined;
  readonly removedArgs?: readonly string[] | undefined;
  /** `null` forgets it. */
  readonly pullSecret?: string | null | undefined;
  readonly isEnabled?: boolean | undefined;
  readonly autoRebuild?: boolean | undefined;
  readonly autoPublish?: boolean | undefined;
  readonly rebuildDelaySeconds?: number | undefined;
}

/** Whether anything is to be otherwise. */
export function isChange(change: ConfigurationChange): boolean {
  return Object.values(change).some(value => value !== undefined);
}

/**
 * The body that makes `current` what is wanted. Secrets that are kept are not in it.
 * @throws {PlimsollError} `USAGE` when nothing is configured and no source named, or an argument is removed that there is not.
 */
export function toBody(current: BuildConfiguration | null, change: ConfigurationChange): object {
  const url = change.url ?? current?.source.url;
  if (url === undefined) {
    throw new PlimsollError(
      'USAGE',
      'Cannot configure builds: nothing is configured yet; name the Git repository with --source',
    );
  }
  const { source } = current ?? {};
  return {
    isEnabled: change.isEnabled ?? current?.isEnabled ?? true,
    source: {
      url,
      ref: change.ref ?? source?.ref ?? '',
      wantsSubmodules: change.wantsSubmodules ?? source?.wantsSubmodules ?? false,
      wantsLfs: change.wantsLfs ?? source?.wantsLfs ?? false,
      caPem: change.caPem,
    },
    login: change.login ?? { kind: 'keep' },
    dockerfile: change.dockerfile ?? current?.dockerfile,
    context: change.context ?? current?.context,
    imageName: change.imageName ?? current?.imageName,
    platforms: change.platforms ?? current?.platforms,
    labels: current?.labels,
    hostKeys: change.hostKeys,
    arguments: toArguments(current?.argumentNames ?? [], change),
    pullSecret: change.pullSecret,
    autoRebuild: change.autoRebuild ?? current?.autoRebuild,
    autoPublish: change.autoPublish ?? current?.autoPublish,
    rebuildDelaySeconds: change.rebuildDelaySeconds ?? current?.rebuildDelaySeconds,
    limits: current?.limits,
  };
}

/** `null` keeps the value that there is; nothing at all keeps everything. */
function toArguments(
  names: readonly string[],
  { args = {}, removedArgs = [] }: ConfigurationChange,
): Readonly<Record<string, string | null>> | undefined {
  const missing = removedArgs.find(name => !names.includes(name));
  if (missing !== undefined) {
    throw new PlimsollError(
      'USAGE',
      `Cannot remove build argument "${printable(missing)}": there is none of that name`,
    );
  }
  if (removedArgs.length === 0 && Object.keys(args).length === 0) return undefined;
  const kept = names.filter(name => !removedArgs.includes(name)).map(name => [name, null] as const);
  return { ...Object.fromEntries(kept), ...args };
}
