/**
 * Users of the image who are root by another name: `/etc/passwd` may give the number 0 to anybody.
 *
 * Facts are in `extra.rootUsers`: their names, without `root`; nothing for the usual file. Source: passwd(5).
 */
import type { Cataloguer } from '../cataloguer.ts';
import { bodyText } from '../file-body.ts';

const MAX_BYTES = 1024 * 1024;
/** More than one is odd already. */
const MAX_USERS = 50;
const MAX_NAME_LENGTH = 256;

export const passwdCataloguer: Cataloguer = {
  id: 'passwd',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: ({ name, path }) => name === 'passwd' && path === 'etc/passwd',
  read(file) {
    const users = new Set<string>();
    for (const line of bodyText(file.body, MAX_BYTES).split('\n')) {
      const [name = '', , id = ''] = line.split(':', 4);
      if (/^0+$/.test(id) && name !== '' && name !== 'root' && name.length <= MAX_NAME_LENGTH) users.add(name);
      if (users.size >= MAX_USERS) break;
    }
    return users.size === 0 ? undefined : { extra: { rootUsers: [...users] } };
  },
};
