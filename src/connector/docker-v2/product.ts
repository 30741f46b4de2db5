/**
 * Any registry that speaks the distribution protocol, with nothing more known about it: Docker's own, zot, Gitea, DigitalOcean, …
 */
import type { RegistryProduct } from '../connector.ts';
import { checkProductSettings } from '../product-settings.ts';
import { DOCKER_V2, dockerV2Settings } from './settings.ts';

export const dockerV2: RegistryProduct = {
  ...DOCKER_V2,
  label: 'Docker Registry V2',
  credentialKinds: ['basic', 'token', 'none'],
  addressHint: 'Host, port and path of the registry: `registry.example:5000`, `https://host.example/registry`',
  credentialHelp: [
    'Give the **user name and password** that `docker login` takes, a **token** that the registry accepts as a bearer as it is, or **none**',
    'for a registry that lets everybody pull.',
    '',
    'They need the right to **pull** the repositories to scan (`repository:<name>:pull`). To list repositories they also need the catalogue',
    '(`registry:catalog:*`), which many registries give to administrators only; without it, name the repositories to scan.',
  ].join('\n'),
  everything: '.*',
  requiresTags: false,
  checkSettings: settings => checkProductSettings(settings, dockerV2Settings),
  open: async options => (await import('./connector.ts')).openDockerV2(options),
};
