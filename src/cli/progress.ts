/**
 * How far a scan is, on a terminal: one calm line for all layers together, gone when the work is done.
 *
 * It is for stderr, and for people only: in a pipe, in CI and with `--quiet` nothing is written.
 */
import { SingleBar } from 'cli-progress';
import { progressLine } from './progress-line.ts';

/** Told of by whoever reads layers. Layers may be read several at a time; calls are cheap enough for every chunk. */
export interface Progress extends Disposable {
  /** Work on an image begins; that on the image before is over. `totalBytes` of all its layers, as stored. */
  startImage(name: string, layerCount: number, totalBytes: number): void;
  /** Work on a layer begins. */
  startLayer(): void;
  /** `bytes` more were read, of any of the layers begun. */
  advance(bytes: number): void;
  /** A layer is done, whether all of it was read, a part, or nothing because it is known from earlier. */
  endLayer(): void;
  /** All is over, well or not: the line is removed. May be called again. */
  end(): void;
}

/** Writes nothing. */
export const silentProgress: Progress = {
  startImage() {},
  startLayer() {},
  advance() {},
  endLayer() {},
  end() {},
  [Symbol.dispose]() {},
};

/** What progress is written to; `process.stderr` is one. */
export interface ProgressStream extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** A line on `stream` if that is a terminal and the user does not want quiet; else the silent one. */
export function openProgress(stream: ProgressStream, { isQuiet }: { readonly isQuiet: boolean }): Progress {
  return stream.isTTY === true && !isQuiet ? new LineProgress(stream) : silentProgress;
}

class LineProgress implements Progress {
  readonly #stream: ProgressStream;
  #bar: SingleBar | undefined;
  #openLayers = 0;
  #doneLayers = 0;
  #layerCount = 0;
  #doneBytes = 0;
  #totalBytes = 0;

  constructor(stream: ProgressStream) {
    this.#stream = stream;
  }

  startImage(name: string, layerCount: number, totalBytes: number): void {
    this.end();
    this.#openLayers = 0;
    this.#doneLayers = 0;
    this.#doneBytes = 0;
    this.#totalBytes = totalBytes;
    this.#layerCount = layerCount;
    this.#bar = new SingleBar({
      stream: this.#stream,
      fps: 5,
      clearOnComplete: true,
      // Cursor, line wrapping and signals are not ours to change: a scan that is killed leaves the terminal as it was.
      hideCursor: false,
      linewrap: true,
      gracefulExit: false,
      format: (_options, params) =>
        progressLine(
          {
            name,
            layerCount,
            layersDone: this.#doneLayers,
            doneBytes: this.#doneBytes,
            totalBytes: this.#totalBytes,
            elapsedMs: Date.now() - params.startTime,
          },
          // Some terminals do not know their size and say 0.
          this.#stream.columns || 80,
        ),
    });
    this.#bar.start(1, 0);
  }

  startLayer(): void {
    this.#openLayers += 1;
  }

  advance(bytes: number): void {
    // A layer may be read twice, when what is wanted of it shows only at its end.
    this.#doneBytes = Math.min(this.#totalBytes, this.#doneBytes + bytes);
  }

  endLayer(): void {
    this.#openLayers -= 1;
    this.#doneLayers += 1;
    // Layers known from earlier or read by range are not read to their end; when none is left, all bytes are accounted for.
    if (this.#openLayers <= 0 && this.#doneLayers >= this.#layerCount) this.#doneBytes = this.#totalBytes;
  }

  end(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }

  [Symbol.dispose](): void {
    this.end();
  }
}
