import { deflateSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { buildElf, buildFatMachO, buildMachO, buildPe, words } from '../../../test/fixtures/executable-builder.ts';
import { toBody } from '../file-body.ts';
import { isExecutableMagic, openExecutable } from './open-executable.ts';
import { findSection, readAddress, readSection } from './read-section.ts';

const SECTIONS = [
  { name: '.text', bytes: Buffer.from('code'), isExecutable: true },
  { name: '.data', bytes: Buffer.from('hello'), address: 0x500000, isWritable: true },
];
const MACH_O_64 = buildMachO(SECTIONS);

const formats = [
  { what: 'ELF, 64 bits', bytes: buildElf(SECTIONS), format: 'elf', pointerBytes: 8, isBigEndian: false },
  { what: 'ELF, 32 bits', bytes: buildElf(SECTIONS, { bits: 32 }), format: 'elf', pointerBytes: 4, isBigEndian: false },
  {
    what: 'ELF of s390x',
    bytes: buildElf(SECTIONS, { isBigEndian: true }),
    format: 'elf',
    pointerBytes: 8,
    isBigEndian: true,
  },
  {
    what: 'ELF of 32-bit PowerPC',
    bytes: buildElf(SECTIONS, { bits: 32, isBigEndian: true }),
    format: 'elf',
    pointerBytes: 4,
    isBigEndian: true,
  },
  { what: 'ELF library', bytes: buildElf(SECTIONS, { type: 3 }), format: 'elf', pointerBytes: 8, isBigEndian: false },
  { what: 'PE32+', bytes: buildPe(SECTIONS), format: 'pe', pointerBytes: 8, isBigEndian: false },
  { what: 'PE32', bytes: buildPe(SECTIONS, { bits: 32 }), format: 'pe', pointerBytes: 4, isBigEndian: false },
  { what: 'Mach-O, 64 bits', bytes: MACH_O_64, format: 'mach-o', pointerBytes: 8, isBigEndian: false },
  {
    what: 'Mach-O of PowerPC',
    bytes: buildMachO(SECTIONS, { bits: 32, isBigEndian: true }),
    format: 'mach-o',
    pointerBytes: 4,
    isBigEndian: true,
  },
  {
    what: 'Mach-O, fat',
    bytes: buildFatMachO([MACH_O_64, buildMachO([])]),
    format: 'mach-o',
    pointerBytes: 8,
    isBigEndian: false,
  },
];

test.each(formats)('$what: its sections are found by name and by address', ({ bytes, what: _, ...expected }) => {
  expect(isExecutableMagic(bytes)).toBe(true);
  const executable = openExecutable(toBody(bytes));
  if (executable === undefined) throw new Error('not opened');
  expect(executable).toMatchObject(expected);
  const data = findSection(executable, '.data');
  if (data === undefined) throw new Error('no .data');
  expect(data.address).toBe(0x500000);
  expect(readSection(executable, data, 100).toString()).toBe('hello');
  expect(readAddress(executable, 0x500001, 3).toString()).toBe('ell');
  expect(readAddress(executable, 0x500001, 1000).toString(), 'no further than the segment').toBe('ello');
  expect(readAddress(executable, 0x900000, 1), 'no segment there').toHaveLength(0);
  expect(executable.segments.map(one => [one.isWritable, one.isExecutable])).toEqual([
    [false, true],
    [true, false],
  ]);
});

test.each([
  { bytes: buildElf(SECTIONS, { type: 1 }), why: 'an object file, or a kernel module, does not run' },
  { bytes: buildElf(SECTIONS, { type: 4 }), why: 'a core dump is a memory image' },
  { bytes: buildMachO(SECTIONS, { type: 1 }), why: 'a Mach-O object file does not run' },
  {
    bytes: Buffer.from('cafebabe0000003d00', 'hex'),
    why: 'a Java class has the magic of fat Mach-O, and a version after it',
  },
  { bytes: Buffer.from(`MZ${' '.repeat(100)}`), why: 'a DOS program, or a text that begins so' },
  { bytes: Buffer.from('#!/bin/sh\n'), why: 'a script' },
  { bytes: Buffer.from('\x7fEL'), why: 'three bytes' },
  { bytes: Buffer.alloc(0), why: 'an empty file' },
])('$why: it is not opened', ({ bytes }) => {
  expect(openExecutable(toBody(bytes))).toBeUndefined();
});

test('an ELF file without section table has segments only', () => {
  const executable = openExecutable(toBody(buildElf(SECTIONS, { isStripped: true })));
  expect(executable?.sections).toEqual([]);
  expect(executable?.segments).toHaveLength(2);
});

/** A copy with `value` as 16-bit or 32-bit number at `at`. */
function patched(bytes: Buffer, at: number, value: number, size: 2 | 4 = 2): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUIntLE(value, at, size);
  return copy;
}

const ELF = buildElf(SECTIONS);

