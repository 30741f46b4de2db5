/**
 * Red Hat Quay, on premises and at quay.io.
 */
import type { RegistryProduct } from '../connector.ts';
import { checkProductSettings } from '../product-settings.ts';
import { QUAY, quaySettings } from './settings.ts';

export const quay: RegistryProduct = {
  ...QUAY,
  label: 'Red Hat Quay',
  credentialKinds: ['quay', 'basic', 'none'],
  addressHint: '`quay.io`, or host and port of your own: `quay.example`',
  credentialHelp: [
    'Quay knows two log-ins. The **token of an OAuth application** (*Organization → Applications → Generate Token*, with the scope',
    '**View all visible repositories**, `repo:read`) lists repositories and tags with their dates. A **robot account** (`namespace+robot`',
    'and its token) with **Read** on each repository pulls. Give both, or the token alone, which may pull as well.',
    '',
    'With a robot alone tags are listed without dates. To find the namespaces of a token by itself it also needs `user:read`; else name them.',
  ].join('\n'),
  everything: '.*',
  requiresTags: false,
  checkSettings: settings => checkProductSettings(settings, quaySettings),
  open: async options => (await import('./connector.ts')).openQuay(options),
};
