import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { textWidth } from '#report/text-columns.ts';
import { openTaskProgress, taskLine } from './task-progress.ts';

test.each([
  { columns: 80, total: 51_200_000, line: 'osv npm  ████████░░░░░░░░      25.6 MB of 51.2 MB', why: 'all of it' },
  { columns: 38, total: 51_200_000, line: 'osv npm      25.6 MB of 51.2 MB', why: 'no room for the bar' },
  { columns: 80, total: undefined, line: 'osv npm                 25.6 MB', why: 'nobody knows how much there is' },
  { columns: 8, total: 51_200_000, line: 'osv npm', why: 'only the name' },
])('in $columns columns the line is "$line": $why', ({ columns, total, line }) => {
  expect(taskLine('osv npm', 25_600_000, total, columns)).toBe(line);
});

test('the line never reaches the last column, whatever is worked on', () => {
  const name = fc.string({ unit: 'binary', maxLength: 40 });
  fc.assert(
    fc.property(name, fc.nat(), fc.option(fc.nat(), { nil: undefined }), fc.integer({ min: 2, max: 200 }), (...all) => {
      const line = taskLine(...all);
      expect(textWidth(line)).toBeLessThan(all[3]);
      expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    }),
    { numRuns: 50 },
  );
});

test('on a terminal the line is gone at the end, elsewhere nothing is written', () => {
  const terminal = Object.assign(new PassThrough(), { isTTY: true, columns: 100 });
  {
    using progress = openTaskProgress(terminal, { isQuiet: false });
    progress.start('osv npm');
    progress.expect(4_000_000);
    progress.advance(1_000_000);
    progress.start('osv PyPI', 2_000_000);
    progress.advance(500_000);
  }
  const text = String(terminal.read());
  expect(stripVTControlCharacters(text)).toContain('500.0 kB of 2.0 MB');
  expect(text.endsWith('\u001b[2K')).toBe(true);
  const pipe = new PassThrough();
  using silent = openTaskProgress(pipe, { isQuiet: false });
  silent.start('osv npm');
  silent.advance(1);
  silent.end();
  expect(pipe.read()).toBeNull();
});
