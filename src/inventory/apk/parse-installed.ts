/**
 * The installed database of apk: records of `letter:value` lines, separated by empty lines.
 *
 * Order matters for files: `F:` sets the folder that the following `R:` names are in.
 */
import type { FactLimits } from '../fact-limits.ts';
import { eachLine } from '../text-lines.ts';

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

const COLON = 0x3a;
const LETTER_F = 0x46;
const LETTER_R = 0x52;
/** Lists of dependencies are megabytes long; what is kept here is not. */
const MAX_VALUE_BYTES = 4096;
const FIELDS: ReadonlyMap<number, Field> = new Map(
  Object.entries({ P: 'name', V: 'version', A: 'arch', o: 'origin', L: 'license' } as const).map(
    ([letter, field]) => [letter.charCodeAt(0), field] as const,
  ),
);

type Field = 'name' | 'version' | 'arch' | 'origin' | 'license';

/** Reads the database. Records that cannot be used are left out and told; lines we do not know are skipped. */
export function parseInstalled(bytes: Buffer, limits: FactLimits): InstalledRow[] {
  const rows: InstalledRow[] = [];
  let record: Partial<Record<Field, string>> = {};
  let paths: string[] = [];
  let folder = '';
  let isEmpty = true;
  let isDamaged = false;

  const endRecord = () => {
    const { name, version } = record;
    if (isDamaged || !name || !version) {
      if (!isEmpty) {
        limits.lose(isDamaged ? 'record(s) that contradict themselves' : 'record(s) without name or version');
      }
    } else if (limits.admitsPackage()) {
      rows.push({ ...record, name, version, paths });
    }
    record = {};
    paths = [];
    folder = '';
    isEmpty = true;
    isDamaged = false;
  };

  eachLine(bytes, (start, end, isLastAndCut) => {
    if (isLastAndCut) limits.lose('last record cut off; its package may be wrong and others missing');
    if (start === end) {
      endRecord();
      return;
    }
    isEmpty = false;
    if (bytes[start + 1] !== COLON || end < start + 2) return;
    const letter = bytes[start] ?? 0;
    const field = FIELDS.get(letter);
    const isLong = end - start - 2 > MAX_VALUE_BYTES;
    const value = isLong || (field === undefined && letter !== LETTER_F && letter !== LETTER_R) ? '' : text(start, end);
    if (field !== undefined) {
      isDamaged ||= isLong || (record[field] !== undefined && record[field] !== value);
      if (value !== '') record[field] = value;
    } else if (letter === LETTER_F) {
      folder = value;
    } else if (letter === LETTER_R) {
      const path = folder === '' ? value : `${folder}/${value}`;
      if (value !== '' && limits.admitsPath(path)) paths.push(path);
    }
  });
  endRecord();
  return rows;

  function text(start: number, end: number): string {
    return bytes.toString('utf8', start + 2, end).trim();
  }
}
