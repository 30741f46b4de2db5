/**
 * Cuts a zstd stream at its frame ends and drops skippable frames.
 *
 * Node's decompressor stops at the first frame whose end does not fall on the end of a write, and at any skippable frame. Layers have
 * many of both: zstd:chunked starts a frame per file and keeps its tables in skippable frames, pzstd opens with one.
 * Source: RFC 8878, "Zstandard Frames", "Blocks" and "Skippable Frames".
 */
import { PlimsollError } from '#base/errors.ts';

const MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;

const IN_FRAME: ReadonlySet<State> = new Set(['descriptor', 'header-rest', 'block-header', 'block', 'checksum']);

type State =
  | 'magic'
  | 'skippable-size'
  | 'skippable'
  | 'descriptor'
  | 'header-rest'
  | 'block-header'
  | 'block'
  | 'checksum';

/** A push splitter. @throws {PlimsollError} `LAYER_INVALID` from `split` when something that is no frame follows. */
export class ZstdFrames {
  #state: State = 'magic';
  /** The small field being gathered, and how many bytes it needs. */
  readonly #field = Buffer.alloc(16);
  #fieldFill = 0;
  #fieldNeed = 4;
  /** In `block` and `skippable`: bytes still to come. */
  #left = 0;
  #hasChecksum = false;
  #isLastBlock = false;

  /** Whether the stream may end here: between frames. */
  get isBetweenFrames(): boolean {
    return this.#state === 'magic' && this.#fieldFill === 0;
  }

  /** The parts of `chunk` that a decompressor should see, no part reaching over the end of a frame. */
  *split(chunk: Buffer): Generator<Buffer> {
    let from = 0;
    for (let at = 0; at < chunk.length; ) {
      at = this.#left > 0 ? this.#pass(chunk, at) : this.#gather(chunk, at);
      if (this.#left > 0 || this.#fieldFill < this.#fieldNeed) break;
      const wasInFrame = IN_FRAME.has(this.#state);
      this.#advance();
      if (!wasInFrame) {
        from = at;
        // Until the magic was whole nobody knew whether to pass it on, so it goes out from the field.
        if (this.#state === 'descriptor') yield Buffer.from(this.#field.subarray(0, 4));
      } else if (this.#state === 'magic') {
        yield chunk.subarray(from, at);
        from = at;
      }
    }
    if (from < chunk.length && IN_FRAME.has(this.#state)) yield chunk.subarray(from);
  }

  #pass(chunk: Buffer, at: number): number {
    const take = Math.min(this.#left, chunk.length - at);
    this.#left -= take;
    return at + take;
  }

  #gather(chunk: Buffer, at: number): number {
    const take = Math.min(this.#fieldNeed - this.#fieldFill, chunk.length - at);
    chunk.copy(this.#field, this.#fieldFill, at, at + take);
    this.#fieldFill += take;
    return at + take;
  }

  /** The current field or block is whole: what comes next? */
  #advance(): void {
    switch (this.#state) {
      case 'magic':
        this.#takeMagic(this.#field.readUInt32LE(0));
        return;
      case 'skippable-size':
        this.#left = this.#field.readUInt32LE(0);
        if (this.#left > 0) this.#expect('skippable', 0);
        else this.#expect('magic', 4);
        return;
      case 'descriptor':
        this.#takeDescriptor(this.#field[0] ?? 0);
        return;
      case 'header-rest':
        this.#expect('block-header', 3);
        return;
      case 'block-header':
        this.#takeBlockHeader(this.#field.readUIntLE(0, 3));
        return;
      case 'block':
        this.#endBlock();
        return;
      default:
        this.#expect('magic', 4);
    }
  }

  #takeMagic(magic: number): void {
    if (magic === MAGIC) this.#expect('descriptor', 1);
    else if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) this.#expect('skippable-size', 4);
    else throw new PlimsollError('LAYER_INVALID', 'The layer is not valid zstd: something that is no frame follows');
  }

  #takeDescriptor(descriptor: number): void {
    const isSingleSegment = (descriptor & 0x20) !== 0;
    this.#hasChecksum = (descriptor & 0x04) !== 0;
    const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
    const contentSizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
    const rest = (isSingleSegment ? 0 : 1) + dictionaryBytes + contentSizeBytes;
    this.#expect(rest === 0 ? 'block-header' : 'header-rest', rest === 0 ? 3 : rest);
  }

  #takeBlockHeader(header: number): void {
    this.#isLastBlock = (header & 1) === 1;
    const isRunLength = ((header >> 1) & 3) === 1;
    this.#left = isRunLength ? 1 : header >> 3;
    if (this.#left > 0) this.#expect('block', 0);
    else this.#endBlock();
  }

  #endBlock(): void {
    if (!this.#isLastBlock) this.#expect('block-header', 3);
    else if (this.#hasChecksum) this.#expect('checksum', 4);
    else this.#expect('magic', 4);
  }

  #expect(state: State, need: number): void {
    this.#state = state;
    this.#fieldFill = 0;
    this.#fieldNeed = need;
  }
}
