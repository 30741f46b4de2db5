/**
 * An rpm database of any format: the format is told by the first bytes, never by the file name, which says little.
 */
import { PlimsollError } from '#base/errors.ts';
import type { FactLimits } from '../fact-limits.ts';
import type { FileBody } from '../file-body.ts';
import { isSqlite } from '../sqlite/page-source.ts';
import { readRows } from '../sqlite/table.ts';
import { type RpmContent, RpmContentBuilder } from './content-files.ts';
import { readFileList } from './file-list.ts';
import { ownedFiles } from './owned-files.ts';
import type { RpmRow } from './package.ts';
import { isBerkeleyHash, readBerkeleyHash } from './parse-berkeley.ts';
import { type Header, parseHeader, TAG } from './parse-header.ts';
import { isNdb, readNdb } from './parse-ndb.ts';
import { signingKeyOf } from './signing-key.ts';

/** What an rpm database holds. */
export interface RpmDatabase {
  readonly rows: readonly RpmRow[];
  /** For each row the paths it owns, as `ownedFiles` gives them. */
  readonly paths: readonly (readonly string[])[];
  /** For each row what it vouches for. */
  readonly content: RpmContent;
  /** Ids of the imported keys, as `rpm -q gpg-pubkey` prints them in place of a version. */
  readonly gpgKeys: readonly string[];
}

/** Reads the database; `log` is SQLite's `-wal`. @throws {PlimsollError} `FILE_INVALID` when it is hopeless. */
export function parseDatabase(body: FileBody, options: { log: FileBody | undefined; limits: FactLimits }): RpmDatabase {
  const { log, limits } = options;
  const rows: RpmRow[] = [];
  const paths: string[][] = [];
  const gpgKeys: string[] = [];
  const content = new RpmContentBuilder(limits);
  for (const blob of readHeaders(body, log, limits)) {
    const header = openHeader(blob, limits);
    if (header === undefined) continue;
    const row = toRow(header);
    if (row === undefined) {
      limits.lose('package header(s) without name, version or release');
    } else if (limits.admitsPackage()) {
      // Imported keys are stored as packages, and rpm lists them as such.
      if (row.name === 'gpg-pubkey') gpgKeys.push(row.version);
      rows.push(row);
      const files = readFileList(header);
      paths.push(ownedFiles(header, files, limits));
      content.add(header, files);
    }
  }
  return { rows, paths, content: content.build(), gpgKeys };
}

function readHeaders(body: FileBody, log: FileBody | undefined, limits: FactLimits): Iterable<Buffer> {
  if (body.sizeBytes === 0) throw new PlimsollError('FILE_INVALID', 'The rpm database is empty');
  if (isSqlite(body)) return readSqlite(body, log, limits);
  if (isNdb(body)) return readNdb(body, limits);
  if (isBerkeleyHash(body)) return readBerkeleyHash(body, limits);
  throw new PlimsollError('FILE_INVALID', 'It is no rpm database: neither SQLite, nor NDB, nor a Berkeley DB hash');
}

/** Table `Packages` has two columns: the package's number, and its header. */
function* readSqlite(body: FileBody, log: FileBody | undefined, limits: FactLimits): Generator<Buffer> {
  for (const row of readRows(body, 'Packages', { log, lose: what => limits.lose(what) })) {
    const blob = row[1];
    if (Buffer.isBuffer(blob)) yield blob;
    else limits.lose('database row(s) without a package header');
  }
}

function openHeader(blob: Buffer, limits: FactLimits): Header | undefined {
  try {
    const header = parseHeader(blob);
    if (header.isDamaged) limits.lose('damaged package header(s); some of its facts may be missing');
    return header;
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error;
    limits.lose('unreadable package header(s)');
    return undefined;
  }
}

function toRow(header: Header): RpmRow | undefined {
  const name = header.string(TAG.NAME);
  const version = header.string(TAG.VERSION);
  const release = header.string(TAG.RELEASE);
  if (!name || !version || !release) return undefined;
  return {
    name,
    version,
    release,
    epoch: header.numbers(TAG.EPOCH)?.at(0),
    arch: header.string(TAG.ARCH),
    sourceRpm: header.string(TAG.SOURCERPM),
    vendor: header.string(TAG.VENDOR),
    license: header.string(TAG.LICENSE),
    moduleLabel: header.string(TAG.MODULARITYLABEL),
    signingKey: signingKeyOf(header),
  };
}
