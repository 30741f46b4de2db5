/**
 * Composer's record of what it installed: `vendor/composer/installed.json`.
 *
 * Composer 2 writes an object with `packages` and `dev-package-names`, Composer 1 wrote the bare list. The root project is not in it.
 */
import { PlimsollError } from '#base/errors.ts';
import { declaredText } from '../declared.ts';
import { asList, asRecord, isRecord } from '../json-file.ts';

/** One installed package. */
export interface InstalledRow {
  /** `vendor/name`. */
  readonly name: string;
  /** As the tag is written: `v5.4.1`, `dev-main`. */
  readonly version: string;
  readonly licenses: readonly unknown[];
  /** The commit it was taken from; what identifies a branch such as `dev-main`. */
  readonly reference?: string;
  /** Whether only development needs it. */
  readonly isDev: boolean;
}

/** Reads the record; packages without name or version are told in `gaps`. @throws {PlimsollError} `FILE_INVALID` when it is none. */
export function parseInstalled(json: unknown): { rows: InstalledRow[]; gaps: string[] } {
  const packages = Array.isArray(json) ? json : asRecord(json)['packages'];
  if (!Array.isArray(packages)) throw new PlimsollError('FILE_INVALID', 'It is no record of Composer: no packages');
  const devNames = new Set(asList(asRecord(json)['dev-package-names']));
  const rows: InstalledRow[] = [];
  for (const one of packages.filter(isRecord)) {
    const name = declaredText(one['name']);
    const version = declaredText(one['version']);
    if (name === undefined || version === undefined) continue;
    const reference = declaredText(asRecord(one['dist'])['reference'] ?? asRecord(one['source'])['reference']);
    const license = one['license'];
    rows.push({
      name,
      version,
      licenses: typeof license === 'string' ? [license] : asList(license),
      ...(reference !== undefined && { reference }),
      isDev: devNames.has(one['name']),
    });
  }
  const broken = packages.length - rows.length;
  return { rows, gaps: broken === 0 ? [] : [`${broken} package(s) without name or version`] };
}
