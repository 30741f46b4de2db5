/**
 * Oracle's definitions have criteria whose comment ends with the line instead of a quote (`comment="curl is`). One such line would make the
 * whole file unreadable, so it is closed; what is left of the comment is of no known form and is counted.
 */
import type { ByteChunks } from '../xml-feed.ts';

/** Lines of the feed are under 1 KB but for descriptions, which need no mending. */
const MAX_LINE_BYTES = 64 * 1024;
const LINE_FEED = 0x0a;

/** The chunks with such lines closed, in whole lines where lines are of usual length. */
export async function* mendLines(source: ByteChunks): AsyncGenerator<Uint8Array> {
  let rest = Buffer.alloc(0);
  for await (const chunk of source) {
    const bytes = Buffer.concat([rest, chunk]);
    const end = bytes.lastIndexOf(LINE_FEED) + 1;
    const isLong = bytes.length - end > MAX_LINE_BYTES;
    const whole = isLong ? bytes.length : end;
    rest = bytes.subarray(whole);
    if (whole > 0) yield mend(bytes.subarray(0, whole));
  }
  if (rest.length > 0) yield mend(rest);
}

/** Latin-1 keeps every byte as it is. */
function mend(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1');
  const mended = text.replace(/ comment="([^"<\n]*)\n/g, ' comment="$1"/>\n');
  return mended === text ? bytes : Buffer.from(mended, 'latin1');
}
