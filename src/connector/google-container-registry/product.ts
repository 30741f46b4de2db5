/**
 * Google Container Registry: the hosts `gcr.io`, `us.gcr.io`, `eu.gcr.io` and `asia.gcr.io`.
 */
import type { RegistryProduct } from '../connector.ts';
import { checkGcrSettings, GOOGLE_CONTAINER_REGISTRY } from './settings.ts';

export const googleContainerRegistry: RegistryProduct = {
  ...GOOGLE_CONTAINER_REGISTRY,
  label: 'Google Container Registry',
  credentialKinds: ['google-service-account', 'token', 'none'],
  addressHint: '`gcr.io`, `us.gcr.io`, `eu.gcr.io` or `asia.gcr.io`, with the project: `gcr.io/my-project`',
  credentialHelp: [
    'Give the **JSON key file** of a service account, an **access token** (`gcloud auth print-access-token`, good for an hour), or **none** for',
    'images that everybody may pull.',
    '',
    'These hosts are served by Artifact Registry: the account needs the role **Artifact Registry Reader** (`roles/artifactregistry.reader`) on',
    'the project. Where images are still in Cloud Storage it is **Storage Object Viewer** (`roles/storage.objectViewer`) on the bucket.',
    '',
    'Repositories are the paths after the project: `backend/api` for `gcr.io/my-project/backend/api`; the whole path is understood, too.',
  ].join('\n'),
  everything: '.*',
  requiresTags: false,
  checkSettings: checkGcrSettings,
  open: async options => (await import('./connector.ts')).openGcr(options),
};
