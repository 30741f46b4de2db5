/** The registry of this server is in the lists like any other, but is no connection: there is nothing to test, to schedule or to log in to. */
import { PlimsollError } from '#base/errors.ts';
import { HOSTED_TYPE } from '#store/hosting-space.ts';
import type { RegistryRecord } from '#store/registry.ts';

/**
 * Lets pass registries that this server is connected to. `what` is tried with it, as in `test`.
 * @throws {PlimsollError} `CONFLICT` for the hosted registry, with what to do instead.
 */
export function requireConnected({ name, type }: Pick<RegistryRecord, 'name' | 'type'>, what: string): void {
  if (type !== HOSTED_TYPE) return;
  throw new PlimsollError(
    'CONFLICT',
    `Cannot ${what} the registry "${name}": it is hosted by this server, which scans what is pushed by itself; push images to it, or delete them there`,
  );
}
