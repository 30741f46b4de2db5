/**
 * `plimsoll` as a process of its own with a clock that the test moves: `FAULT_CLOCK` names a file with the milliseconds that it is ahead.
 * Sensors tell of themselves every quarter of a second, so that the test need not wait for them. All else is the real program.
 */
import { readFileSync } from 'node:fs';
import module from 'node:module';
import type { CliContext } from '#cli/context.ts';
import { runCli } from '#cli/program.ts';
import { serve } from '#main/server/serve.ts';

module.enableCompileCache?.();
const clock = process.env['FAULT_CLOCK'] ?? '';
const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());

const context: CliContext = {
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: stop.signal,
  version: '0.0.0-faults',
  now: () => new Date(Date.now() + Number(readFileSync(clock, 'utf8'))),
  sensorTiming: { heartbeatMs: 250, leaseWaitMs: 1000, report: { baseDelayMs: 50, maxDelayMs: 500 } },
  serve: settings => serve(settings, context),
};
process.exitCode = await runCli(process.argv.slice(2), context);
