import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ecrHostOf, parseEcrHost, partitionOf } from './address.ts';

const READ = [
  {
    host: '123456789012.dkr.ecr.eu-west-1.amazonaws.com',
    address: { accountId: '123456789012', region: 'eu-west-1', partition: 'aws', isFips: false, isDualStack: false },
    why: 'the usual form',
  },
  {
    host: '123456789012.dkr.ecr-fips.us-east-1.amazonaws.com',
    address: { region: 'us-east-1', partition: 'aws', isFips: true, isDualStack: false },
    why: 'FIPS endpoint',
  },
  {
    host: '123456789012.dkr.ecr.us-gov-west-1.amazonaws.com',
    address: { region: 'us-gov-west-1', partition: 'aws-us-gov' },
    why: 'GovCloud has the same domain and a partition of its own',
  },
  {
    host: '123456789012.dkr.ecr-fips.us-gov-east-1.amazonaws.com',
    address: { region: 'us-gov-east-1', partition: 'aws-us-gov', isFips: true },
    why: 'GovCloud with FIPS',
  },
  {
    host: '123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn',
    address: { region: 'cn-north-1', partition: 'aws-cn' },
    why: 'China has a domain of its own',
  },
  {
    host: '123456789012.dkr-ecr.eu-central-1.on.aws',
    address: { region: 'eu-central-1', partition: 'aws', isDualStack: true, isFips: false },
    why: 'IPv4 and IPv6',
  },
  {
    host: '123456789012.dkr-ecr-fips.us-gov-west-1.on.aws',
    address: { partition: 'aws-us-gov', isDualStack: true, isFips: true },
    why: 'IPv6 with FIPS in GovCloud',
  },
  {
    host: '123456789012.dkr-ecr.cn-northwest-1.on.amazonwebservices.com.cn',
    address: { partition: 'aws-cn', isDualStack: true },
    why: 'IPv6 in China',
  },
  { host: '123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov', address: { partition: 'aws-iso' }, why: 'isolated' },
  { host: '123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov', address: { partition: 'aws-iso-b' }, why: 'isolated' },
  {
    host: '123456789012.DKR.ECR.EU-WEST-1.amazonaws.com',
    address: { host: '123456789012.dkr.ecr.eu-west-1.amazonaws.com' },
    why: 'names of hosts have no case',
  },
] as const;

test.each(READ)('the ECR host $host is read: $why', ({ host, address }) => {
  expect(parseEcrHost(host)).toMatchObject(address);
});

const REFUSED = [
  { host: '12345.dkr.ecr.eu-west-1.amazonaws.com', why: 'an account has twelve digits' },
  { host: 'ecr.eu-west-1.amazonaws.com', why: 'that is the API, not a registry' },
  { host: 'public.ecr.aws', why: 'ECR Public is a product of its own' },
  { host: '123456789012.dkr.ecr.cn-north-1.amazonaws.com', why: 'China does not lie under amazonaws.com' },
  { host: '123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example', why: 'a foreign domain that looks alike' },
  { host: '123456789012.dkr.ecr.eu-west-1.on.aws', why: 'the two forms mixed' },
  { host: '123456789012.dkr-ecr.us-iso-east-1.on.aws', why: 'isolated regions have no such hosts' },
] as const;

test.each(REFUSED)('$host is no ECR registry: $why', ({ host }) => {
  expect(() => parseEcrHost(host)).toThrow(expect.objectContaining({ code: 'REGISTRY_SETTINGS_INVALID' }));
});

test('the host made of an account and a region is read back as both', () => {
  const region = fc.constantFrom('eu-west-1', 'us-gov-east-1', 'cn-north-1', 'us-isof-south-1', 'eusc-de-east-1');
  const account = fc.stringMatching(/^[0-9]{12}$/);
  fc.assert(
    fc.property(account, region, (accountId, name) => {
      const address = parseEcrHost(ecrHostOf(accountId, name));
      expect(address).toMatchObject({ accountId, region: name, partition: partitionOf(name) });
    }),
  );
});
