/**
 * Access across AWS accounts without keys: the role that the registry's owner creates, and the two documents it is made of.
 *
 * Source: AWS, "How to use an external ID when granting access to your AWS resources to a third party". The external ID is ours to
 * choose, one for each registry: whoever learns a role's name can still not make us use it for them.
 */
import { randomBytes } from 'node:crypto';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { type AwsPartition, partitionOf } from './address.ts';

/** What people choose between: the partitions that roles can be created in by anyone. */
export type AwsAccountType = 'global' | 'us-govcloud' | 'china';

const PARTITIONS: Readonly<Record<AwsAccountType, AwsPartition>> = {
  global: 'aws',
  'us-govcloud': 'aws-us-gov',
  china: 'aws-cn',
};

/** The account type that an account in `region` is of; `undefined` for isolated partitions. */
export function accountTypeOf(region: string): AwsAccountType | undefined {
  const partition = partitionOf(region);
  return (Object.keys(PARTITIONS) as AwsAccountType[]).find(type => PARTITIONS[type] === partition);
}

/** A new external ID: 128 random bits, in letters that AWS takes. */
export function newExternalId(): string {
  return `plimsoll-${randomBytes(16).toString('hex')}`;
}

/** What is to be created in the account of the registry. */
export interface AwsRoleGuide {
  readonly partition: AwsPartition;
  readonly externalId: string;
  /** Who may take the role on: JSON, two spaces. */
  readonly trustPolicy: string;
  /** What the role may do: JSON, two spaces. The managed policy below grants all of it, too. */
  readonly permissionPolicy: string;
  readonly managedPolicyArn: string;
}

/** Everything that listing and pulling take, and nothing that writes. */
const ACTIONS = [
  'ecr:GetAuthorizationToken',
  'ecr:DescribeRepositories',
  'ecr:DescribeImages',
  'ecr:ListImages',
  'ecr:BatchGetImage',
  'ecr:GetDownloadUrlForLayer',
] as const;

const ACCOUNT = /^[0-9]{12}$/;
const PRINCIPAL = /^arn:(aws(?:-[a-z-]{1,10})?):(?:iam|sts)::[0-9]{12}:[\w+=,.@/-]{1,512}$/;

/**
 * The documents for a role that `trusted` may take on: the twelve digits of an account, or the ARN of the user or role that the sensor
 * runs as, of which the second is the tighter.
 *
 * @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID` when `trusted` is neither, or an ARN of another partition: roles cannot be taken on
 * across partitions.
 */
export function describeAwsRole(options: {
  readonly accountType: AwsAccountType;
  readonly trusted: string;
  readonly externalId?: string | undefined;
}): AwsRoleGuide {
  const { accountType, trusted, externalId = newExternalId() } = options;
  const partition = PARTITIONS[accountType];
  return {
    partition,
    externalId,
    trustPolicy: toJson([
      {
        Effect: 'Allow',
        Principal: { AWS: toPrincipal(trusted, partition) },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'sts:ExternalId': externalId } },
      },
    ]),
    permissionPolicy: toJson([{ Effect: 'Allow', Action: ACTIONS, Resource: '*' }]),
    managedPolicyArn: `arn:${partition}:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly`,
  };
}

function toPrincipal(trusted: string, partition: AwsPartition): string {
  if (ACCOUNT.test(trusted)) return `arn:${partition}:iam::${trusted}:root`;
  const [, own] = PRINCIPAL.exec(trusted) ?? [];
  if (own === partition) return trusted;
  const why =
    own === undefined
      ? 'expected an account of twelve digits or the ARN of a user or role'
      : `it belongs to partition ${own}, and roles of ${partition} cannot be taken on from there`;
  throw new PlimsollError('REGISTRY_SETTINGS_INVALID', `Cannot trust "${printable(trusted, 120)}" with a role: ${why}`);
}

function toJson(statements: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements }, undefined, 2);
}
