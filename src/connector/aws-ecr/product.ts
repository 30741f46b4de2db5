/**
 * Amazon Elastic Container Registry: the private registry of an account in a region.
 */
import type { RegistryProduct } from '../connector.ts';
import { AWS_ECR, checkEcrSettings } from './settings.ts';

export const awsEcr: RegistryProduct = {
  ...AWS_ECR,
  label: 'Amazon ECR',
  credentialKinds: ['aws'],
  addressHint:
    'The host of the registry, which names account and region: `123456789012.dkr.ecr.eu-west-1.amazonaws.com` (GovCloud, China, FIPS and dual-stack hosts, too)',
  credentialHelp: [
    'Best is a **role** in the account of the registry that the identity of the sensor may take on with the **external ID** shown here;',
    'nothing secret is stored then. Without access key the identity of the machine is used (instance profile, IRSA, web identity, `AWS_*`).',
    'An **access key** with or without a role works everywhere.',
    '',
    'The user or role needs `ecr:GetAuthorizationToken`, `ecr:DescribeRepositories`, `ecr:DescribeImages`, `ecr:ListImages`,',
    '`ecr:BatchGetImage` and `ecr:GetDownloadUrlForLayer`: the managed policy **AmazonEC2ContainerRegistryReadOnly** has all of them.',
    '',
    'A role must be of the same partition as the identity that takes it on: `arn:aws:`, `arn:aws-us-gov:` or `arn:aws-cn:`.',
  ].join('\n'),
  everything: '.*',
  requiresTags: false,
  checkSettings: checkEcrSettings,
  open: async options => (await import('./connector.ts')).openEcr(options),
};
