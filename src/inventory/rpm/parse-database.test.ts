import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { FactLimits } from '../fact-limits.ts';
import { toBody } from '../file-body.ts';
import { parseDatabase } from './parse-database.ts';
import { TAG } from './parse-header.ts';
import { makeBerkeley, makeHeader, makeNdb } from './testdata/make-database.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-rpm-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The header of package `pN`, of about this many bytes. */
function header(number: number, sizeBytes: number): Buffer {
  return makeHeader([
    [TAG.NAME, { string: `p${number}` }],
    [TAG.VERSION, { string: '1.0' }],
    [TAG.RELEASE, { string: `${number}.el9` }],
    [TAG.ARCH, { string: 'x86_64' }],
    [TAG.RSAHEADER, { bytes: Buffer.alloc(sizeBytes, number) }],
  ]);
}

let made = 0;
function makeSqlite(blobs: readonly Buffer[], setUp = ''): { database: Buffer; log?: Buffer } {
  made += 1;
  const path = join(folder, `${made}.sqlite`);
  const database = new DatabaseSync(path);
  database.exec(
    `pragma synchronous = off; ${setUp}; create table 'Packages' (hnum integer primary key autoincrement, blob blob not null)`,
  );
  if (setUp !== '') database.exec('pragma wal_checkpoint(passive)');
  for (const blob of blobs) database.prepare('insert into Packages (blob) values (?)').run(blob);
  const files = { database: readFileSync(path), ...(setUp === '' ? {} : { log: readFileSync(`${path}-wal`) }) };
  database.close();
  return files;
}

function read(database: Uint8Array, log?: Uint8Array) {
  const limits = new FactLimits();
  const { rows, gpgKeys } = parseDatabase(toBody(database), { log: log && toBody(log), limits });
  return { names: rows.map(row => `${row.name}-${row.release}`), gpgKeys, gaps: limits.gaps() };
}

const FORMATS = [
  { format: 'NDB', make: (blobs: Buffer[]) => makeNdb(blobs) },
  {
    format: 'Berkeley DB, little endian',
    make: (blobs: Buffer[]) => makeBerkeley(blobs, { pageBytes: 4096, isBigEndian: false }),
  },
  {
    format: 'Berkeley DB, big endian',
    make: (blobs: Buffer[]) => makeBerkeley(blobs, { pageBytes: 512, isBigEndian: true }),
  },
  {
    format: 'Berkeley DB before 4.6',
    make: (blobs: Buffer[]) => makeBerkeley(blobs, { pageBytes: 4096, isBigEndian: false, hashPageType: 2 }),
  },
  { format: 'SQLite', make: (blobs: Buffer[]) => makeSqlite(blobs).database },
] as const;

test.each(FORMATS)('every package of a database is found, however long its header: $format', ({ make }) => {
  const sizes = fc.array(fc.oneof(fc.nat(200), fc.nat(5000), fc.nat(60_000)), { maxLength: 30 });
  fc.assert(
    fc.property(sizes, list => {
      const found = read(make(list.map((sizeBytes, at) => header(at, sizeBytes))));
      expect(found.names.toSorted()).toEqual(list.map((_, at) => `p${at}-${at}.el9`).toSorted());
      expect(found.gaps).toEqual([]);
    }),
    { numRuns: 15 },
  );
});

test('packages committed to the write-ahead log alone are found', () => {
  const { database, log } = makeSqlite(
    [header(1, 10), header(2, 9000)],
    'pragma journal_mode = wal; pragma wal_autocheckpoint = 0',
  );
  expect(read(database).names).toEqual([]);
  expect(read(database, log)).toEqual({ names: ['p1-1.el9', 'p2-2.el9'], gpgKeys: [], gaps: [] });
});

test('empty slots of NDB are removed packages, and the slots may take several pages', () => {
  const blobs = Array.from({ length: 600 }, (_, at) => (at % 3 === 0 ? null : header(at, 20)));
  expect(read(makeNdb(blobs))).toMatchObject({ names: { length: 400 }, gaps: [] });
});

