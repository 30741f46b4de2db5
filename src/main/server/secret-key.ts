/** The key that secrets are sealed with: given, or a file of the data folder that the first start makes. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';

/**
 * The text of the key. On a shared database it must be given: servers with keys of their own could not read each other's secrets.
 * @throws {PlimsollError} `CONFIGURATION_INVALID`, `FILE_DENIED`.
 */
export function readSecretKey(given: string | undefined, folder: string, isShared: boolean): string {
  if (given !== undefined) return given;
  const path = join(folder, 'secret-key');
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw denied(path, error);
  }
  if (isShared) {
    throw new PlimsollError(
      'CONFIGURATION_INVALID',
      'Cannot start on PostgreSQL without PLIMSOLL_SECRET_KEY: all servers of one database need the same; make one with "openssl rand -hex 32"',
    );
  }
  const key = randomBytes(32).toString('hex');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(path, `${key}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw denied(path, error);
  }
  return key;
}

function denied(path: string, error: unknown): PlimsollError {
  const why = error instanceof Error ? error.message : String(error);
  return new PlimsollError('FILE_DENIED', `Cannot use the key file "${printable(path)}": ${why}`, { cause: error });
}
