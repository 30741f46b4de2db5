import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { buildZip, type ZipInput, type ZipLayout } from '../../../test/fixtures/zip-builder.ts';
import { toBody } from '../file-body.ts';
import { ZipBudget } from './budget.ts';
import { openZip } from './zip.ts';

const LIMIT = 1 << 20;
const HELLO: ZipInput = { name: 'META-INF/hello.txt', content: 'hello hello hello hello' };

const codeOf = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    return error instanceof PlimsollError ? error.code : error;
  }
  return 'no error';
};

const readable: readonly { why: string; input?: Partial<ZipInput>; layout?: ZipLayout }[] = [
  { why: 'deflated' },
  { why: 'stored', input: { isStored: true } },
  { why: 'sizes after the data', input: { hasDescriptor: true } },
  { why: 'zip64 sizes in the directory', input: { isZip64: true } },
  { why: 'zip64 end record', layout: { isZip64: true } },
  { why: 'zip64 behind a script', input: { isZip64: true }, layout: { isZip64: true, prefix: '#!/bin/sh\n' } },
  {
    why: 'Spring Boot launch script, offsets from the archive',
    layout: { prefix: '#!/bin/bash\nexec java -jar "$0"\n' },
  },
  { why: 'self-extracting, offsets from the file', layout: { prefix: 'MZ stub', countsPrefix: true } },
  { why: 'a comment', layout: { comment: 'made by hand' } },
  { why: 'a comment that looks like an end record', layout: { comment: `PK\x05\x06${'\0'.repeat(18)}` } },
  { why: 'bytes after the archive', layout: { suffix: 'signature of some tool' } },
  { why: 'an aligned local header', input: { isStored: true, localExtraBytes: 4096 } },
  { why: 'a directory size that lies', layout: { lie: { directoryBytes: 7 } } },
];

test.each(readable)('an entry is read: $why', ({ input, layout }) => {
  const zip = openZip(
    toBody(
      buildZip(
        [
          { name: 'other/', content: '', isStored: true },
          { ...HELLO, ...input },
        ],
        layout,
      ),
    ),
  );
  const entry = zip.find('META-INF/hello.txt');
  expect(zip.entries.map(one => one.name)).toEqual(['other/', 'META-INF/hello.txt']);
  expect(entry && zip.read(entry, LIMIT).toString()).toBe('hello hello hello hello');
  expect(zip.gaps).toEqual([]);
});

test.each([
  { why: 'stated too large', lie: { sizeBytes: 0xfffffff0 } },
  { why: 'stated too small', lie: { sizeBytes: 1 } },
  { why: 'stored bytes stated too few', lie: { storedBytes: 3 } },
])('a size that lies is told, the bytes count: $why', ({ lie }) => {
  const zip = openZip(toBody(buildZip([{ ...HELLO, lie }])));
  expect(zip.entries.map(entry => zip.read(entry, LIMIT).toString())).toEqual(['hello hello hello hello']);
  expect(zip.gaps).toEqual(['The size of entry "META-INF/hello.txt" is not the one the archive states']);
});

test.each([
  { why: 'no zip', bytes: Buffer.from('just text') },
  { why: 'empty file', bytes: Buffer.alloc(0) },
  { why: 'end record missing', bytes: buildZip([HELLO]).subarray(0, -30) },
])('it is no archive: $why', ({ bytes }) => {
  expect(codeOf(() => openZip(toBody(bytes)))).toBe('FILE_INVALID');
});

