/**
 * Sonatype Nexus Repository 3.
 */
import type { RegistryProduct } from '../connector.ts';
import { checkNexusSettings, NEXUS } from './settings.ts';

export const nexus: RegistryProduct = {
  ...NEXUS,
  label: 'Sonatype Nexus Repository',
  credentialKinds: ['basic', 'none'],
  addressHint: [
    'As Docker clients reach it. *Port*: `https://nexus.example:8443` with the name of the repository; *sub-domain*:',
    '`https://docker-hosted.nexus.example`; *path*: `https://nexus.example`. Where Nexus itself is elsewhere, its own address goes into apiUrl',
  ].join(' '),
  credentialHelp: [
    'Give a **user name and password**, or a user token as such. The user needs `nx-repository-view-docker-NAME-browse`,',
    '`nx-repository-view-docker-NAME-read` and `nx-search-read`.',
    '',
    'For visitors the **Docker Bearer Token Realm** has to be active (*Security → Realms*), and anonymous pulls allowed in the repository.',
    '',
    '**Pulling moves the “last downloaded” time** that clean-up policies may go by.',
  ].join('\n'),
  everything: '.*',
  requiresTags: false,
  checkSettings: checkNexusSettings,
  open: async options => (await import('./connector.ts')).openNexus(options),
};
