/**
 * Archives of Red Hat's VEX documents (`csaf_vex_….tar.zst`) and of OSV records: read as they stream by, one document in memory at a time.
 */
import { parseOsvRecord } from '#advisory/osv/parse-record.ts';
import { ReadTally } from '#advisory/read-tally.ts';
import { parseRedHatVex } from '#advisory/redhat-vex/parse-vex.ts';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { type BodySink, TarReader } from '#oci/tar-reader.ts';
import { type FeedFile, HEAD_BYTES } from './feed-file.ts';
import { fileFailure } from './file-failure.ts';
import { Breather, type ImportContext, type Imported } from './import-context.ts';
import { partLabel } from './part-label.ts';
import { recogniseFeed } from './recognise.ts';
import { addingSet, OSV_PARTS, type RecordSet, VEX_PARTS, wholeSet } from './record-set.ts';

/** Kernel weaknesses have VEX documents of 30 MB. */
const MAX_DOCUMENT_BYTES = 128 * 1024 * 1024;

/**
 * Imports an archive, plain or compressed. One of VEX documents is all that Red Hat says, and replaces it; OSV records add to what is known.
 * What it holds is told by its first document.
 *
 * @throws {PlimsollError} `ADVISORY_INVALID` when it is damaged or holds neither; then everything stays as it was.
 */
export async function importTar(file: FeedFile, context: ImportContext): Promise<Imported> {
  const breather = new Breather(context.signal);
  const tally = new ReadTally();
  const documents = new DocumentSet(context, {
    origin: context.origin ?? file.path,
    fallbackDate: file.modifiedAt.toISOString(),
    tally,
  });
  try {
    const reader = new TarReader(entry => {
      if (entry.type !== 'file' || !entry.name.endsWith('.json')) return undefined;
      if (entry.sizeBytes > MAX_DOCUMENT_BYTES) {
        tally.skip('document over the size limit');
        return undefined;
      }
      return wholeBody(bytes => documents.add(bytes));
    });
    for await (const chunk of file.chunks(context.onBytes)) {
      if (!reader.isOver) reader.push(chunk);
      if (breather.isDue) await breather.breathe();
    }
    reader.end();
  } catch (error) {
    documents.set?.drop();
    throw fileFailure(error, file.path);
  }
  const { set } = documents;
  if (set === undefined) {
    throw new PlimsollError(
      'ADVISORY_INVALID',
      `Cannot read "${printable(file.path)}": the archive holds no OSV records and no VEX documents`,
    );
  }
  return { path: file.path, kind: 'tar', parts: set.end().map(partLabel), counts: tally.counts() };
}

class DocumentSet {
  readonly #context: ImportContext;
  readonly #facts;
  #parse: typeof parseOsvRecord | undefined;
  set: RecordSet | undefined;

  constructor(context: ImportContext, facts: Parameters<typeof wholeSet>[2]) {
    this.#context = context;
    this.#facts = facts;
  }

  add(bytes: Buffer): void {
    if (this.set === undefined) this.#begin(bytes);
    const advisory = this.#parse?.(bytes, this.#facts.tally);
    if (advisory !== undefined) this.set?.add(advisory);
  }

  #begin(bytes: Buffer): void {
    const kind = recogniseFeed(bytes.subarray(0, HEAD_BYTES));
    if (kind === 'vex-document') {
      this.#parse = parseRedHatVex;
      this.set = wholeSet({ source: VEX_PARTS.source, name: '' }, this.#context, this.#facts);
    } else if (kind === 'osv-record') {
      this.#parse = parseOsvRecord;
      this.set = addingSet(OSV_PARTS, this.#context, this.#facts);
    } else this.#facts.tally.skip('document of another kind');
  }
}

function wholeBody(take: (bytes: Buffer) => void): BodySink {
  const parts: Buffer[] = [];
  return {
    // The chunk is used again.
    write: chunk => void parts.push(Buffer.from(chunk)),
    end: () => take(parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)),
  };
}
