/** What somebody looks at: namespaces, a registry, a repository; with the waivers that set findings aside there. */
import type { FastifyRequest } from 'fastify';
import type { ServerContext } from '#store/context.ts';
import type { Scope } from '#store/visible.ts';
import { withWaivers } from '#store/waived-finding.ts';
import { namespacesOf } from '../route-access.ts';

/** The scope of the one who asks, of which a query may want a part. @throws {PlimsollError} `UNAUTHENTICATED`. */
export async function seenScope(
  request: FastifyRequest,
  { store, now }: Pick<ServerContext, 'now'> & { readonly store: Pick<ServerContext['store'], 'db'> },
  {
    namespace,
    registry,
    repository,
  }: {
    readonly namespace?: string | undefined;
    readonly registry?: string | undefined;
    readonly repository?: string | undefined;
  } = {},
): Promise<Scope> {
  const scope = { namespaceIds: namespacesOf(request, namespace), registryId: registry, repository };
  return await withWaivers(store.db, scope, now());
}
