/**
 * The command line's composition root: the one place that reads the real process.
 */
import { readFileSync } from 'node:fs';
import { exitStatusOf, PlimsollError } from '#base/errors.ts';
import type { CliContext } from '#cli/context.ts';
import { runCli } from '#cli/program.ts';

/** Runs one command with the arguments after the program's name, and sets the exit status of the process. */
export async function main(args: readonly string[]): Promise<void> {
  const interrupt = new AbortController();
  const onSignal = () => {
    // The second Ctrl-C is from somebody who does not want to wait for a tidy end.
    if (interrupt.signal.aborted) process.exit(130);
    interrupt.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  // A reader that has seen enough (`| head`) is no failure.
  process.stdout.on('error', error => {
    if ('code' in error && error.code === 'EPIPE') process.exit(0);
    // A full disk behind `>`: whoever reads the output must not take what is there for the whole.
    const told = new PlimsollError('FILE_UNKNOWN', `Cannot write to standard output: ${error.message}`);
    process.stderr.write(`plimsoll: ${told.message} (${told.code})\n`);
    process.exit(exitStatusOf(told));
  });
  const context: CliContext = {
    env: process.env,
    // Touched by what reads it alone: a terminal that is opened keeps the process alive.
    get stdin() {
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    signal: interrupt.signal,
    version: readVersion(),
    now: () => new Date(),
    serve: async settings => {
      const { serve } = await import('./server/serve.ts');
      await serve(settings, context);
    },
  };
  process.exitCode = await runCli(args, context);
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const isManifest = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return isManifest ? String(manifest.version) : 'unknown';
}
