import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { claimedFile } from '../../../test/fixtures/claimed-file.ts';
import { buildElf, words } from '../../../test/fixtures/executable-builder.ts';
import { openExecutable } from '../executable/open-executable.ts';
import { toBody } from '../file-body.ts';
import { elfNoteCataloguer } from './cataloguer.ts';

const read = (bytes: Uint8Array, isBigEndian = false) => {
  const file = buildElf([{ name: '.note.package', bytes }], { isBigEndian });
  const executable = openExecutable(toBody(file));
  return executable && elfNoteCataloguer.read(claimedFile('usr/bin/tool', file), executable);
};

/** One note: sizes of owner and text, type, owner and text padded. */
function note(text: string, { type = 0xcafe1a7e, owner = 'FDO\0', isBigEndian = false, padding = '' } = {}): Buffer {
  const bytes = Buffer.from(text);
  const tail = Buffer.alloc((4 - (bytes.length % 4)) % 4);
  const header = words([owner.length, bytes.length, type], 4, isBigEndian);
  return Buffer.concat([header, Buffer.from(owner + padding), bytes, tail]);
}

const FEDORA = JSON.stringify({
  type: 'rpm',
  name: 'bash',
  version: '5.2.26-3.fc40',
  architecture: 'x86_64',
  osCpe: 'cpe:/o:fedoraproject:fedora:40',
});

test('the note names the package and the distribution that the program is from', () => {
  expect(read(note(FEDORA))?.packages).toEqual([
    {
      type: 'rpm',
      name: 'bash',
      version: '5.2.26-3.fc40',
      arch: 'x86_64',
      source: { name: 'bash', version: '5.2.26-3.fc40' },
      evidence: 'detected',
      properties: { 'elf-note': 'true', 'os-cpe': 'cpe:/o:fedoraproject:fedora:40' },
    },
  ]);
});

test.each([
  { bytes: note(FEDORA, { isBigEndian: true }), isBigEndian: true, why: 'in a big-endian file' },
  { bytes: Buffer.concat([note('build', { type: 3, owner: 'GNU\0' }), note(FEDORA)]), why: 'after another note' },
  { bytes: note(FEDORA, { padding: '\0'.repeat(4) }), why: 'after an owner padded to 16 bytes' },
  { bytes: note(`${FEDORA}\0\0\0`), why: 'before padding that counts as text' },
])('the note is found $why', ({ bytes, isBigEndian }) => {
  expect(read(bytes, isBigEndian)?.packages?.[0]?.name).toBe('bash');
});

test.each([
  { bytes: note('{"type":"deb"}'), why: 'it names no package' },
  { bytes: note('{"name": "bash", '), why: 'it is cut off' },
  { bytes: note(FEDORA, { type: 1 }), why: 'the type is another' },
  { bytes: note(FEDORA, { owner: 'XYZ\0' }), why: 'the owner is another' },
  { bytes: Buffer.alloc(7), why: 'it is shorter than its header' },
])('a note tells nothing when $why', ({ bytes }) => {
  expect(read(bytes)).toBeUndefined();
});

test('a package manager we do not know gives a generic package', () => {
  expect(read(note('{"type":"spack","name":"hdf5","version":"1.14"}'))?.packages?.[0]).toMatchObject({
    type: 'generic',
    name: 'hdf5',
  });
});

test('no bytes make it throw anything but a PlimsollError', () => {
  const notes = fc.tuple(fc.json(), fc.nat({ max: 0xffffffff })).map(([text, type]) => note(text, { type }));
  fc.assert(
    fc.property(fc.oneof(notes, fc.uint8Array()), bytes => {
      try {
        read(bytes);
      } catch (error) {
        if (!(error instanceof PlimsollError)) throw error;
      }
    }),
  );
});
