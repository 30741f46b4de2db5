import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { textWidth } from '#report/text-columns.ts';
import { openProgress, silentProgress } from './progress.ts';
import { type ProgressState, progressLine } from './progress-line.ts';

const STATE: ProgressState = {
  name: 'docker.io/library/debian:12',
  layersDone: 2,
  layerCount: 5,
  doneBytes: 25_600_000,
  totalBytes: 51_200_000,
  elapsedMs: 2000,
};

/** A stream that remembers what was written to it. */
function terminal(shape: { isTTY?: boolean; columns?: number }) {
  const stream = Object.assign(new PassThrough(), shape);
  return { stream, written: () => String(stream.read() ?? '') };
}

test.each([
  {
    columns: 100,
    line: 'docker.io/library/debian:12  ████████░░░░░░░░      25.6 MB of 51.2 MB    12.8 MB/s  2/5 layers',
    why: 'all of it',
  },
  {
    columns: 80,
    line: 'docker…an:12  ████████░░░░░░░░      25.6 MB of 51.2 MB    12.8 MB/s  2/5 layers',
    why: 'the name is cut',
  },
  {
    columns: 70,
    line: 'docker.io/…debian:12      25.6 MB of 51.2 MB    12.8 MB/s  2/5 layers',
    why: 'no room for the bar',
  },
  { columns: 30, line: 'docker.i…ebian:12  2/5 layers', why: 'hardly room for anything' },
  { columns: 10, line: 'dock…n:12', why: 'only the name' },
])('in $columns columns the line is "$line": $why', ({ columns, line }) => {
  expect(progressLine(STATE, columns)).toBe(line);
});

test('nothing is divided by zero and no speed is made up at the start', () => {
  const line = progressLine({ ...STATE, doneBytes: 0, totalBytes: 0, elapsedMs: 0, layersDone: 0 }, 100);
  expect(line).toContain('░░░░░░░░░░░░░░░░              0 B of 0 B');
  expect(line).not.toContain('/s');
});

test('the line never reaches the last column, whatever the image is called', () => {
  const state = fc.record({
    name: fc.string({ unit: 'binary', maxLength: 40 }),
    layersDone: fc.nat(),
    layerCount: fc.nat(),
    doneBytes: fc.nat(),
    totalBytes: fc.nat(),
    elapsedMs: fc.nat(),
  });
  fc.assert(
    fc.property(state, fc.integer({ min: 2, max: 200 }), (one, columns) => {
      const line = progressLine(one, columns);
      expect(textWidth(line)).toBeLessThan(columns);
      expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    }),
    { numRuns: 50 },
  );
});

test.each([
  { shape: { isTTY: true, columns: 100 }, isQuiet: true, why: 'the user wants quiet' },
  { shape: { isTTY: false }, isQuiet: false, why: 'a pipe is no terminal' },
  { shape: {}, isQuiet: false, why: 'neither is a file' },
])('nothing is written when $why', ({ shape, isQuiet }) => {
  const { stream, written } = terminal(shape);
  using progress = openProgress(stream, { isQuiet });
  expect(progress).toBe(silentProgress);
  progress.startImage('alpine', 1, 10);
  progress.startLayer();
  progress.advance(10);
  progress.endLayer();
  progress.end();
  expect(written()).toBe('');
});

test('on a terminal the line shows all layers together and is gone at the end', () => {
  const { stream, written } = terminal({ isTTY: true, columns: 100 });
  const listeners = process.listenerCount('SIGINT');
  const progress = openProgress(stream, { isQuiet: false });
  progress.startImage('alpine', 3, 4_000_000);
  expect(process.listenerCount('SIGINT')).toBe(listeners);
  progress.startLayer();
  progress.startLayer();
  progress.advance(1_000_000);
  progress.endLayer();
  progress.end();
  progress.end();
  const text = written();
  expect(stripVTControlCharacters(text)).toContain('1.0 MB of 4.0 MB');
  expect(stripVTControlCharacters(text)).toContain('1/3 layers');
  // Erases the line as the last thing, and changes neither cursor nor line wrapping.
  expect(text.endsWith('\u001b[2K')).toBe(true);
  expect(text).not.toContain('\u001b[?');
});

test('a layer of which only parts were read counts as read when it is done', () => {
  const { stream, written } = terminal({ isTTY: true, columns: 0 });
  using progress = openProgress(stream, { isQuiet: false });
  progress.startImage('alpine', 1, 3_000_000);
  progress.startLayer();
  progress.advance(1_000);
  progress.endLayer();
  progress.end();
  expect(stripVTControlCharacters(written())).toContain('3.0 MB of 3.0 MB');
});

test('a layer that is read twice does not count twice', () => {
  const { stream, written } = terminal({ isTTY: true, columns: 100 });
  using progress = openProgress(stream, { isQuiet: false });
  progress.startImage('alpine', 2, 3_000_000);
  progress.startLayer();
  progress.advance(3_000_000);
  progress.advance(3_000_000);
  progress.endLayer();
  progress.end();
  expect(stripVTControlCharacters(written())).toContain('3.0 MB of 3.0 MB');
});

test('a second image begins from zero', () => {
  const { stream, written } = terminal({ isTTY: true, columns: 100 });
  using progress = openProgress(stream, { isQuiet: false });
  progress.startImage('first', 1, 5_000_000);
  progress.startLayer();
  progress.endLayer();
  written();
  progress.startImage('second', 2, 7_000_000);
  expect(stripVTControlCharacters(written())).toMatch(/second {2}░+ +0 B of 7.0 MB/);
});
