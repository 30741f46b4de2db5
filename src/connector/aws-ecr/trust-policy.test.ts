import { expect, test } from 'vitest';
import { accountTypeOf, describeAwsRole, newExternalId } from './trust-policy.ts';

const PARTITIONS = [
  { accountType: 'global', prefix: 'arn:aws:' },
  { accountType: 'us-govcloud', prefix: 'arn:aws-us-gov:' },
  { accountType: 'china', prefix: 'arn:aws-cn:' },
] as const;

test.each(PARTITIONS)(
  'a role of account type $accountType trusts and is granted by ARNs that begin with $prefix',
  row => {
    const guide = describeAwsRole({ accountType: row.accountType, trusted: '210987654321', externalId: 'plimsoll-1' });
    expect(JSON.parse(guide.trustPolicy)).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: `${row.prefix}iam::210987654321:root` },
          Action: 'sts:AssumeRole',
          Condition: { StringEquals: { 'sts:ExternalId': 'plimsoll-1' } },
        },
      ],
    });
    expect(guide.managedPolicyArn).toBe(`${row.prefix}iam::aws:policy/AmazonEC2ContainerRegistryReadOnly`);
    expect(guide.permissionPolicy).not.toMatch(/Put|Delete|Create|Upload|\*:/);
  },
);

test('a single user or role may be trusted, and nothing else of its account', () => {
  const trusted = 'arn:aws:iam::210987654321:role/plimsoll-sensor';
  const guide = describeAwsRole({ accountType: 'global', trusted });
  expect(JSON.parse(guide.trustPolicy).Statement[0].Principal).toEqual({ AWS: trusted });
});

test.each([
  ['arn:aws-cn:iam::210987654321:role/x', 'a role of another partition'],
  ['12345', 'too few digits'],
  ['*', 'everybody'],
  ['arn:aws:iam::210987654321:role/x","Effect":"Allow', 'something that would break out of the text'],
])('%s is not trusted: %s', trusted => {
  expect(() => describeAwsRole({ accountType: 'global', trusted })).toThrow(
    expect.objectContaining({ code: 'REGISTRY_SETTINGS_INVALID' }),
  );
});

test('each registry has an external ID of its own', () => {
  const ids = new Set(Array.from({ length: 100 }, newExternalId));
  expect(ids.size).toBe(100);
  for (const id of ids) expect(id).toMatch(/^[\w+=,.@:/-]{2,1224}$/);
});

test('the account type follows from the region', () => {
  expect(accountTypeOf('eu-west-1')).toBe('global');
  expect(accountTypeOf('us-gov-east-1')).toBe('us-govcloud');
  expect(accountTypeOf('cn-north-1')).toBe('china');
  expect(accountTypeOf('us-iso-east-1')).toBeUndefined();
});
