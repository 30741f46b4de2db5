/**
 * Runs the server from the command line: starts it, says where it is, and stops it in good order when asked to.
 */
import { once } from 'node:events';
import type { ServerSettings } from '#base/server-settings.ts';
import type { CliContext } from '#cli/context.ts';
import { startServer } from './start-server.ts';

/** A stop that takes longer is cut: orchestrators kill after ten seconds or so. */
const STOP_MS = 10_000;

/** Runs until the context's signal. @throws {PlimsollError} what keeps it from starting. */
export async function serve(settings: ServerSettings, context: CliContext): Promise<void> {
  const { signal, stderr, stdout } = context;
  const running = await startServer(settings, {
    env: context.env,
    version: context.version,
    now: context.now,
    sensorTiming: context.sensorTiming,
    log: line => void stderr.write(line),
  });
  stdout.write(`Plimsoll is ready: ${running.url}\n`);
  if (running.setupUrl !== undefined) {
    stdout.write(`Nobody can sign in yet. Make the first account here, once:\n  ${running.setupUrl}\n`);
  }
  if (!signal.aborted) await once(signal, 'abort');
  const timer = setTimeout(() => {
    stderr.write('plimsoll: stopping took too long; what was in hand is done again at the next start\n');
    process.exit(1);
  }, STOP_MS);
  timer.unref();
  await running[Symbol.asyncDispose]();
  clearTimeout(timer);
}
