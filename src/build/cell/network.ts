/**
 * What code of strangers reaches of the network while an image is built: the world, but not this machine.
 *
 * slirp4netns carries connections out of a network namespace as an ordinary process, without root; the machine's loopback, where
 * databases and administration ports listen, is closed to it, and so are link-local addresses, where clouds tell secrets.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';

/** The network of a cell. */
export interface Network extends AsyncDisposable {
  readonly kind: 'isolated' | 'none' | 'host';
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Opens the network of the namespace that `pid` holds. Without a wish it is isolated where slirp4netns works, else none.
 * @throws {PlimsollError} `BUILDER_UNABLE` when `isolated` is wished for and cannot be.
 */
export async function openNetwork(
  pid: number,
  wish: 'isolated' | 'none' | 'host' | undefined,
  signal: AbortSignal,
): Promise<Network> {
  const nothing = async () => {};
  if (wish === 'none' || wish === 'host') return { kind: wish, [Symbol.asyncDispose]: nothing };
  const opened = await openSlirp(pid, signal);
  if (typeof opened !== 'string') return opened;
  if (wish === undefined) return { kind: 'none', [Symbol.asyncDispose]: nothing };
  throw new PlimsollError(
    'BUILDER_UNABLE',
    `Cannot give builds a network of their own: slirp4netns is needed, and it says "${printable(opened)}"`,
  );
}

async function openSlirp(pid: number, signal: AbortSignal): Promise<Network | string> {
  const args = ['--configure', '--mtu=65520', '--disable-host-loopback', '--ready-fd=3', '--exit-fd=4'];
  const child = spawn('slirp4netns', [...args, `--userns-path=/proc/${pid}/ns/user`, String(pid), 'tap0'], {
    env: { PATH },
    // It ends when the last pipe is closed, however we end.
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', text => {
    said = (said + text).slice(-500);
  });
  const ended = once(child, 'close').catch(() => {});
  child.stdio[4]?.on('error', () => {});
  const ready = child.stdio[3] as Readable;
  ready.on('error', () => {});
  const isReady = await Promise.race([
    once(ready, 'data', { signal }).then(() => true),
    ended.then(() => false),
    once(child, 'error').then(() => false),
  ]);
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  if (!isReady) return said.trim() || 'it is not installed';
  if (!(await closeLinkLocal(pid))) {
    await stop();
    return 'ip of iproute2 is needed as well, to close what clouds tell secrets by';
  }
  return { kind: 'isolated', [Symbol.asyncDispose]: stop };
}

/** Nobody in the cell may change routes: what a Dockerfile runs lacks the right to. */
async function closeLinkLocal(pid: number): Promise<boolean> {
  const ranges = ['169.254.0.0/16', '100.100.100.200/32', '168.63.129.16/32', '192.0.0.192/32'];
  const ns = [`--user=/proc/${pid}/ns/user`, `--net=/proc/${pid}/ns/net`, '-S', '0', '-G', '0', '--'];
  // It stops at the first route that cannot be added.
  const child = spawn('nsenter', [...ns, 'ip', '-batch', '-'], { env: { PATH }, stdio: ['pipe', 'ignore', 'ignore'] });
  child.stdin.on('error', () => {});
  child.stdin.end(ranges.map(range => `route add blackhole ${range}\n`).join(''));
  const [status] = (await once(child, 'close').catch(() => [1])) as [number | null];
  return status === 0;
}
