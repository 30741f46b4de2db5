/**
 * The test of a connection: everything that a scan will need, step by step, each with its result, its time and what to do.
 */
import { toPlimsollError } from '#base/errors.ts';
import type { Connection } from '../connection.ts';
import type { CallOptions, Connector, ProbeStep, RegistryProduct } from '../connector.ts';

/** What is tried. */
export interface ProbeSubject extends Pick<Connector, 'listRepositories' | 'listTags'> {
  readonly connection: Connection;
  readonly product: Pick<RegistryProduct, 'type' | 'capabilities'>;
}

/** The steps in their order, each when it is done; never throws but for an abort by the caller. */
export async function* probeConnection(
  subject: ProbeSubject,
  options: CallOptions & { readonly repository?: string | undefined },
): AsyncGenerator<ProbeStep> {
  const start = performance.now();
  try {
    await subject.connection.ping(options);
    yield { step: 'ping', result: 'ok', detail: 'answers as a registry', durationMs: performance.now() - start };
  } catch (error) {
    const { message, code } = toPlimsollError(error);
    yield { step: 'ping', result: 'failed', detail: message, code, durationMs: performance.now() - start };
  }
}
