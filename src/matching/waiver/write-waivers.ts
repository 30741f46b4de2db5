/**
 * Waivers as a `.plimsollignore.yaml`, which `parseWaivers` reads as the same waivers.
 */
import { stringify } from 'yaml';
import type { Waiver } from './parse-waivers.ts';

/** The text of a file with these waivers, in their order. Lines of `about` go before them as comments. */
export function writeWaivers(waivers: readonly Omit<Waiver, 'purl'>[], about: readonly string[]): string {
  const comment = about.map(line => `# ${line.replaceAll(/\p{Cc}+/gu, ' ')}\n`).join('');
  const entries = waivers.map(({ id, package: name, reason, expires }) => ({
    id,
    ...(name === undefined ? {} : { package: name }),
    reason,
    ...(expires === undefined ? {} : { expires }),
  }));
  // As the reader has it: dates stay texts, and nothing is said by reference.
  return comment + stringify({ waivers: entries }, { schema: 'core', aliasDuplicateObjects: false });
}
