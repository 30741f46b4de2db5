/** The one line that shows how far a scan is. */
import { formatBytes } from '#base/byte-size.ts';
import { printable } from '#base/text.ts';
import { cutText, textWidth } from '#report/text-columns.ts';

/** How far reading one image is. */
export interface ProgressState {
  /** The image as the user named it. */
  readonly name: string;
  readonly layersDone: number;
  readonly layerCount: number;
  /** Stored bytes read so far, and of all layers. */
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly elapsedMs: number;
}

const BAR = 16;
const MIN_NAME = 12;
// A speed over less than this is noise.
const MIN_SPEED_MS = 1000;

/** One line narrower than `columns`: name, bar, bytes, speed, layers. What has no room is left out, the bar first. */
export function progressLine(state: ProgressState, columns: number): string {
  const { layersDone, layerCount, doneBytes, totalBytes, elapsedMs } = state;
  const share = totalBytes === 0 ? 0 : Math.min(1, doneBytes / totalBytes);
  const filled = Math.floor(share * BAR);
  const bar = `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)}`;
  const bytes = `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`;
  const speed = elapsedMs < MIN_SPEED_MS ? '' : `${formatBytes((doneBytes * 1000) / elapsedMs)}/s`;
  const layers = `${layersDone}/${layerCount} layers`;
  // Fixed widths keep the line from trembling: 9 is the longest size, 9 + 4 + 9 two of them.
  const parts = [bar, bytes.padStart(22), speed.padStart(11), layers];
  for (let from = 0; from <= parts.length; from += 1) {
    const rest = parts.slice(from).join('  ');
    // One column stays free: some terminals wrap when the last one is written.
    const room = columns - 1 - (rest === '' ? 0 : textWidth(rest) + 2);
    const name = printable(state.name);
    if (room < MIN_NAME && from < parts.length) continue;
    if (rest === '') return cutText(name, Math.max(1, columns - 1), 'middle');
    return `${cutText(name, room, 'middle')}  ${rest}`;
  }
  return '';
}
