/** Docker Hub. */
import type { RegistryProduct } from '../connector.ts';
import { checkProductSettings } from '../product-settings.ts';
import { DOCKER_HUB, dockerHubSettings, withHubAddress } from './settings.ts';

export const dockerHub: RegistryProduct = {
  ...DOCKER_HUB,
  label: 'Docker Hub',
  credentialKinds: ['basic', 'none'],
  addressHint: '`docker.io`',
  credentialHelp: [
    'Give your **Docker ID** and a **personal access token** (Docker Hub: Account settings, Personal access tokens; *Read-only* is enough), or',
    'the name of the **organisation** and one of its access tokens with the right to read its images. With two-factor log-in, or where the',
    'organisation enforces single sign-on, a password does not work.',
    '',
    'Private repositories that are missing from the list usually mean that the token has *Public repo read-only* access.',
    '',
    'With **none**, only public repositories can be scanned, and all who share your network address share one small allowance of pulls.',
  ].join('\n'),
  everything: '.*',
  requiresTags: false,
  checkSettings: settings => withHubAddress(checkProductSettings(settings, dockerHubSettings)),
  open: async options => (await import('./connector.ts')).openDockerHub(options),
};
