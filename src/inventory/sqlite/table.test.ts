import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { toBody } from '../file-body.ts';
import { readRows } from './table.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-sqlite-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let made = 0;

/** The files of a database that SQLite itself wrote; `fill` runs in it, and its log is read before it is closed. */
function make(fill: (database: DatabaseSync) => void): { database: Buffer; log: Buffer | undefined } {
  made += 1;
  const path = join(folder, `${made}.sqlite`);
  const database = new DatabaseSync(path);
  fill(database);
  let log: Buffer | undefined;
  try {
    log = readFileSync(`${path}-wal`);
  } catch {}
  const bytes = readFileSync(path);
  database.close();
  return { database: bytes, log };
}

function read(database: Uint8Array, log?: Uint8Array, table = 't') {
  const losses: string[] = [];
  const options = { log: log && toBody(log), lose: (what: string) => void losses.push(what) };
  return { rows: Array.from(readRows(toBody(database), table, options)), losses };
}

test('rows read are the rows written, whatever the page size and however long they are', () => {
  const sizes = fc.oneof(fc.nat(60), fc.nat(600), fc.nat(9000), fc.nat(200_000));
  const cases = fc.record({
    pageSize: fc.constantFrom(512, 1024, 4096, 65536),
    rows: fc.array(fc.record({ sizeBytes: sizes, text: fc.string({ maxLength: 40 }) }), { maxLength: 60 }),
  });
  fc.assert(
    fc.property(cases, ({ pageSize, rows }) => {
      const { database } = make(one => {
        one.exec(
          `pragma page_size = ${pageSize}; pragma synchronous = off; create table t (id integer primary key, b, x)`,
        );
        const insert = one.prepare('insert into t (b, x) values (?, ?)');
        one.exec('begin');
        for (const [at, row] of rows.entries()) insert.run(Buffer.alloc(row.sizeBytes, at + 1), row.text);
        one.exec('commit');
      });
      const found = read(database);
      expect(found.losses).toEqual([]);
      expect(found.rows.map(row => row[2])).toEqual(rows.map(row => row.text));
      for (const [at, row] of rows.entries()) {
        const blob = found.rows[at]?.[1];
        expect(blob instanceof Buffer && blob.equals(Buffer.alloc(row.sizeBytes, at + 1))).toBe(true);
      }
    }),
    { numRuns: 25 },
  );
});

test.each([
  { sql: '0', value: 0, why: 'constants take no bytes' },
  { sql: '1', value: 1, why: 'constants take no bytes' },
  { sql: '-3', value: -3, why: 'one byte' },
  { sql: '-300', value: -300, why: 'two bytes' },
  { sql: '70000', value: 70000, why: 'three bytes' },
  { sql: '2000000000', value: 2000000000, why: 'four bytes' },
  { sql: '-140737488355328', value: -140737488355328, why: 'six bytes' },
  { sql: '9007199254740991', value: 9007199254740991, why: 'eight bytes' },
  { sql: '0.5', value: 0.5, why: 'a float' },
  { sql: 'null', value: null, why: 'nothing' },
  { sql: "'é€'", value: 'é€', why: 'text' },
  { sql: "x'00ff'", value: Buffer.from([0, 255]), why: 'bytes' },
])('the value $sql is read as stored: $why', ({ sql, value }) => {
  for (const encoding of ['UTF-8', 'UTF-16le', 'UTF-16be']) {
    const { database } = make(one =>
      one.exec(`pragma encoding = '${encoding}'; create table t (v); insert into t values (${sql})`),
    );
    expect(read(database).rows).toEqual([[value]]);
  }
});

test('rows that only the write-ahead log holds are read, and older pages give way to newer ones', () => {
  const { database, log } = make(one => {
    one.exec('pragma journal_mode = wal; pragma wal_autocheckpoint = 0; create table t (v)');
    one.exec("insert into t values ('a'), ('b')");
    one.exec('pragma wal_checkpoint(passive)');
    one.exec("update t set v = 'A' where v = 'a'; insert into t values ('c')");
  });
  expect(read(database).rows).toEqual([['a'], ['b']]);
  expect(read(database, log).rows).toEqual([['A'], ['b'], ['c']]);
});

test('what a transaction wrote to the log without committing is not read', () => {
  const { database, log } = make(one => {
    one.exec('pragma journal_mode = wal; pragma wal_autocheckpoint = 0; pragma cache_size = 1; create table t (v)');
    one.exec("insert into t values ('kept')");
    one.exec('begin');
    for (let row = 0; row < 200; row += 1) one.exec('insert into t values (zeroblob(3000))');
  });
  expect(log?.length).toBeGreaterThan(300_000);
  expect(read(database, log).rows).toEqual([['kept']]);
});

test('a log is trusted as far as its checksums go', () => {
  const { database, log = Buffer.alloc(0) } = make(one => {
    one.exec('pragma journal_mode = wal; pragma wal_autocheckpoint = 0; create table t (v)');
    one.exec("insert into t values ('first')");
    one.exec("insert into t values ('second')");
  });
  const damaged = Buffer.from(log);
  damaged[log.length - 1] = (log.at(-1) ?? 0) ^ 1;
  expect(read(database, damaged).rows).toEqual([['first']]);
  expect(() => read(database, log.subarray(0, 20))).toThrow(/no table/);
});

test.each([
  { bytes: Buffer.from('hello'), error: /no SQLite database/, why: 'another file' },
  { bytes: Buffer.from('SQLite format 3\0'), error: /cut off/, why: 'only its first bytes' },
  { bytes: Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(90)]), error: /page size/, why: 'zeros' },
])('a file that is hopeless says so: $why', ({ bytes, error }) => {
  expect(() => read(bytes)).toThrow(error);
  expect(() => read(bytes)).toThrow(PlimsollError);
});

test('a chain of pages that comes back to itself ends, and the loss is told', () => {
  const { database } = make(one => {
    one.exec('pragma page_size = 512; create table t (v); insert into t values (zeroblob(5000))');
  });
  const looped = Buffer.from(database);
  // Page 2 is the table's only leaf; its one cell ends in the number of the first overflow page, made to point back at page 3.
  for (let page = 3; page * 512 <= looped.length; page += 1) looped.writeUInt32BE(3, (page - 1) * 512);
  expect(read(looped)).toEqual({ rows: [], losses: ['damaged database row(s); packages may be missing'] });
});

test('damage anywhere gives rows, losses or a PlimsollError, never anything else', () => {
  const whole = make(one => {
    one.exec('pragma page_size = 512; create table t (id integer primary key, b)');
    for (let row = 0; row < 40; row += 1) one.prepare('insert into t (b) values (?)').run(Buffer.alloc(row * 50, row));
  }).database;
  const changes = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(changes, fc.nat(whole.length), fc.boolean(), (bytes, length, isCut) => {
      const damaged = Buffer.from(isCut ? whole.subarray(0, length) : whole);
      for (const [at, value] of bytes) if (at < damaged.length) damaged[at] = value;
      try {
        expect(read(damaged).rows.length).toBeLessThanOrEqual(400);
      } catch (error) {
        if (!(error instanceof PlimsollError)) throw error;
      }
    }),
    { numRuns: 300 },
  );
});
