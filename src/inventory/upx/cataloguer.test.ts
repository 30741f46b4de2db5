import { expect, test } from 'vitest';
import { claimedFile } from '../../../test/fixtures/claimed-file.ts';
import { buildElf, buildMachO, buildPe } from '../../../test/fixtures/executable-builder.ts';
import { openExecutable } from '../executable/open-executable.ts';
import { toBody } from '../file-body.ts';
import { upxCataloguer } from './cataloguer.ts';

const PACKED = Buffer.from('\0\0\0\0UPX!\x0d\x16');

test.each([
  {
    bytes: buildElf([{ name: '', bytes: PACKED }], { isStripped: true }),
    packed: true,
    why: 'an ELF file without sections',
  },
  { bytes: buildPe([{ name: 'UPX1', bytes: PACKED }]), packed: true, why: 'a PE file with the packer’s sections' },
  { bytes: buildMachO([{ name: '__text', bytes: PACKED }]), packed: true, why: 'a Mach-O file' },
  { bytes: buildElf([{ name: '.rodata', bytes: PACKED }]), packed: false, why: 'a scanner that looks for the magic' },
  { bytes: buildPe([{ name: '.rdata', bytes: PACKED }]), packed: false, why: 'a PE file that looks for it' },
  {
    bytes: buildElf([{ name: '', bytes: Buffer.from('x') }], { isStripped: true }),
    packed: false,
    why: 'merely stripped',
  },
])('packed: $packed ($why)', ({ bytes, packed }) => {
  const executable = openExecutable(toBody(bytes));
  const fact = executable && upxCataloguer.read(claimedFile('usr/bin/tool', bytes), executable);
  expect(fact?.gaps).toEqual(packed ? ['Packed with UPX: its contents are unknown'] : undefined);
});
