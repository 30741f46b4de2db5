/** Reads a file that the user named, whole and bounded. */
import { createReadStream } from 'node:fs';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';

/**
 * The bytes of the file at `path`; `what` names its kind in messages: `VEX document`. Pipes are fine too.
 * @throws {PlimsollError} `FILE_UNKNOWN`, `FILE_DENIED`, `LIMIT_EXCEEDED` over `maxBytes`.
 */
export async function readInput(
  path: string,
  options: { readonly what: string; readonly maxBytes: number; readonly signal: AbortSignal },
): Promise<Buffer> {
  const { what, maxBytes, signal } = options;
  const refuse = (why: string) => `Cannot read ${what} "${printable(path)}": ${why}`;
  const chunks: Buffer[] = [];
  let seenBytes = 0;
  try {
    for await (const chunk of createReadStream(path, { signal })) {
      seenBytes += (chunk as Buffer).byteLength;
      if (seenBytes > maxBytes) throw new PlimsollError('LIMIT_EXCEEDED', refuse(`it is over ${maxBytes} bytes`));
      chunks.push(chunk as Buffer);
    }
  } catch (cause) {
    if (cause instanceof PlimsollError || signal.aborted) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new PlimsollError('FILE_UNKNOWN', refuse('there is no such file'), { cause });
    }
    if (code === 'EISDIR') throw new PlimsollError('FILE_UNKNOWN', refuse('it is a folder'), { cause });
    if (code === 'EACCES' || code === 'EPERM') {
      throw new PlimsollError('FILE_DENIED', refuse('permission denied'), { cause });
    }
    throw cause;
  }
  return Buffer.concat(chunks);
}
