/** What certification projects work with, from the settings of the server. */

import type { ServerSettings } from '#base/server-settings.ts';
import { parseGate } from '#certification/gate.ts';
import { DEFAULT_RULES, type ProjectContext } from '#project/project-context.ts';
import type { ContentContext } from '#scan/content/content-context.ts';
import type { HostedAddress } from '#store/hosting-space.ts';
import type { ServerWorld } from './start-server.ts';

/** The context of projects. @throws {PlimsollError} `USAGE` for a gate that cannot be read. */
export function openProjects(
  content: ContentContext,
  {
    settings,
    world,
    address,
  }: { readonly settings: ServerSettings; readonly world: ServerWorld; readonly address: HostedAddress },
): ProjectContext {
  const {
    certificationGate: gate,
    minGrade,
    dockerHub,
    requiresVerification,
    hasMovableTags,
    preflightVersions,
  } = settings;
  return {
    ...content,
    rules: {
      ...DEFAULT_RULES,
      dockerHub,
      minGrade,
      requiresVerification,
      hasMovableTags,
      toolVersions: preflightVersions,
      gate: gate === undefined ? [] : parseGate(gate),
    },
    world: {
      env: world.env,
      allowsPrivateAddresses: settings.allowsPrivateAddresses,
      userAgent: `plimsoll/${world.version}`,
      serviceOrigins: world.serviceOrigins,
    },
    hosted: address,
  };
}
