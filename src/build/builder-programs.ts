/** The programs that a builder needs, and whether this machine has them. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** What was found. */
export interface BuilderPrograms {
  /** Versions by name; those that are missing are left out. */
  readonly versions: Readonly<Record<string, string>>;
  /** A sentence, when nothing can be built here; `undefined` when all is there. */
  readonly missing: string | undefined;
}

const PROGRAMS = ['git', 'buildah'] as const;
const MAX_MS = 10_000;

const run = promisify(execFile);

/** Asks each program for its version. */
export async function lookAtPrograms(signal: AbortSignal): Promise<BuilderPrograms> {
  const versions: Record<string, string> = {};
  for (const program of PROGRAMS) {
    try {
      const { stdout } = await run(program, ['--version'], { signal, timeout: MAX_MS });
      versions[program] = /\d+(?:\.\d+)+[\w.~+-]*/.exec(stdout)?.[0] ?? 'unknown';
    } catch {
      signal.throwIfAborted();
    }
  }
  const absent = PROGRAMS.filter(program => versions[program] === undefined);
  if (absent.length === 0) return { versions, missing: undefined };
  const names = absent.join(' and ');
  const missing = `Nothing is built on this machine: ${names} ${absent.length > 1 ? 'are' : 'is'} not installed; on Debian: apt install ${names}`;
  return { versions, missing };
}
