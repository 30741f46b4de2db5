/**
 * Downloading a feed to a file: only when it is newer, going on where a broken connection or a killed process left off, whole or not at all.
 *
 * Source: RFC 9110, 13 (conditional requests), 14 (ranges), 13.1.5 (If-Range): a part is added to only when the source says that it is still of
 * the same document.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { PlimsollError } from '#base/errors.ts';
import { AttemptError } from '#image/registry/attempt.ts';
import { parseContentRange } from '#image/registry/blob-stream.ts';
import { databaseFailure } from '../database-file.ts';
import { conditions, type FeedAnswer, type FeedClient, taskFor, type Validators } from './feed-client.ts';

/** What came of a download. */
export type Downloaded =
  | { readonly kind: 'file'; readonly path: string; readonly validators: Validators }
  | { readonly kind: 'unchanged' }
  /** The source has nothing at that address. */
  | { readonly kind: 'missing' };

/** Options of `download`. */
export interface DownloadOptions {
  readonly signal: AbortSignal;
  /** Folder for files and parts of them. */
  readonly folder: string;
  /** What the document was when it was last taken over; then only a newer one is wanted. */
  readonly known?: Validators | undefined;
  readonly limitBytes?: number;
  /** Told of the size when it is known, and of what has come: first what was there from an earlier attempt. */
  readonly onTotal?: (bytes: number) => void;
  readonly onBytes?: (bytes: number) => void;
}

/** Red Hat's archive is the largest, some hundred MB. */
const LIMIT_BYTES = 16 * 1024 ** 3;
/** Progress that makes up for a broken connection. */
const PROGRESS_BYTES = 64 * 1024;

/**
 * Fetches `url` into `folder`. The file is the caller's to read and to delete.
 * @throws {PlimsollError} `FEED_UNAVAILABLE`, `FEED_INVALID`, `TIMED_OUT`; `LIMIT_EXCEEDED` when it or the disk is too small.
 */
export async function download(client: FeedClient, url: URL, options: DownloadOptions): Promise<Downloaded> {
  const transfer = new Transfer(url, options);
  const attempt = async () => {
    transfer.startAttempt();
    return await client.once(url, transfer.headers(), options.signal, open => transfer.receive(open));
  };
  return await client.patiently(attempt, () => transfer.hasProgress, options.signal);
}

class Transfer {
  readonly #url: URL;
  readonly #options: DownloadOptions;
  readonly #path: string;
  readonly #part: string;
  readonly #note: string;
  #position = 0;
  #startedAt = 0;
  #toldBytes = 0;

  constructor(url: URL, options: DownloadOptions) {
    this.#url = url;
    this.#options = options;
    const key = createHash('sha256').update(url.href).digest('hex').slice(0, 16);
    this.#path = join(options.folder, `${key}-${basename(decodeURIComponent(url.pathname)).slice(-80) || 'feed'}`);
    this.#part = `${this.#path}.partial`;
    this.#note = `${this.#path}.partial.json`;
    this.#onDisk(() => mkdirSync(options.folder, { recursive: true }));
  }

  get hasProgress(): boolean {
    return this.#position - this.#startedAt >= PROGRESS_BYTES;
  }

  startAttempt(): void {
    this.#position = this.#sizeOfPart();
    this.#startedAt = this.#position;
  }

  headers(): Readonly<Record<string, string>> {
    const note = this.#position === 0 ? undefined : this.#readNote();
    // A weak ETag does not promise the same bytes: RFC 9110, 13.1.5.
    const strong = note?.etag?.startsWith('W/') ? undefined : note?.etag;
    const validator = strong ?? note?.lastModified;
    if (validator === undefined) return conditions(this.#options.known);
    return { range: `bytes=${this.#position}-`, 'if-range': validator };
  }

  async receive({ answer, validators, chunks }: FeedAnswer): Promise<Downloaded> {
    const task = taskFor(this.#url);
    if (answer.status === 304) return { kind: 'unchanged' };
    if (answer.status === 404) return { kind: 'missing' };
    if (answer.status === 416) {
      // The part is no beginning of anything the source has.
      this.#forget();
      throw new AttemptError('FEED_INVALID', `${task}: ${answer.url.host} has no such part`, { isTransient: true });
    }
    const total = this.#placeOf(answer, task);
    this.#tell(total);
    const limit = this.#options.limitBytes ?? LIMIT_BYTES;
    this.#onDisk(() => writeFileSync(this.#note, JSON.stringify(validators)));
    const file = this.#onDisk(() => openSync(this.#part, this.#position === 0 ? 'w' : 'a'));
    try {
      for await (const chunk of chunks()) {
        this.#position += chunk.byteLength;
        if (this.#position > limit) throw new PlimsollError('LIMIT_EXCEEDED', `${task}: over ${limit} bytes`);
        this.#onDisk(() => writeAll(file, chunk));
        this.#toldBytes += chunk.byteLength;
        this.#options.onBytes?.(chunk.byteLength);
      }
    } finally {
      closeSync(file);
    }
    if (total !== undefined && this.#position !== total) {
      throw new AttemptError('FEED_UNAVAILABLE', `${task}: it ends after ${this.#position} bytes of ${total}`, {
        isTransient: true,
      });
    }
    this.#onDisk(() => {
      renameSync(this.#part, this.#path);
      rmSync(this.#note, { force: true });
    });
    return { kind: 'file', path: this.#path, validators };
  }

  /** Sets the position to where the answer begins. @returns the size of the whole, if the source says. */
  #placeOf(answer: FeedAnswer['answer'], task: string): number | undefined {
    const length = answer.header('content-length');
    if (answer.status !== 206) {
      this.#position = 0;
      this.#startedAt = 0;
      return length === undefined ? undefined : Number(length);
    }
    const sent = parseContentRange(answer.header('content-range'));
    if (sent?.start !== this.#position) {
      this.#forget();
      throw new AttemptError('FEED_INVALID', `${task}: ${answer.url.host} sends another part than it was asked for`, {
        isTransient: true,
      });
    }
    return sent.total;
  }

  #tell(total: number | undefined): void {
    if (total !== undefined) this.#options.onTotal?.(total);
    // Negative when the source began anew.
    this.#options.onBytes?.(this.#position - this.#toldBytes);
    this.#toldBytes = this.#position;
  }

  #forget(): void {
    rmSync(this.#part, { force: true });
    rmSync(this.#note, { force: true });
  }

  #sizeOfPart(): number {
    try {
      return statSync(this.#part).size;
    } catch {
      return 0;
    }
  }

  #readNote(): Validators | undefined {
    try {
      const note: unknown = JSON.parse(readFileSync(this.#note, 'utf8'));
      const field = (name: string) => {
        const value = typeof note === 'object' && note !== null && name in note ? note[name as never] : undefined;
        return typeof value === 'string' ? { [name]: value } : {};
      };
      return { ...field('etag'), ...field('lastModified') };
    } catch {
      return undefined;
    }
  }

  #onDisk<T>(write: () => T): T {
    try {
      return write();
    } catch (error) {
      throw databaseFailure(error, this.#path, `${taskFor(this.#url)} into "${this.#options.folder}"`);
    }
  }
}

function writeAll(file: number, chunk: Uint8Array): void {
  for (let done = 0; done < chunk.byteLength; ) done += writeSync(file, chunk, done);
}
