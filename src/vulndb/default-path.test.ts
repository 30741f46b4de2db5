import { expect, test } from 'vitest';
import { defaultDatabasePath } from './default-path.ts';

test.each<{ env: Record<string, string>; platform: NodeJS.Platform; path: string; why: string }>([
  { env: {}, platform: 'linux', path: '/home/me/.local/share/plimsoll/vulnerability.db', why: 'XDG’s default' },
  { env: { XDG_DATA_HOME: '/data' }, platform: 'linux', path: '/data/plimsoll/vulnerability.db', why: 'XDG’s folder' },
  {
    env: { XDG_DATA_HOME: 'data' },
    platform: 'linux',
    path: '/home/me/.local/share/plimsoll/vulnerability.db',
    why: 'a relative folder does not count',
  },
  { env: { PLIMSOLL_DB: 'my.db', XDG_DATA_HOME: '/data' }, platform: 'linux', path: 'my.db', why: 'as the user says' },
  {
    env: {},
    platform: 'darwin',
    path: '/home/me/Library/Application Support/plimsoll/vulnerability.db',
    why: 'Apple’s folder',
  },
  { env: { LOCALAPPDATA: '/L' }, platform: 'win32', path: '/L/plimsoll/vulnerability.db', why: 'Microsoft’s folder' },
])('on $platform the database is at $path: $why', ({ env, platform, path }) => {
  expect(defaultDatabasePath({ env, platform, home: '/home/me' })).toBe(path);
});
