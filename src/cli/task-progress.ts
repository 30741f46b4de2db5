/**
 * How far a task is that works through files one after the other, on a terminal: one calm line, gone when the work is done.
 */
import { SingleBar } from 'cli-progress';
import { formatBytes } from '#base/byte-size.ts';
import { printable } from '#base/text.ts';
import { cutText, textWidth } from '#report/text-columns.ts';
import type { ProgressStream } from './progress.ts';

/** Told of by whoever works; calls are cheap enough for every chunk. */
export interface TaskProgress extends Disposable {
  /** Work on a file or source begins. `totalBytes` is `undefined` when nobody knows. */
  start(name: string, totalBytes?: number): void;
  /** The total turned out. */
  expect(totalBytes: number): void;
  /** `bytes` more are done. */
  advance(bytes: number): void;
  /** All is over, well or not: the line is removed. May be called again. */
  end(): void;
}

const silent: TaskProgress = { start() {}, expect() {}, advance() {}, end() {}, [Symbol.dispose]() {} };

/** A line on `stream` if that is a terminal and the user does not want quiet; else nothing. */
export function openTaskProgress(stream: ProgressStream, { isQuiet }: { readonly isQuiet: boolean }): TaskProgress {
  return stream.isTTY === true && !isQuiet ? new TaskLine(stream) : silent;
}

const BAR = 16;
const MIN_NAME = 12;

/** One line narrower than `columns`: name, bar, bytes. What has no room is left out, the bar first. */
export function taskLine(name: string, doneBytes: number, totalBytes: number | undefined, columns: number): string {
  const filled = totalBytes ? Math.floor(Math.min(1, doneBytes / totalBytes) * BAR) : 0;
  const bar = `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)}`;
  const total = totalBytes === undefined ? '' : ` of ${formatBytes(totalBytes)}`;
  const bytes = `${formatBytes(Math.min(doneBytes, totalBytes ?? doneBytes))}${total}`.padStart(22);
  const parts = totalBytes === undefined ? [bytes] : [bar, bytes];
  const safe = printable(name);
  for (let from = 0; from < parts.length; from += 1) {
    const rest = parts.slice(from).join('  ');
    // One column stays free: some terminals wrap when the last one is written.
    const room = columns - 1 - textWidth(rest) - 2;
    if (room >= MIN_NAME) return `${cutText(safe, room, 'middle')}  ${rest}`;
  }
  return cutText(safe, Math.max(1, columns - 1), 'middle');
}

class TaskLine implements TaskProgress {
  readonly #stream: ProgressStream;
  #bar: SingleBar | undefined;
  #name = '';
  #doneBytes = 0;
  #totalBytes: number | undefined;

  constructor(stream: ProgressStream) {
    this.#stream = stream;
  }

  start(name: string, totalBytes?: number): void {
    this.#name = name;
    this.#doneBytes = 0;
    this.#totalBytes = totalBytes;
    if (this.#bar !== undefined) return;
    this.#bar = new SingleBar({
      stream: this.#stream,
      fps: 5,
      clearOnComplete: true,
      // Cursor, line wrapping and signals are not ours to change.
      hideCursor: false,
      linewrap: true,
      gracefulExit: false,
      // Some terminals do not know their size and say 0.
      format: () => taskLine(this.#name, this.#doneBytes, this.#totalBytes, this.#stream.columns || 80),
    });
    this.#bar.start(1, 0);
  }

  expect(totalBytes: number): void {
    this.#totalBytes = totalBytes;
  }

  advance(bytes: number): void {
    this.#doneBytes += bytes;
  }

  end(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }

  [Symbol.dispose](): void {
    this.end();
  }
}