test.each([
  { bytes: ELF.subarray(0, 40), code: 'FILE_INVALID', why: 'a header cut off' },
  { bytes: patched(ELF, 4, 0x0107), code: 'FILE_INVALID', why: 'an unknown class' },
  { bytes: patched(ELF, 56, 0xfffe), code: 'LIMIT_EXCEEDED', why: 'more segments than any program has' },
  { bytes: patched(ELF, 60, 0xfffe), code: 'LIMIT_EXCEEDED', why: 'more sections than any program has' },
  { bytes: patched(MACH_O_64, 16, 0x7fffffff, 4), code: 'LIMIT_EXCEEDED', why: 'two thousand million load commands' },
  { bytes: patched(MACH_O_64, 20, 0x7fffffff, 4), code: 'LIMIT_EXCEEDED', why: 'two gigabytes of load commands' },
  {
    bytes: patched(buildPe(SECTIONS), 70, 0xffff),
    code: 'LIMIT_EXCEEDED',
    why: 'more PE sections than any program has',
  },
  { bytes: patched(buildPe(SECTIONS), 88, 0), code: 'FILE_INVALID', why: 'no optional header' },
])('$why: $code', ({ bytes, code }) => {
  expect(() => openExecutable(toBody(bytes))).toThrow(expect.objectContaining({ code }));
});

test('the count of sections that does not fit the header is believed only within the limit', () => {
  // e_shnum 0: the real number is the size of section 0.
  const many = patched(ELF, 60, 0);
  many.writeBigUInt64LE(0xffff_ffffn, Number(ELF.readBigUInt64LE(40)) + 32);
  expect(() => openExecutable(toBody(many))).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }));
  many.writeBigUInt64LE(4n, Number(ELF.readBigUInt64LE(40)) + 32);
  expect(openExecutable(toBody(many))?.sections).toHaveLength(3);
});

test('a section that reaches beyond the file is cut at its end', () => {
  const bytes = Buffer.from(ELF);
  const data = Number(ELF.readBigUInt64LE(40)) + 2 * 64;
  bytes.writeBigUInt64LE(1n << 62n, data + 32);
  const executable = openExecutable(toBody(bytes));
  const section = executable?.sections.find(one => one.name === '.data');
  expect(section && section.offset + section.sizeBytes).toBe(bytes.length);
});

/** A compressed section: Elf64_Chdr and the packed bytes. */
function compressed(type: number, sizeBytes: number, packed: Uint8Array) {
  const bytes = Buffer.concat([words([type], 8), words([sizeBytes, 1], 8), packed]);
  const executable = openExecutable(toBody(buildElf([{ name: '.debug', bytes, isCompressed: true }])));
  const section = executable && findSection(executable, '.debug');
  if (executable === undefined || section === undefined) throw new Error('not opened');
  return () => readSection(executable, section, 1000);
}

test('compressed sections are inflated', () => {
  const text = Buffer.from('some text');
  expect(compressed(1, text.length, deflateSync(text))().toString()).toBe('some text');
  expect(compressed(2, text.length, zstdCompressSync(text))().toString()).toBe('some text');
});

test.each([
  { read: compressed(1, 1e15, deflateSync('x')), code: 'LIMIT_EXCEEDED', why: 'it promises a petabyte' },
  {
    read: compressed(1, 10, deflateSync(Buffer.alloc(1e6))),
    code: 'LIMIT_EXCEEDED',
    why: 'zlib gives more than it promised',
  },
  { read: compressed(2, 10, zstdCompressSync(Buffer.alloc(1e6))), code: 'LIMIT_EXCEEDED', why: 'zstd gives more' },
  { read: compressed(1, 10, Buffer.from('no zlib')), code: 'FILE_INVALID', why: 'it is no zlib stream' },
  { read: compressed(7, 10, Buffer.from('x')), code: 'FILE_INVALID', why: 'an unknown compression' },
])('a compressed section fails when $why: $code', ({ read, code }) => {
  expect(read).toThrow(expect.objectContaining({ code }));
});

test('no bytes make it throw anything but a PlimsollError, nor name parts outside the file', () => {
  const whole = fc.constantFrom(...formats.map(format => format.bytes));
  const change = fc.tuple(fc.nat({ max: 700 }), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff));
  fc.assert(
    fc.property(whole, fc.array(change, { maxLength: 12 }), fc.nat({ max: 2000 }), (bytes, changes, cut) => {
      const copy = Buffer.from(bytes.subarray(0, Math.max(8, bytes.length - (cut % bytes.length))));
      for (const [at, value] of changes) if (at >= 4 && at < copy.length) copy[at] = value;
      try {
        const executable = openExecutable(toBody(copy));
        for (const { offset, sizeBytes } of [...(executable?.sections ?? []), ...(executable?.segments ?? [])]) {
          expect(offset).toBeGreaterThanOrEqual(0);
          expect(offset + sizeBytes).toBeLessThanOrEqual(executable?.body.sizeBytes ?? 0);
        }
      } catch (error) {
        if (!(error instanceof PlimsollError)) throw error;
      }
    }),
    { numRuns: 1000 },
  );
});
