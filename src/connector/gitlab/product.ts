/** GitLab's container registry. */
import type { RegistryProduct } from '../connector.ts';
import { checkProductSettings } from '../product-settings.ts';
import { GITLAB, gitlabSettings } from './settings.ts';

export const gitlab: RegistryProduct = {
  ...GITLAB,
  label: 'GitLab Container Registry',
  credentialKinds: ['token', 'basic', 'none'],
  addressHint: 'The registry, not GitLab itself: `registry.gitlab.com`, `gitlab.example:5050`, `registry.example`',
  credentialHelp: [
    'Give a personal, group or project access **token** with the scopes `read_api` and `read_registry`, of a member with the role *Reporter*',
    'or higher. As user name and password, the token is the password.',
    '',
    'A **deploy token** (`read_registry`) can pull and nothing else: give it as user name and password and name the repositories to scan.',
    '',
    'With **none**, public repositories can be scanned when you name them.',
  ].join('\n'),
  everything: '.*',
  requiresTags: false,
  checkSettings: settings => checkProductSettings(settings, gitlabSettings),
  open: async options => (await import('./connector.ts')).openGitlab(options),
};
