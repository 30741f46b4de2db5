import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { FactLimits } from '../fact-limits.ts';
import { readFileList } from './file-list.ts';
import { ownedFiles } from './owned-files.ts';
import { type Header, parseHeader, TAG } from './parse-header.ts';
import { makeHeader } from './testdata/make-database.ts';

const ownedOf = (header: Header, limits = new FactLimits()) => ownedFiles(header, readFileList(header), limits);

test('each type of value reads as it was written', () => {
  const header = parseHeader(
    makeHeader([
      [TAG.NAME, { string: 'bash' }],
      [TAG.EPOCH, { int32: [7] }],
      [TAG.FILEMODES, { int16: [0o100755, 0o040755] }],
      [TAG.BASENAMES, { strings: ['a', '', 'ü'] }],
      [TAG.RSAHEADER, { bytes: Buffer.from([1, 2, 3]) }],
    ]),
  );
  expect(header.isDamaged).toBe(false);
  expect(header.string(TAG.NAME)).toBe('bash');
  expect(header.numbers(TAG.EPOCH)?.at(0)).toBe(7);
  expect([0, 1, 2].map(index => header.numbers(TAG.FILEMODES)?.at(index))).toEqual([0o100755, 0o040755, undefined]);
  expect(header.strings(TAG.BASENAMES)?.map(String)).toEqual(['a', '', 'ü']);
  expect(header.bytes(TAG.RSAHEADER)).toEqual(Buffer.from([1, 2, 3]));
});

test('an entry added on installation replaces the one in the signed region', () => {
  const header = parseHeader(
    makeHeader([
      [TAG.NAME, { string: 'old' }],
      [TAG.NAME, { string: 'new' }],
    ]),
  );
  expect(header.string(TAG.NAME)).toBe('new');
});

test('a tag that is missing or of another type reads as missing', () => {
  const header = parseHeader(makeHeader([[TAG.NAME, { int32: [1] }]]));
  expect([header.string(TAG.NAME), header.strings(TAG.VERSION), header.bytes(TAG.NAME)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(header.numbers(TAG.VERSION)).toBeUndefined();
});

test('an entry that points beyond the data is damage, and the others still count', () => {
  const bytes = makeHeader([
    [TAG.NAME, { string: 'bash' }],
    [TAG.EPOCH, { int32: [7] }],
  ]);
  bytes.writeUInt32BE(4000, 8 + 16 + 8);
  const header = parseHeader(bytes);
  expect([header.isDamaged, header.string(TAG.NAME), header.numbers(TAG.EPOCH)]).toEqual([true, 'bash', undefined]);
});

test.each([
  { entries: 0x80000000, data: 8, code: 'LIMIT_EXCEEDED', why: 'two billion entries' },
  { entries: 1, data: 0x10000001, code: 'LIMIT_EXCEEDED', why: 'more data than rpm allows' },
  { entries: 1, data: 4000, code: 'FILE_INVALID', why: 'more data than there is' },
])('sizes that cannot be are refused before anything is read: $why', ({ entries, data, code }) => {
  const bytes = Buffer.alloc(100);
  bytes.writeUInt32BE(entries, 0);
  bytes.writeUInt32BE(data, 4);
  expect(() => parseHeader(bytes)).toThrow(expect.objectContaining({ code }));
});

test('ghosts, folders and links are not owned; files are', () => {
  const header = makeHeader([
    [TAG.BASENAMES, { strings: ['python3', 'python', 'state', 'lib', 'site.so'] }],
    [TAG.DIRNAMES, { strings: ['/usr/bin/', '/usr/'] }],
    [TAG.DIRINDEXES, { int32: [0, 0, 1, 1, 1] }],
    [TAG.FILEMODES, { int16: [0o100755, 0o120777, 0o100644, 0o040755, 0o100755] }],
    [TAG.FILEFLAGS, { int32: [0, 0, 0x40, 0, 0] }],
  ]);
  expect(ownedOf(parseHeader(header))).toEqual(['usr/bin/python3', 'usr/site.so']);
});

test('whole paths of rpm 3 and a folder index out of range', () => {
  const limits = new FactLimits();
  expect(ownedOf(parseHeader(makeHeader([[TAG.OLDFILENAMES, { strings: ['/bin/sh'] }]])), limits)).toEqual(['bin/sh']);
  const header = makeHeader([
    [TAG.BASENAMES, { strings: ['sh'] }],
    [TAG.DIRNAMES, { strings: ['/bin/'] }],
    [TAG.DIRINDEXES, { int32: [9] }],
  ]);
  expect(ownedOf(parseHeader(header), limits)).toEqual([]);
  expect(limits.gaps()).toEqual(['1 owned path(s) without a folder']);
});

test('no bytes make it throw anything but a PlimsollError', () => {
  fc.assert(
    fc.property(fc.nat(12), fc.nat(200), fc.uint8Array({ maxLength: 400 }), (entries, data, bytes) => {
      const sizes = Buffer.from([0, 0, 0, entries, 0, 0, 0, data]);
      try {
        const header = parseHeader(Buffer.concat([sizes, bytes]));
        for (const tag of Object.values(TAG)) {
          header.string(tag);
          header.strings(tag);
          header.bytes(tag);
          header.numbers(tag)?.at(0);
        }
        ownedOf(header);
      } catch (error) {
        if (!(error instanceof PlimsollError)) throw error;
      }
    }),
  );
});
