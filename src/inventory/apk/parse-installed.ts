/**
 * The installed database of apk: records of `letter:value` lines, separated by empty lines.
 *
 * Order matters for files: `F:` sets the folder that the following `R:` names are in.
 */
import { isEvidencePath } from '../cataloguer.ts';

/** One installed package. */
export interface InstalledRow {
  readonly name: string;
  /** `upstream-rN`; for virtual packages a time stamp. */
  readonly version: string;
  readonly arch?: string;
  /** The aport it was built from; missing in virtual packages and some third-party ones. */
  readonly origin?: string;
  readonly license?: string;
  /** Owned files that may be evidence of other packages, without leading slash. */
  readonly paths: readonly string[];
}

const NEWLINE = 0x0a;
const COLON = 0x3a;
const FIELDS: Readonly<Record<string, 'name' | 'version' | 'arch' | 'origin' | 'license'>> = {
  P: 'name',
  V: 'version',
  A: 'arch',
  o: 'origin',
  L: 'license',
};

/** Reads the database. A record without name or version is left out and told in `gaps`; lines we do not know are skipped. */
export function parseInstalled(bytes: Buffer): { rows: InstalledRow[]; gaps: string[] } {
  const rows: InstalledRow[] = [];
  let broken = 0;
  let record: Partial<Record<(typeof FIELDS)[string], string>> = {};
  let paths: string[] = [];
  let folder = '';

  const endRecord = () => {
    const { name, version, arch, origin, license } = record;
    if (name && version) {
      rows.push({
        name,
        version,
        ...(arch && { arch }),
        ...(origin && { origin }),
        ...(license && { license }),
        paths,
      });
    } else if (Object.keys(record).length > 0 || paths.length > 0) {
      broken += 1;
    }
    record = {};
    paths = [];
    folder = '';
  };

  for (let start = 0; start <= bytes.length; ) {
    const found = bytes.indexOf(NEWLINE, start);
    const end = found === -1 ? bytes.length : found;
    if (end === start) {
      endRecord();
    } else if (bytes[start + 1] === COLON) {
      const letter = String.fromCharCode(bytes[start] ?? 0);
      const field = FIELDS[letter];
      if (field !== undefined) record[field] = bytes.toString('utf8', start + 2, end).trim();
      else if (letter === 'F') folder = bytes.toString('utf8', start + 2, end);
      else if (letter === 'R') {
        const name = bytes.toString('utf8', start + 2, end);
        const path = folder === '' ? name : `${folder}/${name}`;
        if (isEvidencePath(path)) paths.push(path);
      }
    }
    start = end + 1;
  }
  endRecord();
  return { rows, gaps: broken === 0 ? [] : [`${broken} record(s) without name or version`] };
}
