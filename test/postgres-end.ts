/** Gives tests a folder for the one PostgreSQL server they share, and ends the server that the first of them started. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopPostgres } from '../src/store/testing/postgres-server.ts';

/** Called by Vitest once, before all tests; what it returns, after them. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-postgres-'));
  process.env['PLIMSOLL_TEST_POSTGRES'] = folder;
  return () => {
    stopPostgres(folder);
    rmSync(folder, { recursive: true, force: true });
  };
}
