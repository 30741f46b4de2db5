import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import type { ReportOptions } from './report-options.ts';
import { renderTable } from './table.ts';
import { NOTHING, ORDINARY, UNKIND } from './testdata/sample-inventory.ts';
import { textWidth } from './text-columns.ts';

const options = (more: Partial<ReportOptions> = {}): ReportOptions => ({
  createdAt: new Date('2025-07-01T00:00:00Z'),
  toolVersion: '1.2.3',
  ...more,
});

test.each([60, 80, 100, 132])('the table fits a terminal of %i columns', columns => {
  for (const inventory of [ORDINARY, UNKIND, NOTHING]) {
    const lines = renderTable(inventory, options({ columns })).split('\n');
    // Reference and digest are for copying and never cut.
    const cut = lines.slice(1).filter(line => !line.startsWith('Digest'));
    expect(Math.max(...cut.map(textWidth))).toBeLessThanOrEqual(columns);
  }
});

test('nothing is cut when the width is not known, as in a pipe', () => {
  const text = renderTable(ORDINARY, options());
  expect(renderTable(ORDINARY, options({ columns: 0 }))).toBe(text);
  expect(text).toContain('github.com/Azure/azure-sdk-for-go/sdk/internal/exported/temporal');
  expect(text).not.toContain('…');
});

test('colours come only when asked for, and change nothing else', () => {
  const plain = renderTable(ORDINARY, options({ columns: 80 }));
  const colored = renderTable(ORDINARY, options({ columns: 80, hasColors: true }));
  expect(plain).not.toContain('\u001b');
  expect(colored).toContain('\u001b[1m');
  expect(stripVTControlCharacters(colored)).toBe(plain);
});

test.each([
  { today: '2025-07-01', line: 'Support  until 2026-06-10', why: 'far away' },
  { today: '2026-01-01', line: 'Support  end of life soon, on 2026-06-10', why: 'within half a year' },
  { today: '2026-06-10', line: 'Support  end of life soon, on 2026-06-10', why: 'the last day counts' },
  {
    today: '2026-06-11',
    line: 'Support  END OF LIFE since 2026-06-10: security fixes are no longer to be expected',
    why: 'over',
  },
])('on $today the table says "$line": $why', ({ today, line }) => {
  expect(renderTable(ORDINARY, options({ createdAt: new Date(today) }))).toContain(`\n${line}\n`);
});

test('an end of life nobody knows is not taken for support', () => {
  const { endOfLife: _, ...distro } = UNKIND.distro ?? { id: 'x', idLike: [], name: 'x' };
  expect(renderTable({ ...ORDINARY, distro }, options())).toContain('\nSupport  end of life not known\n');
});

test('an image without a distribution and packages says so', () => {
  expect(renderTable(NOTHING, options())).toBe(
    'dir:/srv/rootfs\nDistro   unknown: no file of the image names one\nPackages none found\n\nNo packages found.\n',
  );
});

test('gaps beyond fifty are counted, not dropped', () => {
  expect(renderTable(UNKIND, options())).toContain('NOT READ: 62 parts of the image');
  expect(renderTable(UNKIND, options())).toContain('… and 12 more');
});
