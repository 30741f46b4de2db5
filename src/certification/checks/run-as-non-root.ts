/** RunAsNonRoot: the image does not start as root. */
import type { Check } from '../check.ts';

export const runAsNonRoot: Check = {
  name: 'RunAsNonRoot',
  level: 'best',
  description: 'The image names a user to run as that is not root',
  why: 'A weakness in a program that runs as root hands over the whole container, and with a weakness of the kernel the machine',
  fix: 'End the Dockerfile with USER and a number: USER 1001',
  judge({ config, files: { rootUsers = [] } }) {
    if (config === undefined) return { outcome: 'not-applicable', summary: 'A root folder names no user', found: [] };
    const { user } = config;
    const why = rootOf(user, rootUsers);
    if (why === undefined)
      return { outcome: 'passed', summary: `It runs as "${user}"`, found: [{ kind: 'user', subject: user }] };
    const isSeenByPreflight = user === '' || user === '0' || user === 'root';
    return {
      outcome: 'failed',
      summary: why,
      found: [
        { kind: 'user', subject: user === '' ? 'root' : user, detail: user === '' ? 'as no other is set' : 'is root' },
      ],
      ...(isSeenByPreflight
        ? {}
        : { differsFromPreflight: `Preflight compares the whole text with "0" and "root", and lets "${user}" pass` }),
    };
  },
};

/** Why `user[:group]` is root, `undefined` when it is not. `aliases`: names that the image's own list of users gives to root. */
function rootOf(user: string, aliases: readonly string[]): string | undefined {
  const [written = ''] = user.split(':', 1);
  const name = written.trim();
  if (user === '') return 'No user is set, so it runs as root';
  if (name === '') return `"${user}" names no user, so it runs as root`;
  if (aliases.includes(name)) return `It runs as "${user}", and /etc/passwd says that this is root`;
  // Runtimes read `00` as the number it is.
  return name === 'root' || /^[+-]?0+$/.test(name) ? `It runs as "${user}", which is root` : undefined;
}
