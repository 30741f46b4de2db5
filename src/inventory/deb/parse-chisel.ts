/**
 * The manifest of an Ubuntu image cut with Chisel, which has no dpkg database: JSON lines compressed with zstd.
 *
 * The first line is a header with the count of all lines; the kinds read here are `package` and `path`. A path names the slices that
 * brought it, and a slice is named `PACKAGE_SLICE`. Nothing in it names source packages.
 *
 * Source: canonical/chisel, internal/jsonwall and internal/manifest, schema 1.0.
 */
import { zstdDecompressSync } from 'node:zlib';
import { PlimsollError } from '#base/errors.ts';
import { declaredText } from '../declared.ts';
import type { FactLimits } from '../fact-limits.ts';
import { asList, asRecord, type JsonRecord } from '../json-file.ts';
import type { FoundPackage } from '../package.ts';
import { eachLine } from '../text-lines.ts';

/** What a manifest says. */
export interface ChiselManifest {
  readonly packages: readonly FoundPackage[];
  /** For each package the paths it owns, where they may be evidence of other packages. */
  readonly paths: readonly (readonly string[])[];
}

const MAX_INFLATED_BYTES = 64 * 1024 * 1024;
const MAX_LINE_BYTES = 64 * 1024;
const ZSTD_MAGIC = 0xfd2fb528;
/** Every line states its kind first, so the other kinds need not be parsed. */
const KINDS = ['{"kind":"package"', '{"kind":"path"'].map(text => Buffer.from(text));

/** Slices that may share a path; more is a game. */
const MAX_SLICES = 1000;

/** Whether a file begins as zstd does. */
export function isZstd(bytes: Buffer): boolean {
  return bytes.length >= 4 && bytes.readUInt32LE(0) === ZSTD_MAGIC;
}

/** Reads the manifest. @throws {PlimsollError} `FILE_INVALID`, `LIMIT_EXCEEDED`. */
export function parseChisel(bytes: Buffer, limits: FactLimits): ChiselManifest {
  const text = inflate(bytes);
  const packages: FoundPackage[] = [];
  const paths: string[][] = [];
  const indexOf = new Map<string, number>();
  const owners: { path: string; slices: readonly string[] }[] = [];
  let lines = 0;
  let count: number | undefined;
  eachLine(text, (start, end) => {
    lines += 1;
    if (lines === 1) {
      count = countOf(asRecord(parseLine(text, start, end)));
      return;
    }
    const kind = KINDS.findIndex(prefix => text.subarray(start, Math.min(end, start + prefix.length)).equals(prefix));
    if (kind === -1) return;
    const value = asRecord(parseLine(text, start, end));
    const found = kind === 0 ? toPackage(value) : undefined;
    const owned = kind === 1 ? toOwned(value) : undefined;
    if (found !== undefined) {
      if (!limits.admitsPackage()) return;
      indexOf.set(found.name, packages.length);
      packages.push(found);
      paths.push([]);
    } else if (owned === undefined) {
      limits.lose('line(s) that cannot be read');
    } else if (!owned.isLink && !owned.path.endsWith('/')) {
      owners.push(owned);
    }
  });
  if (count === undefined)
    throw new PlimsollError('FILE_INVALID', 'It is no Chisel manifest: its first line is no jsonwall header');
  if (count !== lines) limits.lose('manifest with more or fewer lines than it says; packages may be missing');

  // Paths come after the packages they belong to, but nothing says that they must.
  for (const { path, slices } of owners) {
    const relative = path.startsWith('/') ? path.slice(1) : path;
    for (const name of new Set(slices.map(slice => slice.slice(0, slice.indexOf('_'))))) {
      const index = indexOf.get(name);
      if (index !== undefined && limits.admitsPath(relative)) paths[index]?.push(relative);
    }
  }
  return { packages, paths };
}

/** The count of lines that a header of schema 1 announces. */
function countOf(header: JsonRecord): number | undefined {
  const { jsonwall, count } = header;
  const isHeader = typeof jsonwall === 'string' && jsonwall.startsWith('1.');
  return isHeader && typeof count === 'number' && Number.isSafeInteger(count) ? count : undefined;
}

function toPackage(line: JsonRecord): FoundPackage | undefined {
  const name = declaredText(line['name']);
  const version = declaredText(line['version']);
  const arch = declaredText(line['arch']);
  if (name === undefined || version === undefined) return undefined;
  return { type: 'deb', name, version, ...(arch === undefined ? {} : { arch }) };
}

function toOwned(line: JsonRecord): { path: string; slices: readonly string[]; isLink: boolean } | undefined {
  const { path, link } = line;
  const slices = asList(line['slices']).filter(slice => typeof slice === 'string');
  if (typeof path !== 'string' || !Array.isArray(line['slices']) || slices.length > MAX_SLICES) return undefined;
  return { path, slices, isLink: typeof link === 'string' };
}

function inflate(bytes: Buffer): Buffer {
  try {
    return zstdDecompressSync(bytes, { maxOutputLength: MAX_INFLATED_BYTES });
  } catch (cause) {
    const isTooLarge = cause instanceof RangeError;
    throw isTooLarge
      ? new PlimsollError('LIMIT_EXCEEDED', `It inflates to more than ${MAX_INFLATED_BYTES} bytes`, { cause })
      : new PlimsollError('FILE_INVALID', 'Its zstd stream is damaged', { cause });
  }
}

function parseLine(text: Buffer, start: number, end: number): unknown {
  if (end - start > MAX_LINE_BYTES) return undefined;
  try {
    return JSON.parse(text.toString('utf8', start, end));
  } catch {
    return undefined;
  }
}
