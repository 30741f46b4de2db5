/** The table of products, as far as it holds for all of them. */
import { expect, test } from 'vitest';
import { openConnector } from './open-connector.ts';
import { getProduct, listProducts } from './products.ts';

const products = await listProducts();

test('each product is found by its own type', async () => {
  for (const product of products) expect(await getProduct(product.type)).toBe(product);
  expect(new Set(products.map(({ label }) => label)).size).toBe(products.length);
});

test.each(products.map(product => [product.label, product] as const))(
  '%s tells people what to write and which rights are needed',
  (_, product) => {
    expect(product.addressHint).not.toBe('');
    expect(product.credentialHelp.length).toBeGreaterThan(100);
    expect(product.credentialKinds.length).toBeGreaterThan(0);
  },
);

test('credentials that do not fit a product are refused before anything is asked', async () => {
  const settings = { type: 'docker-hub', url: 'docker.io', product: {} } as const;
  const credentials = { kind: 'aws' } as const;
  const opening = openConnector({ settings, credentials, env: {}, allowsPrivateAddresses: false });
  await expect(opening).rejects.toMatchObject({
    code: 'REGISTRY_SETTINGS_INVALID',
    message: expect.stringContaining('basic, none'),
  });
});

test.each([
  { why: 'a field of another product', product: { region: 'eu-1' } },
  { why: 'a certificate that is none', tls: { caPem: '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----' } },
  { why: 'a proxy that is no URL', proxy: 'user:proxy-secret@nowhere' },
])('settings are refused for $why, without repeating secrets', async ({ why: _, product = {}, ...rest }) => {
  const { checkSettings } = await getProduct('docker-v2');
  const check = () => checkSettings({ type: 'docker-v2', url: 'registry.example', product, ...rest });
  expect(check).toThrow(expect.objectContaining({ code: 'REGISTRY_SETTINGS_INVALID' }));
  expect(check).not.toThrow(/proxy-secret/);
});
