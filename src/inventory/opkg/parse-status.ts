/**
 * opkg's records: `status`, which lists what is installed, and `info/NAME.control`, which knows more of each package.
 *
 * Source: the opkg of OpenWrt and Yocto. The syntax is dpkg's; some states are opkg's own.
 */
import { eachStanza } from '../deb/parse-stanzas.ts';
import type { FactLimits } from '../fact-limits.ts';

/** One package whose files are there. */
export interface OpkgRow {
  readonly name: string;
  readonly version: string;
  readonly arch?: string | undefined;
  /** OpenWrt's `SourceName`; its `Source` is a folder of a source tree, Yocto's the name of a recipe file. */
  readonly sourceName?: string | undefined;
  readonly license?: string | undefined;
  readonly maintainer?: string | undefined;
}

const WANTED: ReadonlySet<string> = new Set([
  'package',
  'version',
  'architecture',
  'status',
  'sourcename',
  'license',
  'maintainer',
]);
const FILES_ARE_THERE: ReadonlySet<string> = new Set([
  'installed',
  'unpacked',
  'half-configured',
  'post-inst-failed',
  'removal-failed',
]);
const FILES_ARE_GONE: ReadonlySet<string> = new Set(['not-installed', 'config-files']);

/** Reads records of either file; a control file has no status, and counts. Records that cannot be used are told. */
export function parseStatus(bytes: Buffer, limits: FactLimits): OpkgRow[] {
  const rows: OpkgRow[] = [];
  eachStanza(bytes, WANTED, ({ fields, isDamaged, isCut }) => {
    const state = fields.get('status')?.split(/[ \t]+/)[2];
    if (fields.has('status') && !FILES_ARE_THERE.has(state ?? '')) {
      if (!FILES_ARE_GONE.has(state ?? '')) limits.lose('record(s) of unknown status');
      return;
    }
    const name = fields.get('package');
    const version = fields.get('version');
    if (isDamaged || !name || !version) {
      limits.lose(isDamaged ? 'record(s) that contradict themselves' : 'record(s) without name or version');
    } else if (limits.admitsPackage()) {
      if (isCut) limits.lose('last record cut off; its package may be wrong and others missing');
      rows.push({
        name,
        version,
        arch: fields.get('architecture'),
        sourceName: fields.get('sourcename'),
        license: fields.get('license'),
        maintainer: fields.get('maintainer'),
      });
    }
  });
  return rows;
}