test.each([
  { why: 'encrypted', input: { isEncrypted: true }, code: 'FILE_INVALID' },
  { why: 'an unknown method', input: { lie: { method: 99 } }, code: 'FILE_INVALID' },
  { why: 'not where the archive says', input: { lie: { offset: 5 } }, code: 'FILE_INVALID' },
  { why: 'beyond the end', input: { lie: { offset: 0x7fffffff } }, code: 'FILE_INVALID' },
  { why: 'stored, longer than the file', input: { isStored: true, lie: { storedBytes: 5000 } }, code: 'FILE_INVALID' },
  { why: 'text taken for deflated data', input: { isStored: true, lie: { method: 8 } }, code: 'FILE_INVALID' },
  { why: 'larger than asked for', input: { content: 'x'.repeat(LIMIT + 1) }, code: 'LIMIT_EXCEEDED' },
  {
    why: 'a bomb that says it is small',
    input: { content: 'x'.repeat(LIMIT * 9), lie: { sizeBytes: 9 } },
    code: 'LIMIT_EXCEEDED',
  },
  { why: 'stored and large', input: { content: 'x'.repeat(LIMIT + 1), isStored: true }, code: 'LIMIT_EXCEEDED' },
])('an entry is refused: $why', ({ input, code }) => {
  const zip = openZip(toBody(buildZip([{ ...HELLO, ...input }])));
  expect(zip.entries.map(entry => codeOf(() => zip.read(entry, LIMIT)))).toEqual([code]);
});

test('all archives inside a file share one budget', () => {
  const budget = new ZipBudget({ bytes: 3 * LIMIT });
  const zip = openZip(toBody(buildZip([{ ...HELLO, content: Buffer.alloc(LIMIT) }])), { budget });
  const [entry] = zip.entries;
  if (entry === undefined) throw new Error('no entry');
  const codes = [1, 2, 3, 4].map(() => codeOf(() => zip.read(entry, LIMIT)));
  expect(codes).toEqual(['no error', 'no error', 'LIMIT_EXCEEDED', 'LIMIT_EXCEEDED']);
});

test('too many entries are refused', () => {
  const bytes = buildZip(Array.from({ length: 11 }, (_, at) => ({ name: `${at}`, content: '' })));
  expect(codeOf(() => openZip(toBody(bytes), { budget: new ZipBudget({ entries: 10 }) }))).toBe('LIMIT_EXCEEDED');
  expect(codeOf(() => openZip(toBody(bytes), { budget: new ZipBudget({ entries: 11 }) }))).toBe('no error');
});

test('entries that share bytes are told', () => {
  const bytes = buildZip([HELLO, { ...HELLO, lie: { offset: 7 } }, { ...HELLO, lie: { offset: 9 } }]);
  expect(openZip(toBody(bytes)).gaps).toEqual(['2 entries of the archive overlap others']);
});

test('one entry listed twice is nothing to tell', () => {
  const bytes = buildZip([HELLO, { ...HELLO, lie: { offset: 0 } }]);
  expect(openZip(toBody(bytes)).gaps).toEqual([]);
});

test('entries in another order than their bytes are nothing to tell', () => {
  const first = buildZip([HELLO]).indexOf('PK\x01\x02');
  const bytes = buildZip([
    { ...HELLO, lie: { offset: first } },
    { ...HELLO, lie: { offset: 0 } },
  ]);
  const zip = openZip(toBody(bytes));
  expect(zip.gaps).toEqual([]);
  expect(zip.entries.map(entry => zip.read(entry, LIMIT).toString())).toEqual([
    'hello hello hello hello',
    'hello hello hello hello',
  ]);
});

test('a directory that breaks off keeps what came before and says so', () => {
  const bytes = buildZip([HELLO, { ...HELLO, name: 'second' }]);
  bytes.write('XX', bytes.lastIndexOf('PK\x01\x02'));
  const zip = openZip(toBody(bytes));
  expect(zip.entries.map(entry => entry.name)).toEqual(['META-INF/hello.txt']);
  expect(zip.gaps).toEqual(['The directory of the archive breaks off after 1 of 2 entries']);
});

