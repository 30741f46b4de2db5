/**
 * Runs commands as whole processes and tells what they took, as the operating system accounts for it.
 */
import { spawnSync } from 'node:child_process';

/** @typedef {{ wallSeconds: number, cpuSeconds: number, peakMiB: number }} Figures one run */

/**
 * Runs a command once and measures it with GNU time (Debian package `time`); its output is thrown away.
 * @param {readonly string[]} command @returns {Figures} @throws {Error} when it cannot be run or fails.
 */
export function measure(command, env = {}) {
  const started = process.hrtime.bigint();
  const { status, stderr, error } = spawnSync('/usr/bin/time', ['-f', 'figures %U %S %M', ...command], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const wallSeconds = Number(process.hrtime.bigint() - started) / 1e9;
  const match = /figures ([\d.]+) ([\d.]+) (\d+)\s*$/.exec(stderr ?? '');
  if (error !== undefined || status !== 0 || match === null) {
    throw new Error(
      `${command.join(' ')} failed: ${error?.message ?? (stderr ?? '').trim().split('\n').slice(-4).join(' | ')}`,
    );
  }
  const [user, system, peakKiB] = match.slice(1).map(Number);
  return { wallSeconds, cpuSeconds: user + system, peakMiB: peakKiB / 1024 };
}

/**
 * Measures several commands in turn (A B C A B C …), so that a machine that changes its speed does so for all of them.
 * @param {Record<string, readonly string[]>} commands @returns {Record<string, Figures[]>} per command, in order of the runs.
 */
export function measureInTurn(commands, runs) {
  const figures = Object.fromEntries(Object.keys(commands).map(name => [name, []]));
  for (let round = 0; round <= runs; round++) {
    for (const [name, command] of Object.entries(commands)) {
      const one = measure(command);
      // The first round warms the file cache and does not count.
      if (round > 0) figures[name].push(one);
    }
  }
  return figures;
}

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The median over rounds of a figure of `a` as a multiple of the same figure of `b` in the same round. */
export function ratio(a, b, figure) {
  return median(a.map((one, at) => one[figure] / b[at][figure]));
}
