/**
 * Google Artifact Registry: the hosts `LOCATION-docker.pkg.dev`.
 */
import type { RegistryProduct } from '../connector.ts';
import { checkGarSettings, GOOGLE_ARTIFACT_REGISTRY } from './settings.ts';

export const googleArtifactRegistry: RegistryProduct = {
  ...GOOGLE_ARTIFACT_REGISTRY,
  label: 'Google Artifact Registry',
  credentialKinds: ['google-service-account', 'token', 'none'],
  addressHint:
    'The host with the project, and the repository if it is to be the only one: `europe-west1-docker.pkg.dev/my-project/containers`',
  credentialHelp: [
    'Give the **JSON key file** of a service account, an **access token** (`gcloud auth print-access-token`, good for an hour), or **none** for',
    'repositories that everybody may read; those cannot be listed then.',
    '',
    'The account needs the role **Artifact Registry Reader** (`roles/artifactregistry.reader`) on the project or on each repository:',
    '`gcloud artifacts repositories add-iam-policy-binding REPOSITORY --location=LOCATION --member=serviceAccount:EMAIL --role=roles/artifactregistry.reader`.',
    '',
    'Repositories are the paths after project and repository of Artifact Registry; the whole path is understood, too.',
  ].join('\n'),
  everything: '.*',
  requiresTags: false,
  checkSettings: checkGarSettings,
  open: async options => (await import('./connector.ts')).openGar(options),
};