test('imported keys are listed, as rpm lists them, and their ids are kept', () => {
  const key = makeHeader([
    [TAG.NAME, { string: 'gpg-pubkey' }],
    [TAG.VERSION, { string: '3abb34f8' }],
    [TAG.RELEASE, { string: '5ffd890e' }],
  ]);
  expect(read(makeNdb([key, header(1, 0)]))).toEqual({
    names: ['gpg-pubkey-5ffd890e', 'p1-1.el9'],
    gpgKeys: ['3abb34f8'],
    gaps: [],
  });
});

test('one bad header is told and costs only itself', () => {
  const nameless = makeHeader([[TAG.VERSION, { string: '1' }]]);
  const found = read(makeNdb([Buffer.from('junk'), nameless, header(3, 0)]));
  expect(found.names).toEqual(['p3-3.el9']);
  expect(found.gaps).toEqual([
    '1 unreadable package header(s)',
    '1 package header(s) without name, version or release',
  ]);
});

test.each([
  { bytes: Buffer.alloc(0), message: /empty/, why: 'images are built with a database of no bytes' },
  { bytes: Buffer.from('not a database at all'), message: /no rpm database/, why: 'some other file' },
  { bytes: makeNdb([]).subarray(0, 20), message: /cut off/, why: 'NDB cut off' },
  {
    bytes: makeBerkeley([], { pageBytes: 512, isBigEndian: true }).subarray(0, 100),
    message: /cut off/,
    why: 'Berkeley DB cut off',
  },
])('a database that is hopeless says so: $why', ({ bytes, message }) => {
  expect(() => read(bytes)).toThrow(PlimsollError);
  expect(() => read(bytes)).toThrow(message);
});

test('a chain of overflow pages that comes back to itself ends', () => {
  const database = makeBerkeley([header(1, 3000), header(2, 10)], { pageBytes: 512, isBigEndian: false });
  // Page 2 is the first of the chain (page 1 holds the pairs); let every overflow page name it as the next one.
  for (let at = 512; at < database.length; at += 512) if (database[at + 25] === 7) database.writeUInt32LE(2, at + 16);
  expect(read(database)).toEqual({
    names: ['p2-2.el9'],
    gpgKeys: [],
    gaps: ['1 damaged database record(s); packages may be missing'],
  });
});

test('slots of NDB that all name one blob do not multiply the work', () => {
  const database = makeNdb([header(1, 60_000), ...Array.from({ length: 200 }, () => null)]);
  for (let at = 48; at < 4096; at += 16) database.copy(database, at, 32, 48);
  const { names, gaps } = read(database);
  expect(names).toEqual(['p1-1.el9']);
  expect(gaps).toEqual(['253 damaged database record(s); packages may be missing']);
});

test('a Berkeley DB cut off after some pages says so', () => {
  const database = makeBerkeley([header(1, 10), header(2, 3000)], { pageBytes: 512, isBigEndian: true });
  expect(read(database.subarray(0, 1024)).gaps[0]).toBe('1 database cut off; packages may be missing');
});

test.each(FORMATS)(
  'damage anywhere gives packages, gaps or a PlimsollError, never anything else: $format',
  ({ make }) => {
    const whole = make([1, 2, 3, 4, 5].map(number => header(number, number * 700)));
    const changes = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(changes, fc.nat(whole.length), fc.boolean(), (bytes, length, isCut) => {
        const damaged = Buffer.from(isCut ? whole.subarray(0, length) : whole);
        for (const [at, value] of bytes) if (at < damaged.length) damaged[at] = value;
        try {
          expect(read(damaged).names.length).toBeLessThanOrEqual(20);
        } catch (error) {
          if (!(error instanceof PlimsollError)) throw error;
        }
      }),
      { numRuns: 200 },
    );
  },
);
