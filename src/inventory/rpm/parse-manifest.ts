/**
 * The package list of Azure Linux and CBL-Mariner distroless images, which have no rpm database: one line a package, ten columns
 * separated by tabs.
 *
 * Columns: name, version-release, install time, build time, vendor, epoch or `(none)`, size, architecture, epoch as a number, source rpm.
 */
import type { FactLimits } from '../fact-limits.ts';
import { eachLine } from '../text-lines.ts';
import type { RpmRow } from './package.ts';

const NONE = '(none)';
const MAX_LINE_BYTES = 16_384;

/** Reads the list; a line that is none is left out and told. */
export function parseManifest(bytes: Buffer, limits: FactLimits): RpmRow[] {
  const rows: RpmRow[] = [];
  eachLine(bytes, (start, end) => {
    if (start === end) return;
    const row = end - start > MAX_LINE_BYTES ? undefined : toRow(bytes.toString('utf8', start, end).split('\t'));
    if (row === undefined) limits.lose('line(s) that are no package');
    else if (limits.admitsPackage()) rows.push(row);
  });
  return rows;
}

function toRow(columns: readonly string[]): RpmRow | undefined {
  const [name, versionRelease = '', , , vendor, epoch, , arch, , sourceRpm] = columns.map(known);
  const hyphen = versionRelease.lastIndexOf('-');
  if (!name || hyphen <= 0 || hyphen === versionRelease.length - 1) return undefined;
  const hasEpoch = epoch !== undefined && /^\d{1,10}$/.test(epoch);
  return {
    name,
    version: versionRelease.slice(0, hyphen),
    release: versionRelease.slice(hyphen + 1),
    epoch: hasEpoch ? Number(epoch) : undefined,
    vendor,
    arch,
    sourceRpm,
  };
}

function known(value: string): string | undefined {
  return value === NONE || value === '' ? undefined : value;
}
