/**
 * Which users of the machine the users inside a cell are: none that owns anything.
 *
 * Sources: user_namespaces(7), newuidmap(1), subuid(5).
 */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { PlimsollError } from '#base/errors.ts';

const run = promisify(execFile);

/** Users of a Linux image: beyond 65535 there is only "nobody" of some distributions. */
const SIZE = 65_536;
/** Where systemd begins to give out numbers for containers; nobody else has them (systemd, UIDS-GIDS.md). */
const FIRST = 524_288;
const SLOTS = 20_000;

/**
 * Gives the user namespace of `pid` its users. Returns which user of the machine its root is.
 *
 * Root of this machine maps a range of its own for each build, so that builds at the same time cannot touch each other either;
 * another user needs a range in /etc/subuid and /etc/subgid, and newuidmap.
 * @throws {PlimsollError} `BUILDER_UNABLE`.
 */
export async function mapIdentities(pid: number, slot: number): Promise<number> {
  const user = process.getuid?.() ?? 0;
  try {
    if (user !== 0) {
      await mapAsUser(pid, user, process.getgid?.() ?? user);
      return user;
    }
    const known = Number(/^\s*0\s+\d+\s+(\d+)\s*$/m.exec(await readFile('/proc/self/uid_map', 'utf8'))?.[1] ?? 0);
    // In a container that has few users of its own, all but its root are given away.
    const isWide = known >= FIRST + SLOTS * SIZE;
    const first = isWide ? FIRST + (slot % SLOTS) * SIZE : 1;
    const map = `0 ${first} ${isWide ? SIZE : known - 1}\n`;
    await writeFile(`/proc/${pid}/uid_map`, map);
    await writeFile(`/proc/${pid}/gid_map`, map);
    return first;
  } catch (error) {
    throw new PlimsollError(
      'BUILDER_UNABLE',
      `Cannot contain builds on this machine: no users can be mapped for them${user === 0 ? '' : '; install "uidmap", and give this user a range in /etc/subuid and /etc/subgid'}`,
      { cause: error },
    );
  }
}

async function mapAsUser(pid: number, user: number, group: number): Promise<void> {
  const name = /^([^:]+):/.exec(
    (await readFile('/etc/passwd', 'utf8')).split('\n').find(line => line.split(':')[2] === String(user)) ?? '',
  )?.[1];
  await run('newuidmap', [String(pid), '0', String(user), '1', '1', ...(await rangeOf('/etc/subuid', name, user))]);
  await run('newgidmap', [String(pid), '0', String(group), '1', '1', ...(await rangeOf('/etc/subgid', name, user))]);
}

async function rangeOf(file: string, name: string | undefined, user: number): Promise<readonly string[]> {
  for (const line of (await readFile(file, 'utf8')).split('\n')) {
    const [who, first, size] = line.split(':');
    if (first !== undefined && size !== undefined && (who === name || who === String(user))) {
      return [first, String(Math.min(Number(size), SIZE))];
    }
  }
  throw new Error(`${file} has no range for this user`);
}
