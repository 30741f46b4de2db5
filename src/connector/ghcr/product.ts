/** The GitHub Container Registry. */
import type { RegistryProduct } from '../connector.ts';
import { checkProductSettings } from '../product-settings.ts';
import { GHCR, ghcrSettings } from './settings.ts';

export const ghcr: RegistryProduct = {
  ...GHCR,
  label: 'GitHub Container Registry',
  credentialKinds: ['token', 'basic', 'none'],
  addressHint: '`ghcr.io`, or `containers.HOST` of a GitHub Enterprise Server',
  credentialHelp: [
    'Give a **classic** personal access token with the scope `read:packages`; where the organisation uses single sign-on, authorise the',
    'token for it (Settings, Developer settings, Tokens (classic), Configure SSO). Fine-grained tokens do not work for packages. Tokens of a',
    'GitHub App or of Actions reach the packages that are linked to their repositories.',
    '',
    'With **none**, public packages can be scanned when you name them: GitHub lists packages only to who is logged in, and tells no dates.',
  ].join('\n'),
  everything: '.*',
  requiresTags: false,
  checkSettings: settings => checkProductSettings(settings, ghcrSettings),
  open: async options => (await import('./connector.ts')).openGhcr(options),
};
