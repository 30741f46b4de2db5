/**
 * Testing settings of a registry before anything of them is kept. No sensor can do it, for those are told of registries that are kept: the
 * server tries the way itself, and says so.
 */
import { PlimsollError } from '#base/errors.ts';
import type { ConnectorOptions } from '#connector/connector.ts';
import { openConnector } from '#connector/open-connector.ts';
import { type Actor, recordAudit } from '#store/audit.ts';
import type { JobContext } from './job-context.ts';
import { healthOfProbe } from './probe-health.ts';
import { checkRegistry, type DraftInput } from './registry-input.ts';
import type { ConnectionTest } from './test-connection.ts';

/** How the server itself reaches registries: as its built-in sensor does. */
export type ProbeWorld = Pick<ConnectorOptions, 'env' | 'allowsPrivateAddresses' | 'userAgent'>;

/** Tests at a time in one server: each is a person who waits, and a connection to a place that only that person vouches for. */
const MAX_AT_A_TIME = 4;
const MAX_STEPS = 50;
let running = 0;

/**
 * Tries the way to a registry by settings that are not kept. `sensorId` of the result is undefined: it was the server.
 * @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID`, also for settings that ask for certain sensors, which cannot be tried from here;
 * `TOO_MANY_REQUESTS`.
 */
export async function testDraft(
  { store, now }: Pick<JobContext, 'store' | 'now'>,
  world: ProbeWorld,
  {
    namespaceId,
    draft,
    actor,
    signal,
  }: {
    readonly namespaceId: string;
    readonly draft: DraftInput;
    readonly actor: Actor;
    readonly signal: AbortSignal;
  },
): Promise<ConnectionTest> {
  const { type, url, tls, proxy, product, credentials, repository } = draft;
  if (Object.keys(draft.sensorSelector).length > 0) {
    throw new PlimsollError(
      'REGISTRY_SETTINGS_INVALID',
      'Cannot test settings that ask for certain sensors before they are kept: save the registry, and its test runs on one of them',
    );
  }
  const { settings } = await checkRegistry({ type, url, tls, proxy, product }, credentials);
  if (running >= MAX_AT_A_TIME) {
    throw new PlimsollError(
      'TOO_MANY_REQUESTS',
      `Cannot test the connection now: ${MAX_AT_A_TIME} other tests are running; try again in a minute`,
    );
  }
  running += 1;
  try {
    await recordAudit(store.db, {
      at: now(),
      actor,
      action: 'registry.test-draft',
      namespaceId,
      subjectKind: 'namespace',
      subjectId: namespaceId,
      detail: { type, url: settings.url },
    });
    await using connector = await openConnector({ ...world, settings, credentials, now: () => now().getTime() });
    const steps: unknown[] = [];
    for await (const step of connector.probe({ signal, ...(repository === undefined ? {} : { repository }) })) {
      if (steps.length < MAX_STEPS) steps.push(step);
    }
    const { health, isOk } = healthOfProbe(steps);
    return { at: now().toISOString(), sensorId: undefined, isOk, health, steps };
  } finally {
    running -= 1;
  }
}
