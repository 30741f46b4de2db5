/** Certificates that an option names. */
import { readFile } from 'node:fs/promises';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';

/** The text of a file of certificates (PEM). @throws {PlimsollError} `FILE_UNKNOWN` when it cannot be read. */
export async function readAuthorities(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PlimsollError('FILE_UNKNOWN', `Cannot read the certificates in "${printable(path)}": ${printable(why)}`, {
      cause,
    });
  }
}
