/**
 * JFrog Artifactory, on premises or in JFrog's cloud.
 */
import type { RegistryProduct } from '../connector.ts';
import { checkJfrogSettings, JFROG_ARTIFACTORY } from './settings.ts';

export const jfrogArtifactory: RegistryProduct = {
  ...JFROG_ARTIFACTORY,
  label: 'JFrog Artifactory',
  credentialKinds: ['basic', 'token', 'none'],
  addressHint: [
    'As Docker clients reach it. Access method *path*: `https://artifactory.example`; *sub-domain*: `https://docker-local.artifactory.example`;',
    '*port*: `https://artifactory.example:5001` with the key of the repository. The service context is `artifactory` unless it was changed',
  ].join(' '),
  credentialHelp: [
    'Give a **user name and password**, or an **access token** (a user name beside it when the token does not name its user).',
    '',
    'The user needs **Read** on each Docker repository. Tags are found by an AQL search: administrators see every repository, others what',
    'their permissions cover. The remote cache (`KEY-cache`) needs *Read* as well.',
  ].join('\n'),
  everything: '*',
  requiresTags: true,
  checkSettings: checkJfrogSettings,
  open: async options => (await import('./connector.ts')).openJfrog(options),
};
