/**
 * Amazon ECR Public: one registry for everybody, whose owners see their own part of it.
 */
import type { RegistryProduct } from '../connector.ts';
import { AWS_ECR_PUBLIC, checkEcrPublicSettings } from './settings.ts';

export const awsEcrPublic: RegistryProduct = {
  ...AWS_ECR_PUBLIC,
  label: 'Amazon ECR Public',
  credentialKinds: ['aws', 'none'],
  addressHint: '`public.ecr.aws`, or `public.ecr.aws/ALIAS` for the repositories of one owner',
  credentialHelp: [
    'Everything can be pulled with **none**, up to a monthly volume by network address. Repositories are then named by people, and dates of',
    'pushes are not known.',
    '',
    'With an **access key** or a **role** of the owner, repositories are listed and dates known. The user or role needs',
    '`ecr-public:GetAuthorizationToken`, `sts:GetServiceBearerToken`, `ecr-public:DescribeRegistries`, `ecr-public:DescribeRepositories` and',
    '`ecr-public:DescribeImageTags`: the managed policy **AmazonElasticContainerRegistryPublicReadOnly** has all of them.',
  ].join('\n'),
  everything: '.*',
  requiresTags: false,
  checkSettings: checkEcrPublicSettings,
  open: async options => (await import('./connector.ts')).openEcrPublic(options),
};
