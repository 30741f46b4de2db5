/** The purls of an image, one a line: for grep, for `comm`, for tools that take a list. */
import type { Inventory } from '#inventory/inventory.ts';

/** Sorted lines, each once, the last one ended as well; nothing for an image without packages. */
export function renderPurlList(inventory: Inventory): string {
  const purls = [...new Set(inventory.packages.map(one => one.purl))].sort();
  return purls.map(purl => `${purl}\n`).join('');
}
