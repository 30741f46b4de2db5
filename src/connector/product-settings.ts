/**
 * Checking the fields that only one product has, and the certificates and proxy that all have.
 */
import { createSecureContext } from 'node:tls';
import type { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { RegistrySettings } from './connector.ts';
import { parseRegistryAddress } from './registry-address.ts';

/**
 * `settings` with its address in its usual form and `product` as `schema` reads it.
 * @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID` naming the first field that is wrong.
 */
export function checkProductSettings<T extends Record<string, unknown>>(
  settings: RegistrySettings,
  schema: z.ZodType<T>,
): RegistrySettings & { readonly product: T } {
  const { url } = parseRegistryAddress(settings.url, settings.tls);
  checkCa(settings.tls?.caPem);
  checkProxy(settings.proxy);
  return { ...settings, url, product: readProduct(settings, schema) };
}

/** The product's own fields. @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID`. */
export function readProduct<T>({ product, type }: RegistrySettings, schema: z.ZodType<T>): T {
  const result = schema.safeParse(product);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue === undefined || issue.path.length === 0 ? 'settings' : issue.path.join('.');
  throw invalid(
    `Cannot use the settings of ${type}: ${printable(field, 100)}: ${printable(issue?.message ?? 'unreadable')}`,
  );
}

function checkCa(pem: string | undefined): void {
  if (pem === undefined) return;
  try {
    if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw new Error('no PEM block');
    createSecureContext({ ca: pem });
  } catch (cause) {
    throw invalid('Cannot use the certificate authority: it holds no certificate in PEM form', { cause });
  }
}

/** Its text may hold a password, so it is not repeated. */
function checkProxy(proxy: string | undefined): void {
  if (proxy === undefined) return;
  const url = URL.parse(proxy);
  if (url !== null && ['http:', 'https:'].includes(url.protocol)) return;
  throw invalid('Cannot use the proxy: expected a URL such as http://proxy.example:3128');
}

function invalid(message: string, options?: ErrorOptions): PlimsollError {
  return new PlimsollError('REGISTRY_SETTINGS_INVALID', message, options);
}
