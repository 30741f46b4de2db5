/**
 * The manifest of an Ubuntu image cut with Chisel, which has no dpkg database: JSON lines compressed with zstd.
 *
 * The first line is a header with the count of all lines; the kinds read here are `package` and `path`. A path names the slices that
 * brought it, and a slice is named `PACKAGE_SLICE`. Nothing in it names source packages.
 *
 * Source: canonical/chisel, internal/jsonwall and internal/manifest, schema 1.0.
 */
import { zstdDecompressSync } from 'node:zlib';
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import type { FactLimits } from '../fact-limits.ts';
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

const headerLine = z.object({ jsonwall: z.string().startsWith('1.'), count: z.int() });
const packageLine = z.object({ name: z.string().min(1), version: z.string().min(1), arch: z.string().optional() });
const pathLine = z.object({ path: z.string(), slices: z.array(z.string()).max(1000), link: z.string().optional() });

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
      count = headerLine.safeParse(parseLine(text, start, end)).data?.count;
      return;
    }
    const kind = KINDS.findIndex(prefix => text.subarray(start, Math.min(end, start + prefix.length)).equals(prefix));
    if (kind === -1) return;
    const value = parseLine(text, start, end);
    const found = kind === 0 ? packageLine.safeParse(value).data : undefined;
    const owned = kind === 1 ? pathLine.safeParse(value).data : undefined;
    if (found !== undefined) {
      const { name, version, arch } = found;
      if (!limits.admitsPackage()) return;
      indexOf.set(name, packages.length);
      packages.push({ type: 'deb', name, version, ...(arch ? { arch } : {}) });
      paths.push([]);
    } else if (owned === undefined) {
      limits.lose('line(s) that cannot be read');
    } else if (owned.link === undefined && !owned.path.endsWith('/')) {
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
