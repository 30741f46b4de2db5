/** What an import or update did, for people: a line for each file or source, and what was left out. */
import { printable } from '#base/text.ts';
import { padText, textWidth } from '#report/text-columns.ts';
import type { Imported } from '#vulndb/import/import-context.ts';

/** Reasons are sentences of ours; more than these are only counted. */
const MAX_REASONS = 3;
const MAX_PARTS = 3;

/** The lines, in the order of the imports; empty for none. */
export function summaryLines(imported: readonly Imported[]): readonly string[] {
  const rows = imported.map(({ path, parts, counts }) => ({
    part: parts.length === 0 ? printable(path) : listed(parts, MAX_PARTS, ', '),
    kept: counts.kept.toLocaleString('en'),
    rest: restOf(counts),
  }));
  const partWidth = Math.max(0, ...rows.map(({ part }) => textWidth(part)));
  const keptWidth = Math.max(0, ...rows.map(({ kept }) => kept.length));
  return rows.map(({ part, kept, rest }) => `${padText(part, partWidth)}  ${kept.padStart(keptWidth)} kept${rest}`);
}

function restOf({ read, kept, skipped, lost }: Imported['counts']): string {
  const reasons = (counts: Readonly<Record<string, number>>) =>
    listed(
      Object.entries(counts)
        .sort(([, a], [, b]) => b - a)
        .map(([reason, count]) => `${count.toLocaleString('en')} × ${printable(reason)}`),
      MAX_REASONS,
      '; ',
    );
  const left = read === kept ? '' : `, ${(read - kept).toLocaleString('en')} skipped (${reasons(skipped)})`;
  const parts = Object.keys(lost).length === 0 ? '' : `, lost: ${reasons(lost)}`;
  return `${left}${parts}`;
}

function listed(texts: readonly string[], limit: number, separator: string): string {
  const rest = texts.length - limit;
  return rest > 0 ? `${texts.slice(0, limit).join(separator)} and ${rest} more` : texts.join(separator);
}
