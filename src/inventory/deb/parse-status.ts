/**
 * dpkg's database of packages: `status`, and the single records that distroless images keep in `status.d` instead.
 */
import type { FactLimits } from '../fact-limits.ts';
import { eachStanza, type Stanza } from './parse-stanzas.ts';

/** One package whose files are there. */
export interface StatusRow {
  readonly name: string;
  /** `[epoch:]upstream[-revision]`. */
  readonly version: string;
  readonly arch?: string | undefined;
  /** As written: `name` or `name (version)`; missing when it is named as the package. */
  readonly source?: string | undefined;
  readonly maintainer?: string | undefined;
}

const NEWLINE = 0x0a;
const IDENTITY = ['package', 'version', 'architecture', 'status', 'source', 'maintainer'];
/** Fields of vcpkg, whose `status` files look like dpkg's and list C++ libraries. */
const VCPKG = ['port-version', 'default-features', 'feature'];
const WANTED: ReadonlySet<string> = new Set([...IDENTITY, ...VCPKG]);

/**
 * States in which dpkg has unpacked a package's files, the third word of `Status`: dpkg(1), "Package states". A record without `Status`
 * counts as well: distroless images and image builders write it so, dpkg itself never does.
 */
const FILES_ARE_THERE: ReadonlySet<string> = new Set([
  'installed',
  'unpacked',
  'half-configured',
  'triggers-awaited',
  'triggers-pending',
]);

/**
 * Reads the records; `undefined` when they are vcpkg's. Records that cannot be used are told, and whether the file was cut off:
 * a database anywhere in a line, a single record (`isDatabase: false`) only within a field that is read.
 */
export function parseStatus(bytes: Buffer, limits: FactLimits, { isDatabase = true } = {}): StatusRow[] | undefined {
  const rows: StatusRow[] = [];
  let records = 0;
  let vcpkg = 0;
  let isCutOff = isDatabase && bytes.length > 0 && bytes.at(-1) !== NEWLINE;
  eachStanza(bytes, WANTED, stanza => {
    records += 1;
    isCutOff ||= stanza.isCut;
    if (VCPKG.some(field => stanza.fields.has(field))) {
      vcpkg += 1;
      return;
    }
    const row = toRow(stanza, limits);
    if (row !== undefined && limits.admitsPackage()) rows.push(row);
  });
  if (isCutOff) limits.lose('last record cut off; its package may be wrong and others missing');
  if (records === 0 && bytes.toString('latin1', 0, 4096).trim() !== '') limits.lose('file without any package record');
  return vcpkg > 0 && rows.length === 0 ? undefined : rows;
}

function toRow({ fields, isDamaged }: Stanza, limits: FactLimits): StatusRow | undefined {
  const state = fields.get('status')?.split(/[ \t]+/)[2];
  if (fields.has('status') && !FILES_ARE_THERE.has(state ?? '')) {
    if (state === 'half-installed') limits.lose('package(s) left half-installed, whose files may be there');
    else if (state !== 'not-installed' && state !== 'config-files') limits.lose('record(s) of unknown status');
    return undefined;
  }
  const name = fields.get('package');
  const version = fields.get('version');
  if (isDamaged || !name || !version) {
    limits.lose(isDamaged ? 'record(s) that contradict themselves' : 'record(s) without name or version');
    return undefined;
  }
  return {
    name,
    version,
    arch: fields.get('architecture'),
    source: fields.get('source'),
    maintainer: fields.get('maintainer'),
  };
}
