/**
 * Checking the fields that only one product has, and the certificates and proxy that all have.
 */
import { X509Certificate } from 'node:crypto';
import type { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { RegistrySettings } from './connector.ts';
import { parseRegistryAddress } from './registry-address.ts';

const PEM_BEGIN = '-----BEGIN CERTIFICATE-----';
const PEM_END = '-----END CERTIFICATE-----';
/** The bundle of a whole company has some hundred kB. */
const MAX_PEM_LENGTH = 1024 * 1024;

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
  if (pem.length > MAX_PEM_LENGTH)
    throw invalid(`Cannot use the certificate authority: it is over ${MAX_PEM_LENGTH} characters`);
  try {
    const blocks = pem.split(PEM_END).slice(0, -1);
    if (blocks.length === 0) throw new Error('no PEM block');
    // OpenSSL would silently leave out what it cannot read.
    for (const block of blocks) new X509Certificate(`${block.slice(Math.max(0, block.indexOf(PEM_BEGIN)))}${PEM_END}`);
  } catch (cause) {
    throw invalid('Cannot use the certificate authority: expected certificates in PEM form, and nothing else', {
      cause,
    });
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
