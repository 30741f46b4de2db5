/** What the registry's routes work with. */
import type { HostingContext } from '#hosting/context.ts';
import type { PullLog } from '#hosting/pull-log.ts';
import type { TokenSigner } from '#hosting/token.ts';

export interface OciContext {
  readonly hosting: HostingContext;
  readonly signer: TokenSigner;
  readonly pulls: PullLog;
  /** How clients reach the server, when that was set; otherwise by the name that each request came by. */
  readonly publicUrl: string | undefined;
}
