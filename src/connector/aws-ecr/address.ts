/**
 * Addresses of Amazon ECR: the account, the region and the partition are in the host's name.
 *
 * Source: AWS, "Amazon ECR endpoints and quotas", and the list of partitions that AWS's own tools carry.
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';

/** A part of AWS with accounts and identities of its own; nothing is shared between two of them. */
export type AwsPartition =
  | 'aws'
  | 'aws-us-gov'
  | 'aws-cn'
  | 'aws-iso'
  | 'aws-iso-b'
  | 'aws-iso-e'
  | 'aws-iso-f'
  | 'aws-eusc';

/** What the host of a private registry says. */
export interface EcrAddress {
  /** As in the reference: `123456789012.dkr.ecr.eu-west-1.amazonaws.com`. */
  readonly host: string;
  /** Twelve digits. */
  readonly accountId: string;
  readonly region: string;
  readonly partition: AwsPartition;
  /** Whether the host is the one for FIPS 140; then the API is asked by its FIPS endpoint as well. */
  readonly isFips: boolean;
  /** Whether the host answers by IPv6, too. */
  readonly isDualStack: boolean;
}

/** Regions by the beginnings of their names; `aws` has all others. */
const PARTITION_OF_REGION: readonly (readonly [prefix: string, partition: AwsPartition])[] = [
  ['us-gov-', 'aws-us-gov'],
  ['cn-', 'aws-cn'],
  ['us-isob-', 'aws-iso-b'],
  ['us-isof-', 'aws-iso-f'],
  ['us-iso-', 'aws-iso'],
  ['eu-isoe-', 'aws-iso-e'],
  ['eusc-', 'aws-eusc'],
];

/** Domains of the hosts of each partition: the plain ones, and those that answer by IPv6 as well. */
const DOMAINS: Readonly<Record<AwsPartition, { readonly plain: string; readonly dualStack?: string }>> = {
  aws: { plain: 'amazonaws.com', dualStack: 'on.aws' },
  'aws-us-gov': { plain: 'amazonaws.com', dualStack: 'on.aws' },
  'aws-cn': { plain: 'amazonaws.com.cn', dualStack: 'on.amazonwebservices.com.cn' },
  'aws-iso': { plain: 'c2s.ic.gov' },
  'aws-iso-b': { plain: 'sc2s.sgov.gov' },
  'aws-iso-e': { plain: 'cloud.adc-e.uk' },
  'aws-iso-f': { plain: 'csp.hci.ic.gov' },
  'aws-eusc': { plain: 'amazonaws.eu' },
};

const PLAIN = /^([0-9]{12})\.dkr\.(ecr|ecr-fips)\.([a-z0-9-]{5,40})\.([a-z0-9.-]{1,60})$/;
const DUAL_STACK = /^([0-9]{12})\.dkr-(ecr|ecr-fips)\.([a-z0-9-]{5,40})\.([a-z0-9.-]{1,60})$/;

/** The partition that `region` lies in. */
export function partitionOf(region: string): AwsPartition {
  return PARTITION_OF_REGION.find(([prefix]) => region.startsWith(prefix))?.[1] ?? 'aws';
}

/**
 * Reads the host of a private ECR registry, without scheme and port.
 *
 * `123456789012.dkr.ecr.us-gov-west-1.amazonaws.com` is account 123456789012 in region us-gov-west-1 of `aws-us-gov`.
 * @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID`, also when region and domain belong to different partitions: such a host could only
 * be somebody else's.
 */
export function parseEcrHost(host: string): EcrAddress {
  const name = host.toLowerCase();
  const plain = PLAIN.exec(name);
  const dualStack = plain === null ? DUAL_STACK.exec(name) : null;
  const [, accountId, service, region, domain] = plain ?? dualStack ?? [];
  if (accountId === undefined || service === undefined || region === undefined || domain === undefined) {
    throw new PlimsollError(
      'REGISTRY_SETTINGS_INVALID',
      `Cannot use "${printable(host, 120)}" as a registry of Amazon ECR: expected ACCOUNT.dkr.ecr.REGION.amazonaws.com, as "repositoryUri" in the console begins`,
    );
  }
  const partition = partitionOf(region);
  const isDualStack = plain === null;
  const expected = isDualStack ? DOMAINS[partition].dualStack : DOMAINS[partition].plain;
  if (domain !== expected) {
    const wanted = expected === undefined ? 'has no such hosts' : `has its registries under ${expected}`;
    throw new PlimsollError(
      'REGISTRY_SETTINGS_INVALID',
      `Cannot use "${printable(host, 120)}" as a registry of Amazon ECR: region ${region} ${wanted}`,
    );
  }
  return { host: name, accountId, region, partition, isFips: service === 'ecr-fips', isDualStack };
}

/** The host of an account's registry in a region, without FIPS and IPv6. */
export function ecrHostOf(accountId: string, region: string): string {
  return `${accountId}.dkr.ecr.${region}.${DOMAINS[partitionOf(region)].plain}`;
}
