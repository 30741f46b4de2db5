/**
 * Azure Container Registry, in the public cloud, Azure Government and China.
 */
import type { RegistryProduct } from '../connector.ts';
import { AZURE_ACR, checkAcrSettings } from './settings.ts';

export const azureAcr: RegistryProduct = {
  ...AZURE_ACR,
  label: 'Azure Container Registry',
  credentialKinds: ['azure-service-principal', 'basic', 'none'],
  addressHint:
    'The login server of the registry: `name.azurecr.io` (`azurecr.us` for Azure Government, `azurecr.cn` for China)',
  credentialHelp: [
    'Best is an **application registered in Microsoft Entra** (service principal) with the role **AcrPull** on the registry:',
    '`az ad sp create-for-rbac --name plimsoll --role AcrPull --scopes $(az acr show --name NAME --query id --output tsv)`.',
    'A registry with permissions by repository (ABAC) wants **Container Registry Repository Reader** and',
    '**Container Registry Repository Catalog Lister** in its place.',
    '',
    'Or a **user name and password**: of a repository token, of the admin user, or application ID and secret. A token needs',
    '`content/read` and `metadata/read` on each repository; without the second it pulls, and cannot list tags.',
  ].join('\n'),
  everything: '.*',
  requiresTags: false,
  checkSettings: checkAcrSettings,
  open: async options => (await import('./connector.ts')).openAcr(options),
};
