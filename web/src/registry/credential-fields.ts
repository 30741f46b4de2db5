/**
 * What each kind of credentials asks for, and what it makes of the answers. The API has these as `unknown` kinds of one union; here is what
 * people read.
 */
import type { paths } from '../api/schema.d.ts';

/** Body of POST /api/v1/registries. */
export type RegistryBody = paths['/api/v1/registries']['post']['requestBody']['content']['application/json'];
export type Credentials = NonNullable<RegistryBody['credentials']>;
export type CredentialKind = Credentials['kind'];

/** A field of a form. Names are paths in the body: `robot.username`. */
export interface FieldSpec {
  readonly name: string;
  readonly label: string;
  readonly help?: string;
  readonly isSecret?: boolean;
  readonly isRequired?: boolean;
  /** Several lines. */
  readonly rows?: number;
  /** A list, separated by commas. */
  readonly isList?: boolean;
  readonly options?: readonly { readonly value: string; readonly label: string }[];
}

interface KindSpec {
  readonly label: string;
  readonly fields: readonly FieldSpec[];
}

/** By kind. */
export const CREDENTIALS: Readonly<Record<CredentialKind, KindSpec>> = {
  none: { label: 'None: everybody may pull', fields: [] },
  basic: {
    label: 'User name and password',
    fields: [
      { name: 'username', label: 'User name', isRequired: true },
      { name: 'password', label: 'Password or access token', isSecret: true, isRequired: true },
    ],
  },
  token: {
    label: 'Token',
    fields: [
      { name: 'token', label: 'Token', isSecret: true, isRequired: true },
      { name: 'username', label: 'User name', help: 'Where the registry wants one beside the token' },
    ],
  },
  quay: {
    label: 'Application token and robot',
    fields: [
      {
        name: 'apiToken',
        label: 'Token of an OAuth application',
        isSecret: true,
        help: 'Lists repositories; pulls as well, when there is no robot',
      },
      { name: 'robot.username', label: 'Robot account', help: 'namespace+robot' },
      { name: 'robot.password', label: 'Token of the robot', isSecret: true },
    ],
  },
  aws: {
    label: 'AWS role or access key',
    fields: [
      {
        name: 'roleArn',
        label: 'Role to take on',
        help: 'arn:aws:iam::123456789012:role/plimsoll; best without an access key',
      },
      { name: 'externalId', label: 'External ID', help: 'What the trust policy of the role asks for' },
      { name: 'accessKeyId', label: 'Access key ID', help: 'Without one the identity of the sensor’s machine is used' },
      { name: 'secretAccessKey', label: 'Secret access key', isSecret: true },
      { name: 'sessionToken', label: 'Session token', isSecret: true, help: 'Of temporary keys' },
    ],
  },
  'azure-service-principal': {
    label: 'Application in Microsoft Entra',
    fields: [
      { name: 'tenantId', label: 'Tenant ID', isRequired: true },
      { name: 'applicationId', label: 'Application ID', isRequired: true },
      { name: 'clientSecret', label: 'Client secret', isSecret: true, isRequired: true },
    ],
  },
  'google-service-account': {
    label: 'Service account',
    fields: [
      { name: 'keyFile', label: 'Key file', rows: 6, isRequired: true, help: 'The JSON file that Google gave, whole' },
    ],
  },
};

const ACCESS = (subdomain: string, values: readonly string[]) =>
  values.map(value => ({
    value,
    label: { path: 'By path: host/KEY/image', subdomain, port: 'By port: host:PORT/image' }[value] ?? value,
  }));

/** Settings that one product has alone; see docs/registries.md. */
export const PRODUCT_FIELDS: Readonly<Partial<Record<RegistryBody['type'], readonly FieldSpec[]>>> = {
  'docker-hub': [
    {
      name: 'organization',
      label: 'Organisation or user',
      help: 'Whose repositories are listed; missing: all that the account belongs to',
    },
  ],
  ghcr: [
    {
      name: 'owner',
      label: 'Organisation or user',
      help: 'Whose packages are listed; missing: those of the token’s own user',
    },
  ],
  gitlab: [
    { name: 'group', label: 'Group', help: 'team/backend; missing: all projects that the token is a member of' },
    {
      name: 'gitlabUrl',
      label: 'Address of GitLab',
      help: 'When the registry does not tell it: https://gitlab.example',
    },
  ],
  'aws-ecr': [
    {
      name: 'accountType',
      label: 'Account type',
      options: [
        { value: '', label: 'As the address says' },
        { value: 'global', label: 'Global' },
        { value: 'us-govcloud', label: 'US GovCloud' },
        { value: 'china', label: 'China' },
      ],
    },
  ],
  'azure-acr': [
    {
      name: 'cloud',
      label: 'Cloud',
      help: 'For a domain of your own',
      options: [
        { value: '', label: 'As the address says' },
        { value: 'public', label: 'Public' },
        { value: 'us-government', label: 'US Government' },
        { value: 'china', label: 'China' },
      ],
    },
  ],
  'google-container-registry': [{ name: 'projectId', label: 'Project', help: 'When it is not part of the address' }],
  'google-artifact-registry': [
    { name: 'projectId', label: 'Project', help: 'When it is not part of the address' },
    { name: 'repository', label: 'Repository', help: 'The one to look at; missing: all of the project' },
  ],
  'jfrog-artifactory': [
    {
      name: 'accessMethod',
      label: 'How images are addressed',
      options: ACCESS('By sub-domain: KEY.host/image', ['path', 'subdomain', 'port']),
    },
    { name: 'repositoryKey', label: 'Repository key', help: 'Needed with a port for each repository' },
    { name: 'serviceContext', label: 'Path of Artifactory', help: 'artifactory, unless it was changed' },
    { name: 'apiUrl', label: 'Address of the API', help: 'When it is elsewhere: https://artifactory.example' },
  ],
  nexus: [
    {
      name: 'accessMethod',
      label: 'How images are addressed',
      options: ACCESS('By sub-domain: NAME.host/image', ['port', 'subdomain', 'path']),
    },
    { name: 'repository', label: 'Repository', help: 'Needed with a port for each repository' },
    { name: 'apiUrl', label: 'Address of Nexus', help: 'When it is elsewhere: https://nexus.example/nexus' },
  ],
  quay: [
    {
      name: 'namespaces',
      label: 'Namespaces',
      isList: true,
      help: 'Whose repositories are listed, separated by commas; missing: those of the token’s owner',
    },
  ],
  openshift: [
    {
      name: 'apiUrl',
      label: 'API of the cluster',
      help: 'What `oc whoami --show-server` says, when it does not follow from the address',
    },
    { name: 'namespace', label: 'Project', help: 'The one to look at; missing: all' },
  ],
};

/** What was written into fields, as an object of the API; empty fields are left out. */
export function readFields(
  specs: readonly FieldSpec[],
  values: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const { name, isList = false } of specs) {
    const text = (values[name] ?? '').trim();
    const value = isList
      ? text
          .split(',')
          .map(part => part.trim())
          .filter(part => part !== '')
      : text;
    if (value.length === 0) continue;
    const [outer = name, inner] = name.split('.');
    if (inner === undefined) result[outer] = value;
    else result[outer] = { ...(result[outer] as object | undefined), [inner]: value };
  }
  return result;
}
