/**
 * XML feeds as a stream: hundreds of megabytes of which one entry at a time is in memory.
 *
 * `saxes` checks well-formedness and knows the five entities of XML only: a document type's own entities are never expanded, so a few
 * lines cannot become gigabytes.
 */
import { SaxesParser } from 'saxes';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';

/** Where bytes of a feed come from: chunks of any size, UTF-8. */
export type ByteChunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** What is made of the elements; depth 1 is the root. Names are without prefix. */
export interface XmlVisitor<T> {
  /** The name that the root must have. */
  readonly root: string;
  open(name: string, attributes: Readonly<Record<string, string>>, depth: number): void;
  /** An element ends, with the text that was directly in it, trimmed. Gives what it completes, if anything. */
  close(name: string, text: string, depth: number): readonly T[] | undefined;
}

const MAX_DEPTH = 100;
/** Text, or a tag with all its attributes. The longest descriptions are 200,000 characters. */
const MAX_NODE_LENGTH = 4 * 1024 * 1024;
const MAX_BYTES = 2 * 1024 * 1024 * 1024;

/**
 * Reads a feed and gives what the visitor completes; `what` names it in messages.
 * @throws {PlimsollError} `ADVISORY_INVALID` when it is not well-formed or has another root; `LIMIT_EXCEEDED` when it is over 2 GiB, nests
 * deeper than 100 levels, or holds a text of more than 4 Mi characters.
 */
export async function* readXmlFeed<T>(source: ByteChunks, what: string, visitor: XmlVisitor<T>): AsyncGenerator<T> {
  const feed = new XmlFeed(what, visitor);
  const decoder = new TextDecoder('utf-8');
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES) throw new PlimsollError('LIMIT_EXCEEDED', `Cannot read ${what}: over ${MAX_BYTES} bytes`);
    yield* feed.write(decoder.decode(chunk, { stream: true }));
  }
  yield* feed.write(decoder.decode());
  yield* feed.end();
}

class XmlFeed<T> {
  readonly #parser = new SaxesParser<{ readonly xmlns: false; readonly position: false }>({
    xmlns: false,
    position: false,
  });
  readonly #what: string;
  /** Text of the elements that are open, outermost first. */
  readonly #texts: string[] = [];
  #found: T[] = [];
  #lengthSinceEvent = 0;

  constructor(what: string, visitor: XmlVisitor<T>) {
    this.#what = what;
    this.#parser.on('error', cause => {
      throw new PlimsollError('ADVISORY_INVALID', `Cannot read ${what}: ${printable(cause.message)}`, { cause });
    });
    this.#parser.on('opentag', tag => {
      this.#lengthSinceEvent = 0;
      const depth = this.#texts.push('');
      const name = localName(tag.name);
      if (depth > MAX_DEPTH) throw this.#limit(`it nests deeper than ${MAX_DEPTH} levels`);
      if (depth === 1 && name !== visitor.root) {
        throw new PlimsollError(
          'ADVISORY_INVALID',
          `Cannot read ${what}: it is a "${printable(name, 60)}", not a "${visitor.root}"`,
        );
      }
      visitor.open(name, tag.attributes, depth);
    });
    this.#parser.on('text', text => this.#addText(text));
    this.#parser.on('cdata', text => this.#addText(text));
    this.#parser.on('closetag', tag => {
      this.#lengthSinceEvent = 0;
      const depth = this.#texts.length;
      const text = this.#texts.pop() ?? '';
      const found = visitor.close(localName(tag.name), text.trim(), depth);
      if (found !== undefined) this.#found.push(...found);
    });
  }

  write(text: string): readonly T[] {
    if (text === '') return [];
    this.#lengthSinceEvent += text.length;
    this.#parser.write(text);
    // The parser holds an unfinished text or tag in memory, however long it grows.
    if (this.#lengthSinceEvent > MAX_NODE_LENGTH + text.length) throw this.#limit('a text or tag in it does not end');
    return this.#take();
  }

  end(): readonly T[] {
    this.#parser.close();
    return this.#take();
  }

  #take(): readonly T[] {
    const found = this.#found;
    this.#found = [];
    return found;
  }

  #addText(text: string): void {
    this.#lengthSinceEvent = 0;
    const at = this.#texts.length - 1;
    const known = this.#texts[at];
    if (known === undefined) return;
    if (known.length + text.length > MAX_NODE_LENGTH) throw this.#limit('a text in it is too long');
    this.#texts[at] = known + text;
  }

  #limit(why: string): PlimsollError {
    return new PlimsollError('LIMIT_EXCEEDED', `Cannot read ${this.#what}: ${why}`);
  }
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}
