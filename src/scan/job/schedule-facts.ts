/**
 * What the rules of a schedule ask about its registry, and the judgement of settings by them.
 */
import { PlimsollError } from '#base/errors.ts';
import type { RegistrySettings } from '#connector/connector.ts';
import { type RegistryCredentials, registryCredentials } from '#connector/credentials.ts';
import { openConnector } from '#connector/open-connector.ts';
import type { RegistryType } from '#connector/registry-type.ts';
import { findSealedCredentials, type RegistryRecord } from '#store/registry.ts';
import { type ScheduleSettings, scheduleDraftSchema } from '../schedule/settings.ts';
import { type ScheduleFacts, validateSettings } from '../schedule/validate-settings.ts';
import type { Violation } from '../schedule/violation.ts';
import type { JobContext } from './job-context.ts';
import { productOf } from './run-progress.ts';
import { ViolationError } from './violation-error.ts';

/** The settings of a registry as connectors take them. */
export function connectorSettings({ type, url, settings }: RegistryRecord): RegistrySettings {
  const rest = settings as Pick<RegistrySettings, 'tls' | 'proxy' | 'product'>;
  return { type: type as RegistryType, url, ...rest };
}

/** The credentials of a registry, opened. @throws {PlimsollError} `CONFIGURATION_INVALID` when they were sealed with another key. */
export async function openCredentials(
  { store, sealer }: Pick<JobContext, 'store' | 'sealer'>,
  registryId: string,
): Promise<RegistryCredentials> {
  const sealed = await findSealedCredentials(store.db, registryId);
  if (sealed === undefined) return { kind: 'none' };
  return registryCredentials.parse(JSON.parse(sealer.open(sealed, `registry/${registryId}`)));
}

/** Settings that passed the rules, and what people should know about them. */
export interface CheckedSettings {
  readonly settings: ScheduleSettings;
  readonly warnings: readonly Violation[];
}

/**
 * Judges settings as somebody wrote them.
 * @throws {ViolationError} `SCHEDULE_INVALID` with every violation. @throws {PlimsollError} `REQUEST_INVALID` for another shape.
 */
export async function checkSettings(
  context: JobContext,
  registry: RegistryRecord,
  input: unknown,
  existing?: ScheduleFacts['existing'],
): Promise<CheckedSettings> {
  const draft = scheduleDraftSchema.safeParse(input);
  if (!draft.success) {
    const [issue] = draft.error.issues;
    const field = issue?.path.join('.') ?? '';
    throw new PlimsollError(
      'REQUEST_INVALID',
      `Cannot read the settings of a scan job: ${field === '' ? '' : `${field}: `}${issue?.message ?? 'malformed'}`,
    );
  }
  const { settings, errors, warnings } = validateSettings(draft.data, {
    product: await productOf(registry),
    features: context.features,
    // Listings tell when an image was built, and when a tag was first seen.
    estimatesDates: true,
    isCompatibilityMode: context.isCompatibilityMode,
    normaliseRepository: await normaliserOf(context, registry),
    existing,
  });
  if (settings === undefined) {
    const isRefusal = errors.some(({ code }) => code === 'SCHEDULE_RUNNING' || code === 'SCHEDULE_IMMUTABLE');
    throw new ViolationError(isRefusal ? 'CONFLICT' : 'SCHEDULE_INVALID', errors);
  }
  return { settings, warnings };
}

/** How the registry writes repositories; `undefined` when its connector cannot be opened now, which a run will tell. */
async function normaliserOf(
  context: JobContext,
  registry: RegistryRecord,
): Promise<((text: string) => string) | undefined> {
  try {
    // Opening asks nothing of the registry.
    await using connector = await openConnector({
      settings: connectorSettings(registry),
      credentials: await openCredentials(context, registry.id),
      env: {},
      allowsPrivateAddresses: false,
    });
    const { normaliseRepository } = connector;
    return text => normaliseRepository.call(connector, text);
  } catch (error) {
    if (error instanceof PlimsollError) return undefined;
    throw error;
  }
}
