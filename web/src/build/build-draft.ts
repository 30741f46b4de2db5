/** The form of the build service: as text fields, and as what the API takes. */
import type { BuildConfiguration, BuildConfigurationBody } from '../api/model.ts';

/** What is being edited. */
export interface BuildDraft {
  readonly isEnabled: boolean;
  readonly url: string;
  readonly ref: string;
  /** Certificates of the Git host, PEM; empty keeps those that there are. */
  readonly caPem: string;
  readonly wantsSubmodules: boolean;
  readonly wantsLfs: boolean;
  readonly login: 'keep' | 'none' | 'token' | 'ssh-key';
  readonly token: string;
  readonly privateKey: string;
  readonly dockerfile: string;
  readonly context: string;
  readonly imageName: string;
  /** One a line. */
  readonly platforms: string;
  /** `NAME=VALUE`, one a line; a name that there is already keeps its value when nothing follows. */
  readonly buildArguments: string;
  readonly pullSecret: string;
  readonly autoRebuild: boolean;
  readonly autoPublish: boolean;
  /** Whether the host keys that are pinned are to be forgotten. */
  readonly forgetsHostKeys: boolean;
}

/** The form for a configuration, or for none yet. */
export function draftOf(known: BuildConfiguration | null): BuildDraft {
  return {
    isEnabled: known?.isEnabled ?? true,
    url: known?.source.url ?? '',
    ref: known?.source.ref ?? '',
    caPem: '',
    wantsSubmodules: known?.source.wantsSubmodules ?? false,
    wantsLfs: known?.source.wantsLfs ?? false,
    login: known === null ? 'none' : 'keep',
    token: '',
    privateKey: '',
    dockerfile: known?.dockerfile ?? 'Dockerfile',
    context: known?.context ?? '.',
    imageName: known?.imageName ?? '',
    platforms: (known?.platforms ?? []).join('\n'),
    buildArguments: (known?.argumentNames ?? []).join('\n'),
    pullSecret: '',
    autoRebuild: known?.autoRebuild ?? true,
    autoPublish: known?.autoPublish ?? false,
    forgetsHostKeys: false,
  };
}

/** What is sent; what is empty is left to the server, and what the form does not show stays as it is. */
export function toBody(draft: BuildDraft, known: BuildConfiguration | null = null): BuildConfigurationBody {
  const { login, token, privateKey, imageName, pullSecret } = draft;
  return {
    isEnabled: draft.isEnabled,
    source: {
      url: draft.url.trim(),
      ref: draft.ref.trim(),
      ...(draft.caPem.trim() === '' ? {} : { caPem: draft.caPem }),
      wantsSubmodules: draft.wantsSubmodules,
      wantsLfs: draft.wantsLfs,
    },
    login:
      login === 'token'
        ? { kind: login, token: token.trim() }
        : login === 'ssh-key'
          ? { kind: login, privateKey }
          : { kind: login },
    dockerfile: draft.dockerfile.trim() || 'Dockerfile',
    context: draft.context.trim() || '.',
    ...(imageName.trim() === '' ? {} : { imageName: imageName.trim() }),
    platforms: linesOf(draft.platforms),
    arguments: argumentsOf(draft.buildArguments),
    ...(pullSecret.trim() === '' ? {} : { pullSecret }),
    autoRebuild: draft.autoRebuild,
    autoPublish: draft.autoPublish,
    ...(draft.forgetsHostKeys ? { hostKeys: null } : {}),
    ...(known === null
      ? {}
      : { labels: known.labels, limits: known.limits, rebuildDelaySeconds: known.rebuildDelaySeconds }),
  };
}

/** Build arguments by name; null keeps the value that there is. */
function argumentsOf(text: string): Record<string, string | null> {
  return Object.fromEntries(
    linesOf(text).map(line => {
      const equals = line.indexOf('=');
      return equals === -1 ? [line, null] : [line.slice(0, equals).trim(), line.slice(equals + 1)];
    }),
  );
}

const linesOf = (text: string) =>
  text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '');
