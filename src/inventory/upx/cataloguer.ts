/**
 * Programs packed with UPX: nothing of what they hold can be seen, and that must be said.
 *
 * Unpacking would run a decompressor over hostile bytes for the sake of a few programs; the gap tells the owner to ship it unpacked.
 */
import type { ExecutableCataloguer } from '../cataloguer.ts';
import type { Executable } from '../executable/executable.ts';

const MAGIC = Buffer.from('UPX!', 'latin1');
/** The packer's header follows the program headers directly. */
const HEAD_BYTES = 4096;

export const upxCataloguer: ExecutableCataloguer = {
  id: 'upx',
  version: 1,
  read: (_file, executable) =>
    isPacked(executable) ? { gaps: ['Packed with UPX: its contents are unknown'] } : undefined,
};

/** A packed ELF file has no section table, a packed PE file has sections of known names; Mach-O is told by the magic alone. */
function isPacked({ format, sections, body }: Executable): boolean {
  if (format === 'elf' && sections.length > 0) return false;
  if (format === 'pe' && !sections.some(section => section.name.startsWith('UPX'))) return false;
  return body.read(0, HEAD_BYTES).includes(MAGIC);
}
