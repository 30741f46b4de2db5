/** What is particular to private registries of Amazon ECR. */
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import type { Capabilities, RegistrySettings } from '../connector.ts';
import { checkProductSettings } from '../product-settings.ts';
import { parseEcrHost } from './address.ts';
import { accountTypeOf } from './trust-policy.ts';

/** The host says everything; the account type is what people choose in the form, and must fit it. */
const ecrSettings = z.strictObject({
  accountType: z.enum(['global', 'us-govcloud', 'china']).optional(),
});

export const AWS_ECR = {
  type: 'aws-ecr',
  capabilities: {
    catalog: true,
    pushedDate: true,
    newestFirst: false,
    dateFilter: false,
    pullTimeSideEffect: true,
    rateLimitHeaders: false,
  } satisfies Capabilities,
} as const;

/** The settings, checked. @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID`. */
export function checkEcrSettings(settings: RegistrySettings): RegistrySettings {
  const checked = checkProductSettings(settings, ecrSettings);
  const url = new URL(checked.url);
  const { region, partition } = parseEcrHost(url.host);
  const refuse = (why: string) =>
    new PlimsollError('REGISTRY_SETTINGS_INVALID', `Cannot use ${url.host} as a registry of Amazon ECR: ${why}`);
  if (url.protocol !== 'https:' || url.pathname !== '/') {
    throw refuse('its address is https:// and the host alone; repositories are named in the scan');
  }
  const { accountType } = checked.product;
  const own = accountTypeOf(region);
  if (accountType !== undefined && accountType !== own) {
    throw refuse(`region ${region} is in partition ${partition}, which is not of the account type ${accountType}`);
  }
  return { ...checked, product: own === undefined ? {} : { accountType: own } };
}
