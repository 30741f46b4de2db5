/**
 * Writes plain tars of files whose content is at hand: archives that we make ourselves.
 *
 * Source: POSIX ustar. Names are short and ASCII; owner, mode and time are the same for all, so the same files give the same bytes.
 */
import { PlimsollError } from '#base/errors.ts';

const BLOCK = 512;
const MAX_NAME_BYTES = 100;
/** Eleven octal digits. */
const MAX_SIZE = 8 ** 11 - 1;

/** A file of a tar: its name, its length, and its content when it is its turn. */
export interface TarFile {
  readonly name: string;
  readonly sizeBytes: number;
  content(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** The tar, chunk by chunk. @throws {PlimsollError} `LIMIT_EXCEEDED` for names over 100 bytes and files over 8 GiB. */
export async function* writeTar(files: readonly TarFile[]): AsyncGenerator<Uint8Array> {
  for (const { name, sizeBytes, content } of files) {
    yield tarHeader(name, sizeBytes);
    yield* content();
    yield Buffer.alloc((BLOCK - (sizeBytes % BLOCK)) % BLOCK);
  }
  yield Buffer.alloc(BLOCK * 2);
}

function tarHeader(name: string, sizeBytes: number): Buffer {
  if (Buffer.byteLength(name) > MAX_NAME_BYTES || sizeBytes > MAX_SIZE) {
    throw new PlimsollError('LIMIT_EXCEEDED', `Cannot write "${name}" of ${sizeBytes} bytes into a tar`);
  }
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0');
  header.write(name, 0, 'utf8');
  header.write(octal(0o644, 7), 100, 'latin1');
  header.write(octal(0, 7), 108, 'latin1');
  header.write(octal(0, 7), 116, 'latin1');
  header.write(octal(sizeBytes, 11), 124, 'latin1');
  header.write(octal(0, 11), 136, 'latin1');
  // The checksum counts its own field as spaces.
  header.write('        ', 148, 'latin1');
  header.write('0', 156, 'latin1');
  header.write('ustar\u000000', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148, 'latin1');
  return header;
}
