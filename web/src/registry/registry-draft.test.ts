import { expect, test } from 'vitest';
import type { RegistryProduct } from '../api/model.ts';
import { PRODUCT_FIELDS, readFields } from './credential-fields.ts';
import { draftFor, isComplete, toBody } from './registry-draft.ts';

const product = (type: RegistryProduct['type'], credentialKinds: string[]) =>
  ({ type, credentialKinds }) as RegistryProduct;

test('an address without scheme is plain http when that was confirmed', () => {
  const draft = { ...draftFor(product('docker-v2', ['none']), 'n'), url: '127.0.0.1:5000', insecureHttp: true };
  expect(toBody(draft)).toMatchObject({
    name: '127.0.0.1:5000',
    url: 'http://127.0.0.1:5000',
    tls: { insecureHttp: true },
  });
});

test('fields that nobody filled in are not sent', () => {
  const draft = {
    ...draftFor(product('quay', ['quay']), 'n'),
    url: 'quay.io',
    credentials: { 'robot.username': 'a+b', 'robot.password': 's' },
  };
  expect(toBody(draft).credentials).toEqual({ kind: 'quay', robot: { username: 'a+b', password: 's' } });
  expect(toBody(draft)).not.toHaveProperty('proxy');
});

test('a list is written with commas', () => {
  expect(readFields(PRODUCT_FIELDS.quay ?? [], { namespaces: 'acme, , beta' })).toEqual({
    namespaces: ['acme', 'beta'],
  });
});

test('a password that is missing is asked for', () => {
  const draft = {
    ...draftFor(product('harbor', ['basic']), 'n'),
    url: 'harbor.example',
    credentials: { username: 'robot$a' },
  };
  expect(isComplete(draft)).toBe(false);
  expect(isComplete({ ...draft, credentials: { ...draft.credentials, password: 'x' } })).toBe(true);
});
