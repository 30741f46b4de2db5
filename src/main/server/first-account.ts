/** The first account of a server: made from the settings, or by whoever opens the address that the server prints. */
import { ensureAdmin, prepareSetup } from '#access/setup.ts';
import { PlimsollError } from '#base/errors.ts';
import type { ServerSettings } from '#base/server-settings.ts';
import type { ServerContext } from '#store/context.ts';

const ADMIN = 'admin';

/**
 * Sees to it that somebody can run the server. Gives the path at which the first account is made, when nobody can sign in yet: its token is
 * behind the `#`, which browsers keep to themselves.
 * @throws {PlimsollError} `CONFIGURATION_INVALID` for a password that is not good enough.
 */
export async function prepareFirstAccount(
  context: ServerContext,
  { adminPassword }: Pick<ServerSettings, 'adminPassword'>,
): Promise<string | undefined> {
  if (adminPassword !== undefined) {
    try {
      await ensureAdmin(context, { name: ADMIN, password: adminPassword });
    } catch (error) {
      if (!(error instanceof PlimsollError) || error.code !== 'REQUEST_INVALID') throw error;
      throw new PlimsollError('CONFIGURATION_INVALID', `Cannot use PLIMSOLL_ADMIN_PASSWORD: ${error.message}`, {
        cause: error,
      });
    }
  }
  const token = await prepareSetup(context);
  return token === undefined ? undefined : `/setup#${token}`;
}
