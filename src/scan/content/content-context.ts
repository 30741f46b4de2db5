/** What use cases about images and what is in them work with. */
import type { ServerContext } from '#store/context.ts';
import type { VulnerabilityHolder } from './vulnerability-holder.ts';

/** A server's context, and its vulnerability database. */
export interface ContentContext extends ServerContext {
  readonly vulnerabilities: VulnerabilityHolder;
}
