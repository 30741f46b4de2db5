/**
 * Rows of text in columns of a terminal, cut so that they fit.
 */
import { cutText, padText, textWidth } from './text-columns.ts';

/** A column. One with a `minimum` is cut when the terminal is narrow, to no less than that if possible. */
export interface GridColumn<T> {
  readonly title: string;
  /** Free of control characters. */
  readonly cell: (row: T) => string;
  readonly minimum?: number;
  /** No wider than this, however wide the terminal. */
  readonly maximum?: number;
  readonly cut?: 'end' | 'middle';
  readonly align?: 'right';
  /** Adds what takes no room, colours or links, to the text as it is shown. */
  readonly decorate?: (shown: string, row: T) => string;
}

/** The lines of a grid. */
export interface Grid {
  readonly head: string;
  /** One for each row, in their order. */
  readonly lines: readonly string[];
}

const SPACE = 2;

/** Lays `rows` out in at most `width` columns. A column in which nothing is said is left out. */
export function layOut<T>(columns: readonly GridColumn<T>[], rows: readonly T[], width: number): Grid {
  const grid = columns
    .map(column => ({ column, cells: rows.map(column.cell) }))
    .filter(({ cells }) => cells.some(cell => cell !== ''))
    .map(({ column, cells }) => {
      const wanted = [column.title, ...cells].reduce((widest, text) => Math.max(widest, textWidth(text)), 0);
      return { column, cells, width: Math.min(wanted, column.maximum ?? wanted) };
    });
  shrink(grid, width);
  const line = (texts: readonly string[], row?: T) =>
    grid
      .map(({ column, width: columnWidth }, at) => {
        const shown = cutText(texts[at] ?? '', columnWidth, column.cut);
        const blank = padText(shown, columnWidth).slice(shown.length);
        const decorated = row === undefined || shown === '' ? shown : (column.decorate?.(shown, row) ?? shown);
        return column.align === 'right' ? blank + decorated : decorated + blank;
      })
      .join(' '.repeat(SPACE))
      .trimEnd();
  return {
    head: line(grid.map(({ column }) => column.title)),
    lines: rows.map((row, at) =>
      line(
        grid.map(({ cells }) => cells[at] ?? ''),
        row,
      ),
    ),
  };
}

/** Takes columns from the widest column that may be cut until the grid fits; on a very narrow terminal below the minimum too. */
function shrink<T>(grid: { readonly column: GridColumn<T>; width: number }[], width: number): void {
  let excess = grid.reduce((sum, one) => sum + one.width + SPACE, -SPACE) - width;
  for (const share of [1, 0.3]) {
    while (excess > 0) {
      const [widest] = grid
        .filter(one => one.column.minimum !== undefined && one.width > one.column.minimum * share)
        .sort((a, b) => b.width - a.width);
      if (widest === undefined) break;
      widest.width -= 1;
      excess -= 1;
    }
  }
}
