/**
 * Opening a registry by its settings, whatever product it is of.
 */
import { PlimsollError } from '#base/errors.ts';
import type { Connector, ConnectorOptions, RegistryProduct, RegistrySettings } from './connector.ts';
import { getProduct } from './products.ts';

/**
 * Opens a registry; no request is made yet.
 * @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID` for settings or credentials that do not fit the product.
 */
export async function openConnector(options: ConnectorOptions): Promise<Connector> {
  const product = await getProduct(options.settings.type);
  checkCredentialKind(product, options);
  return await product.open({ ...options, settings: product.checkSettings(options.settings) });
}

/** The settings as they are stored: address in its usual form, product's fields checked. @throws `REGISTRY_SETTINGS_INVALID`. */
export async function checkRegistrySettings(settings: RegistrySettings): Promise<RegistrySettings> {
  return (await getProduct(settings.type)).checkSettings(settings);
}

function checkCredentialKind(product: RegistryProduct, { credentials }: ConnectorOptions): void {
  if (product.credentialKinds.includes(credentials.kind)) return;
  throw new PlimsollError(
    'REGISTRY_SETTINGS_INVALID',
    `Cannot use ${product.label} with credentials of the kind ${credentials.kind}: it takes ${product.credentialKinds.join(', ')}`,
  );
}
