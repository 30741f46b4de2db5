/**
 * Harbor 2.
 */
import type { RegistryProduct } from '../connector.ts';
import { checkProductSettings } from '../product-settings.ts';
import { HARBOR, harborSettings } from './settings.ts';

export const harbor: RegistryProduct = {
  ...HARBOR,
  label: 'Harbor',
  credentialKinds: ['basic', 'none'],
  addressHint: 'Host and port of Harbor: `harbor.example`',
  credentialHelp: [
    'Best is a **robot account**: its whole name, prefix included (`robot$scanner`, `robot$project+scanner`), and its secret. In a shell the',
    "name goes into single quotes: `docker login harbor.example -u 'robot$scanner'`.",
    '',
    'It needs **Repository: list, read, pull**, **Artifact: list, read** and **Tag: list** on each project to scan; a system robot can have them',
    'on all projects. A user needs the role **Limited Guest** or more. Robots end: choose a time, and renew them before it.',
    '',
    '**Pulling moves the “last pulled” time** that tag retention rules may go by; only Harbor’s own scanners are exempt.',
  ].join('\n'),
  everything: '.*',
  requiresTags: false,
  checkSettings: settings => checkProductSettings(settings, harborSettings),
  open: async options => (await import('./connector.ts')).openHarbor(options),
};
