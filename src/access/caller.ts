/**
 * A request to change something: who asks, and by which request. What use cases of access take after their context.
 */
import type { Actor } from '#store/audit.ts';
import type { ServerContext } from '#store/context.ts';
import { type Principal, SYSTEM } from './principal.ts';

/** What the use cases of access work with. */
export type AccessContext = Pick<ServerContext, 'store' | 'sealer' | 'now'>;

/** Who asks, and by which request. */
export interface Caller {
  readonly principal: Principal;
  readonly requestId?: string | undefined;
  readonly remoteAddress?: string | undefined;
}

/** The server acting by itself. */
export const SYSTEM_CALLER: Caller = { principal: SYSTEM };

/** The caller as the audit log names it. */
export function toActor({ principal, requestId, remoteAddress }: Caller): Actor {
  const { accountId, apiKeyId, name } = principal;
  return { accountId, apiKeyId, name, requestId, remoteAddress };
}
