import { expect, test } from 'vitest';
import { toBody } from '../file-body.ts';
import { passwdCataloguer } from './cataloguer.ts';

const entry = { path: 'etc/passwd', name: 'passwd', sizeBytes: 1, mode: 0o644 };
const read = (text: string) => passwdCataloguer.read({ ...entry, body: toBody(Buffer.from(text)) });
const USUAL = 'root:x:0:0:root:/root:/bin/sh\nbin:x:1:1::/:/sbin/nologin\napp:x:1001:0::/:/sbin/nologin\n';

test.each([
  { text: USUAL, users: undefined, why: 'root alone is root' },
  { text: `${USUAL}toor:x:0:0::/root:/bin/sh\n`, users: ['toor'], why: 'another name of root' },
  { text: 'admin:x:00:0::/:\n', users: ['admin'], why: 'zero in two digits' },
  { text: 'nobody:x::0::/:\n:x:0:0::/:\n', users: undefined, why: 'no number, no name' },
  { text: 'nonsense', users: undefined, why: 'no file of users' },
])('users that are root: $users ($why)', ({ text, users }) => {
  expect(read(text)?.extra?.['rootUsers']).toEqual(users);
});

test('only the users of the image itself count', () => {
  expect(passwdCataloguer.claims(entry)).toBe(true);
  expect(passwdCataloguer.claims({ ...entry, path: 'mnt/guest/etc/passwd' })).toBe(false);
});
