/**
 * CPE 2.3 names of programs, the key under which NVD files their vulnerabilities.
 *
 * Source: NIST IR 7695, "Formatted string".
 */

/**
 * The CPE names of one version of a program, joined by a space when NVD files it under several. `products` are
 * `vendor:product` as CPE writes them, already escaped; `update` is the field after the version, `*` when not said.
 */
export function toCpes(products: readonly string[], version: string, update = '*'): string {
  const escaped = version.replace(/[^A-Za-z0-9._-]/g, '\\$&');
  return products.map(product => `cpe:2.3:a:${product}:${escaped}:${update}:*:*:*:*:*:*`).join(' ');
}
