/** What is particular to Docker Hub. */
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { Capabilities, RegistrySettings } from '../connector.ts';

export const dockerHubSettings = z.strictObject({
  /** The organisation, or the user, whose repositories are listed; without, all that the account belongs to. */
  organization: z
    .string()
    .trim()
    .toLowerCase()
    .regex(/^[a-z0-9][a-z0-9_-]{1,254}$/, 'expected the name of an organisation or user, such as acme')
    .optional(),
});

export const DOCKER_HUB = {
  type: 'docker-hub',
  capabilities: {
    catalog: true,
    pushedDate: true,
    newestFirst: true,
    dateFilter: false,
    pullTimeSideEffect: false,
    rateLimitHeaders: true,
  } satisfies Capabilities,
} as const;

/** What people call it; all of them are the one Docker Hub. */
const HOSTS = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io', 'hub.docker.com', 'www.docker.io']);

/** The settings with the one address that there is. @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID` for another. */
export function withHubAddress(settings: RegistrySettings): RegistrySettings {
  const { url } = settings;
  const { hostname } = new URL(url);
  if (HOSTS.has(hostname)) return { ...settings, url: 'https://docker.io' };
  throw new PlimsollError(
    'REGISTRY_SETTINGS_INVALID',
    `Cannot use "${printable(hostname)}" as Docker Hub, which is at docker.io: for a mirror or another registry choose Docker Registry V2`,
  );
}
