/** Where the vulnerability database is when nobody says where: the place for data that the platform has. */
import { join } from 'node:path';

/** The environment, the platform as Node names it, and the user's home. */
export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly home: string;
}

/**
 * `$PLIMSOLL_DB`, else `vulnerability.db` in the user's data folder: `$XDG_DATA_HOME/plimsoll` (`~/.local/share/plimsoll`),
 * `~/Library/Application Support/plimsoll`, `%LOCALAPPDATA%\plimsoll`.
 *
 * Source: XDG Base Directory Specification 0.8, whose relative paths are to be ignored; Apple's and Microsoft's guides for user data.
 */
export function defaultDatabasePath({ env, platform, home }: Machine): string {
  const named = env['PLIMSOLL_DB'];
  if (named) return named;
  return join(dataFolder({ env, platform, home }), 'plimsoll', 'vulnerability.db');
}

function dataFolder({ env, platform, home }: Machine): string {
  const xdg = env['XDG_DATA_HOME'] ?? '';
  if (xdg.startsWith('/')) return xdg;
  if (platform === 'darwin') return join(home, 'Library/Application Support');
  if (platform === 'win32') return env['LOCALAPPDATA'] || join(home, 'AppData/Local');
  return join(home, '.local/share');
}
