/**
 * Adding, editing and removing registries. Credentials are sealed before they are stored, and never come back.
 */
import { randomUUID } from 'node:crypto';
import { PlimsollError } from '#base/errors.ts';
import type { RegistrySettings } from '#connector/connector.ts';
import type { RegistryCredentials } from '#connector/credentials.ts';
import { type Actor, recordAudit } from '#store/audit.ts';
import type { Trx } from '#store/database.ts';
import {
  getRegistry,
  insertRegistry,
  lockRegistry,
  noRegistry,
  type RegistryRecord,
  updateRegistry as updateStored,
} from '#store/registry.ts';
import { listOpenRuns } from '#store/run.ts';
import { listSchedules } from '#store/schedule.ts';
import { inTransaction } from '#store/transaction.ts';
import { registryDeletionRefusal } from '../schedule/action.ts';
import type { JobState } from '../schedule/state.ts';
import type { JobContext } from './job-context.ts';
import { applyToJob, loadRun, loadSchedule } from './job-state.ts';
import { deleteIn } from './manage-schedule.ts';
import { checkRegistry, hintOf, readRegistry, registryEdit, registryInput } from './registry-input.ts';
import { requireConnected } from './require-connected.ts';
import { connectorSettings, openCredentials } from './schedule-facts.ts';
import { ViolationError } from './violation-error.ts';

/**
 * Adds a registry; nothing is asked of it yet.
 * @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID`, `CONFLICT` for a name that is taken.
 */
export async function createRegistry(
  { store, sealer, now }: JobContext,
  { namespaceId, input, actor }: { readonly namespaceId: string; readonly input: unknown; readonly actor: Actor },
): Promise<RegistryRecord> {
  const given = readRegistry(registryInput, input);
  const { type, url, tls, proxy, product, credentials } = given;
  const { settings, host } = await checkRegistry({ type, url, tls, proxy, product }, credentials);
  const id = randomUUID();
  return await inTransaction(store.db, async trx => {
    const at = now();
    const registry = await insertRegistry(trx, {
      ...given,
      id,
      namespaceId,
      url: settings.url,
      host,
      settings: storedSettings(settings),
      credentialKind: credentials.kind,
      sealedCredentials: seal({ sealer }, id, credentials),
      credentialHint: hintOf(credentials),
      credentialExpiresAt: given.credentialExpiresAt,
      at,
    });
    await audit(trx, { registry, actor, at, action: 'registry.create', detail: { type, url: settings.url } });
    return registry;
  });
}

/**
 * Edits a registry: what is missing stays. Its last test says nothing any more when the way to it changed.
 * @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID`, also for another type or address; `VERSION_CONFLICT`, `CONFLICT`, `NOT_FOUND`.
 */
export async function updateRegistry(
  context: JobContext,
  {
    id,
    input,
    ifRevision,
    actor,
  }: { readonly id: string; readonly input: unknown; readonly ifRevision?: number | undefined; readonly actor: Actor },
): Promise<RegistryRecord> {
  const { store, now } = context;
  const edit = readRegistry(registryEdit, input);
  const known = await getRegistry(store.db, id);
  requireConnected(known, 'change');
  const before = connectorSettings(known);
  const credentials = edit.credentials ?? (await openCredentials(context, id));
  const { settings } = await checkRegistry(
    {
      type: edit.type ?? before.type,
      url: edit.url ?? before.url,
      tls: edit.tls ?? before.tls,
      proxy: edit.proxy ?? before.proxy,
      product: edit.product ?? before.product,
    },
    credentials,
  );
  if (settings.type !== before.type || settings.url !== before.url) {
    throw new PlimsollError(
      'REGISTRY_SETTINGS_INVALID',
      `Cannot change the type or address of the registry "${known.name}": add another registry instead`,
    );
  }
  return await inTransaction(store.db, async trx => {
    const locked = await lockRegistry(trx, id);
    if (locked === undefined || locked.removedAt !== undefined) throw noRegistry(id);
    if (locked.revision !== (ifRevision ?? known.revision)) {
      throw new PlimsollError('VERSION_CONFLICT', `Cannot save the registry ${id}: it was changed since you read it`);
    }
    const at = now();
    const isRekeyed = edit.credentials !== undefined;
    const registry = await updateStored(
      trx,
      id,
      {
        name: edit.name ?? locked.name,
        settings: storedSettings(settings),
        credentialKind: credentials.kind,
        ...(isRekeyed ? { sealedCredentials: seal(context, id, credentials) } : {}),
        credentialHint: isRekeyed ? hintOf(credentials) : locked.credentialHint,
        credentialExpiresAt: edit.credentialExpiresAt ?? (isRekeyed ? undefined : locked.credentialExpiresAt),
        sensorSelector: edit.sensorSelector ?? locked.sensorSelector,
        labels: edit.labels ?? locked.labels,
        maxListings: edit.maxListings ?? locked.maxListings,
        maxScans: edit.maxScans ?? locked.maxScans,
      },
      at,
    );
    await audit(trx, {
      registry,
      actor,
      at,
      action: 'registry.update',
      detail: { fields: Object.keys(edit).sort() },
    });
    return registry;
  });
}