test('unwanted entries are counted but not listed', () => {
  const body = toBody(buildZip([HELLO, { name: 'A.class', content: '' }, { name: 's', content: '' }]));
  const wanting = openZip(body, { wants: name => name.startsWith('META-INF/') });
  expect([wanting.entries.map(entry => entry.name), wanting.entryCount]).toEqual([[HELLO.name], 3]);
  const skipping = openZip(body, { skipSuffix: '.class' });
  expect(skipping.entries.map(entry => entry.name)).toEqual([HELLO.name, 's']);
  expect([skipping.entryCount, skipping.skippedCount]).toEqual([3, 1]);
});

test('of two entries with one name the last one counts', () => {
  const zip = openZip(toBody(buildZip([HELLO, { ...HELLO, content: 'other' }])));
  const entry = zip.find(HELLO.name);
  expect(entry && zip.read(entry, LIMIT).toString()).toBe('other');
});

test('a stored archive in an archive is read in place', () => {
  const inner = buildZip([HELLO]);
  const outer = openZip(
    toBody(
      buildZip([
        { name: 'a.jar', content: inner, isStored: true },
        { name: 'b.jar', content: inner },
      ]),
    ),
  );
  for (const entry of outer.entries) {
    const zip = openZip(outer.open(entry, LIMIT));
    expect(zip.entries.map(one => zip.read(one, LIMIT).toString())).toEqual(['hello hello hello hello']);
  }
});

test('an archive of 70,000 entries written without zip64 is read whole', () => {
  const bytes = buildZip(Array.from({ length: 70_000 }, (_, at) => ({ name: `${at}`, content: '', isStored: true })));
  const zip = openZip(toBody(bytes), { wants: name => name === '69999' });
  expect(zip.entryCount).toBe(70_000);
  expect(zip.gaps).toEqual([]);
  expect(zip.find('69999')).toBeDefined();
});

test('what another archiver writes is read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-zip-'));
  try {
    writeFileSync(join(folder, 'a.txt'), 'from python');
    execFileSync('python3', ['-m', 'zipfile', '-c', 'a.zip', 'a.txt'], { cwd: folder });
    const zip = openZip(toBody(readFileSync(join(folder, 'a.zip'))));
    expect(zip.entries.map(entry => zip.read(entry, LIMIT).toString())).toEqual(['from python']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const readAll = (bytes: Uint8Array) => {
  try {
    const zip = openZip(toBody(bytes), { budget: new ZipBudget({ bytes: 200_000, entries: 1000 }) });
    for (const entry of zip.entries) {
      try {
        expect(zip.read(entry, 10_000).length).toBeLessThanOrEqual(10_000);
        zip.open(entry, 10_000).read(0, 100);
      } catch (error) {
        if (!(error instanceof PlimsollError)) throw error;
      }
    }
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error;
  }
};

test('no bytes make it throw anything but a PlimsollError', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), readAll));
  const valid = buildZip(
    [HELLO, { ...HELLO, name: 'b', isStored: true, isZip64: true }, { ...HELLO, name: 'c', hasDescriptor: true }],
    { isZip64: true, prefix: 'x' },
  );
  const changes = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(changes, fc.nat(valid.length), (edits, cut) => {
      const bytes = Buffer.from(valid);
      for (const [at, value] of edits) bytes[at] = value;
      readAll(bytes);
      readAll(bytes.subarray(0, cut));
      readAll(bytes.subarray(cut));
    }),
    { numRuns: 1000 },
  );
});

test('what is written is read back', () => {
  const files = fc.uniqueArray(
    fc.record({ name: fc.string({ minLength: 1 }), content: fc.uint8Array(), isStored: fc.boolean() }),
    {
      selector: file => Buffer.from(file.name).toString(),
      maxLength: 8,
    },
  );
  fc.assert(
    fc.property(files, fc.boolean(), fc.uint8Array({ maxLength: 50 }), (inputs, isZip64, prefix) => {
      const zip = openZip(toBody(buildZip(inputs, { isZip64, prefix })));
      expect(zip.entries.map(entry => [entry.name, [...zip.read(entry, LIMIT)]])).toEqual(
        inputs.map(input => [Buffer.from(input.name).toString(), [...input.content]]),
      );
    }),
  );
});
