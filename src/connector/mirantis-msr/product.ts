/**
 * Mirantis Secure Registry: 4.x, which is built on Harbor, and 2.9 to 3.x with Docker Trusted Registry, which have an API of their own.
 */
import type { RegistryProduct } from '../connector.ts';
import { checkProductSettings } from '../product-settings.ts';
import { MIRANTIS_MSR, msrSettings } from './settings.ts';

export const mirantisMsr: RegistryProduct = {
  ...MIRANTIS_MSR,
  label: 'Mirantis Secure Registry',
  credentialKinds: ['basic', 'none'],
  addressHint:
    'Host and port of the registry: `msr.example`; mostly with an authority of your own, which goes into the CA field',
  credentialHelp: [
    '**MSR 2.9 to 3.x, DTR**: a user name and an **access token** (user menu, *Access Tokens*), or the password. The user needs **read-only**',
    'access to each repository to scan; administrators see all of them.',
    '',
    '**MSR 4.x** is built on Harbor: a **robot account** with *Repository: list, read, pull*, *Artifact: list, read* and *Tag: list*. There,',
    'pulling moves the “last pulled” time that retention rules may go by.',
  ].join('\n'),
  everything: '.*',
  requiresTags: false,
  checkSettings: settings => checkProductSettings(settings, msrSettings),
  open: async options => (await import('./connector.ts')).openMsr(options),
};