/**
 * Removes a registry: its schedules at once, the rest in the background. `keepsImages`: images stay, as what once was there; else they go
 * with their reports, unless another registry has them.
 * @throws {ViolationError} `CONFLICT` (`REGISTRY_HAS_RUNNING_SCHEDULE`). @throws {PlimsollError} `NOT_FOUND`.
 */
export async function removeRegistry(
  { store, queue, now }: JobContext,
  { id, keepsImages = true, actor }: { readonly id: string; readonly keepsImages?: boolean; readonly actor: Actor },
): Promise<void> {
  await inTransaction(store.db, async trx => {
    const registry = await lockRegistry(trx, id);
    if (registry === undefined || registry.removedAt !== undefined) throw noRegistry(id);
    requireConnected(registry, 'remove');
    const at = now();
    const schedules = await listSchedules(trx, { registryId: id });
    const refusal = registryDeletionRefusal(schedules.map(({ state }) => state as JobState));
    if (refusal !== undefined) throw new ViolationError('CONFLICT', [refusal]);
    for (const schedule of schedules) {
      const handle = await loadSchedule(trx, registry, schedule.id);
      await deleteIn(trx, { registry, run: handle?.run, schedule }, { at, actor });
    }
    const reason = `Its registry was removed by ${actor.name}`;
    for (const run of await listOpenRuns(trx, id)) {
      const handle = await loadRun(trx, registry, run.id);
      if (handle !== undefined) await applyToJob(trx, handle, { kind: 'cancel', hasWorkInHand: false }, { at, reason });
    }
    await trx
      .updateTable('task')
      .set({ state: 'cancelled', leaseToken: null, leaseUntil: null, endedAt: at })
      .where('registryId', '=', id)
      .where('state', 'in', ['queued', 'leased'])
      .execute();
    await trx
      .updateTable('registry')
      .set({ removedAt: at, sealedCredentials: null, credentialHint: null })
      .where('id', '=', id)
      .execute();
    await queue.send(trx, 'removal', { kind: 'registry', id, keepsImages }, { singletonKey: id });
    await audit(trx, { registry, actor, at, action: 'registry.remove', detail: { keepsImages } });
  });
}

function storedSettings({ tls, proxy, product }: RegistrySettings): object {
  return { ...(tls === undefined ? {} : { tls }), ...(proxy === undefined ? {} : { proxy }), product };
}

function seal({ sealer }: Pick<JobContext, 'sealer'>, id: string, credentials: RegistryCredentials): Uint8Array | null {
  return credentials.kind === 'none' ? null : sealer.seal(JSON.stringify(credentials), `registry/${id}`);
}

async function audit(
  trx: Trx,
  {
    registry,
    actor,
    at,
    action,
    detail,
  }: {
    readonly registry: RegistryRecord;
    readonly actor: Actor;
    readonly at: Date;
    readonly action: string;
    readonly detail: Readonly<Record<string, unknown>>;
  },
): Promise<void> {
  await recordAudit(trx, {
    at,
    actor,
    action,
    namespaceId: registry.namespaceId,
    subjectKind: 'registry',
    subjectId: registry.id,
    detail: { name: registry.name, ...detail },
  });
}
