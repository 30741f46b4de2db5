/**
 * Text in columns of a terminal: how wide it is, cut to fit, padded.
 *
 * Source: Unicode, UAX #11 and UTS #51; what most terminals do, which is not always what they should.
 */

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

// East Asian wide and fullwidth blocks, and emoji.
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{1f1e6}-\u{1f1ff}\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1faff}\u{20000}-\u{3fffd}]|\ufe0f|^\p{Emoji_Presentation}/u;
const INVISIBLE = /^[\p{Mark}\p{Format}]+$/u;
// Printable ASCII, which is nearly all there is.
const NARROW = /^[\x20-\x7e]*$/;

/** How many columns `text` takes; it should be free of control characters. */
export function textWidth(text: string): number {
  if (NARROW.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += graphemeWidth(segment);
  return width;
}

function graphemeWidth(grapheme: string): number {
  if (INVISIBLE.test(grapheme)) return 0;
  return WIDE.test(grapheme) ? 2 : 1;
}

/** `text` in at most `columns` columns, at least 1; what is cut off at its end, or out of its middle, is shown as `…`. */
export function cutText(text: string, columns: number, where: 'end' | 'middle' = 'end'): string {
  if (textWidth(text) <= columns) return text;
  const room = Math.max(0, columns - 1);
  const tail = where === 'middle' ? Math.floor(room / 2) : 0;
  const parts = Array.from(graphemes.segment(text), one => one.segment);
  return `${takeWidth(parts, room - tail).join('')}…${takeWidth(parts.toReversed(), tail).toReversed().join('')}`;
}

function takeWidth(parts: readonly string[], columns: number): string[] {
  let left = columns;
  const taken: string[] = [];
  for (const part of parts) {
    left -= graphemeWidth(part);
    if (left < 0) break;
    taken.push(part);
  }
  return taken;
}

/** `text` with spaces behind it up to `columns`. */
export function padText(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - textWidth(text)));
}

/** `text` in lines of at most `columns` columns, broken between words; a word that is longer is cut. At least one line. */
export function wrapText(text: string, columns: number): string[] {
  if (textWidth(text) <= columns) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (textWidth(longer) <= columns) line = longer;
    else {
      if (line !== '') lines.push(line);
      line = cutText(word, columns, 'middle');
    }
  }
  return [...lines, line];
}
