/**
 * Server-sent events as a stream of bytes brings them.
 *
 * Source: HTML, "Server-sent events", section "Interpreting an event stream".
 */
import { PlimsollError } from '#base/errors.ts';

/** An event. */
export interface ServerEvent {
  /** Where to go on after it; empty when no event had one yet. */
  readonly id: string;
  /** `message` where nothing is said. */
  readonly event: string;
  /** Lines joined by line feeds. */
  readonly data: string;
}

/** The pieces of a log are smaller by far. */
const MAX_EVENT_CHARACTERS = 16 * 1024 * 1024;

/** Reads events; one that the end cuts off is dropped. @throws {PlimsollError} `LIMIT_EXCEEDED` for an event without end. */
export async function* readEvents(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  let open = '';
  let id = '';
  let event = '';
  let data: string[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    open += decoder.decode(chunk, { stream: true });
    // A carriage return at the end may be half of a line's end.
    const isHalf = open.endsWith('\r');
    const lines = (isHalf ? open.slice(0, -1) : open).split(/\r\n|\n|\r/);
    open = `${lines.pop() ?? ''}${isHalf ? '\r' : ''}`;
    size += chunk.byteLength;
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) yield { id, event: event === '' ? 'message' : event, data: data.join('\n') };
        event = '';
        data = [];
        size = open.length;
        continue;
      }
      const colon = line.indexOf(':');
      const field = colon === -1 ? line : line.slice(0, colon);
      const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (field === 'data') data.push(value);
      else if (field === 'event') event = value;
      else if (field === 'id' && !value.includes('\0')) id = value;
    }
    if (size > MAX_EVENT_CHARACTERS) {
      throw new PlimsollError('LIMIT_EXCEEDED', `Cannot follow: an event has over ${MAX_EVENT_CHARACTERS} characters`);
    }
  }
}
