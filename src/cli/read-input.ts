/** Reads a file that the user named, whole and bounded. */
import { createReadStream } from 'node:fs';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { CliContext } from './context.ts';

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

/**
 * The text of the file at `path`, or of standard input for `-`: for what must not be an argument, since others on the machine see these.
 * @throws {PlimsollError} as `readInput`; `USAGE` when there is no standard input.
 */
export async function readSecretInput(
  path: string,
  { what, maxBytes }: { readonly what: string; readonly maxBytes: number },
  { stdin, stderr, signal }: CliContext,
): Promise<string> {
  if (path !== '-') return (await readInput(path, { what, maxBytes, signal })).toString('utf8');
  if (stdin === undefined) {
    throw new PlimsollError('USAGE', `Cannot read ${what} from standard input: there is none; name a file`);
  }
  if ('isTTY' in stdin && stdin.isTTY === true) stderr.write(`plimsoll: paste the ${what}, then Ctrl-D\n`);
  const chunks: Buffer[] = [];
  let seenBytes = 0;
  const onAbort = () => stdin.destroy();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    for await (const chunk of stdin) {
      const bytes = Buffer.from(chunk);
      seenBytes += bytes.byteLength;
      if (seenBytes > maxBytes) {
        throw new PlimsollError(
          'LIMIT_EXCEEDED',
          `Cannot read ${what} from standard input: it is over ${maxBytes} bytes`,
        );
      }
      chunks.push(bytes);
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
  signal.throwIfAborted();
  return Buffer.concat(chunks).toString('utf8');
}
