/** What is particular to Amazon ECR Public. */
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import type { Capabilities, RegistrySettings } from '../connector.ts';
import { checkProductSettings } from '../product-settings.ts';

/** The only host; aliases of owners are the first part of the path. */
export const ECR_PUBLIC_HOST = 'public.ecr.aws';

const ecrPublicSettings = z.strictObject({});

export const AWS_ECR_PUBLIC = {
  type: 'aws-ecr-public',
  capabilities: {
    catalog: true,
    pushedDate: true,
    newestFirst: false,
    dateFilter: false,
    pullTimeSideEffect: false,
    rateLimitHeaders: false,
  } satisfies Capabilities,
} as const;

/** What is left for visitors: AWS tells only owners which repositories there are, and when something was pushed. */
export const VISITOR_CAPABILITIES: Capabilities = {
  ...AWS_ECR_PUBLIC.capabilities,
  catalog: false,
  pushedDate: false,
};

/** The settings, checked: `https://public.ecr.aws`, with or without an alias. @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID`. */
export function checkEcrPublicSettings(settings: RegistrySettings): RegistrySettings {
  const checked = checkProductSettings(settings, ecrPublicSettings);
  const url = new URL(checked.url);
  const isAlias = /^(?:\/|\/[a-z0-9][a-z0-9-]{1,49})$/.test(url.pathname);
  if (url.protocol === 'https:' && url.host === ECR_PUBLIC_HOST && isAlias) return checked;
  throw new PlimsollError(
    'REGISTRY_SETTINGS_INVALID',
    `Cannot use ${url.host} as Amazon ECR Public: expected https://${ECR_PUBLIC_HOST}, or https://${ECR_PUBLIC_HOST}/ALIAS for one owner`,
  );
}
