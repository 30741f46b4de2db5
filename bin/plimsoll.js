#!/usr/bin/env node
/**
 * Starts Plimsoll on a Node.js that can run it.
 *
 * Plain JavaScript for old runtimes: on one older than 24 it looks for the `node` package, which `npm ci` brings to a checkout, and says
 * what to install when there is none. In a checkout the TypeScript sources run as they are; the published package has `dist` instead.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import module from 'node:module';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import v8 from 'node:v8';

const WANTED_MAJOR = 24;
const at = path => new URL(`../${path}`, import.meta.url);
const args = process.argv.slice(2);

if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
  process.stdout.write(`${JSON.parse(readFileSync(at('package.json'), 'utf8')).version}\n`);
} else {
  await start();
}

async function start() {
  const isCheckout = existsSync(at('src/main/cli.ts'));
  const canRun = Number(process.versions.node.split('.')[0]) >= WANTED_MAJOR;
  const hasCondition = process.execArgv.includes('--conditions=plimsoll-source');
  if (canRun && (!isCheckout || hasCondition)) {
    module.enableCompileCache?.();
    // Measured: a scan makes little garbage on this thread, and a young generation that stays small saves 20 MB.
    v8.setFlagsFromString('--semi-space-growth-factor=1');
    const { main } = await import(at(isCheckout ? 'src/main/cli.ts' : 'dist/main/cli.js').href);
    await main(args);
    return;
  }
  const runtime = canRun ? process.execPath : findRuntime();
  if (runtime === undefined) {
    process.stderr.write(
      `plimsoll: this is Node.js ${process.versions.node}; install Node.js ${WANTED_MAJOR} or later, or run "npm ci" here, which brings one\n`,
    );
    process.exitCode = 2;
    return;
  }
  const options = isCheckout ? ['--conditions=plimsoll-source'] : [];
  run(runtime, [...options, fileURLToPath(import.meta.url), ...args]);
}

/** The runtime that the `node` package of npm installed, here or where this package was installed. */
function findRuntime() {
  const places = ['node_modules/node/bin/node', '../node/bin/node'].map(path => fileURLToPath(at(path)));
  return places.find(path => existsSync(path));
}

/** Runs the real process in our place: its streams are ours, signals go to it, its end is our end. */
function run(command, commandArgs) {
  // Of glibc's memory arenas, one per thread, two do: measured, the rest only keep memory that nobody uses.
  const env = { MALLOC_ARENA_MAX: '2', ...process.env };
  const child = spawn(command, commandArgs, { stdio: 'inherit', env });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // A terminal sends Ctrl-C to both processes; only what was sent to us alone is passed on.
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('error', error => {
    process.stderr.write(`plimsoll: cannot start ${command}: ${error.message}\n`);
    process.exitCode = 70;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
  });
}
