/**
 * Scans that a registry causes itself: it tells of a push, and what was pushed is scanned at once.
 *
 * Most products can add no header of one's choice, some can add no header at all: the secret goes wherever they can put it, and opens
 * nothing but this.
 */
import { hash, randomBytes } from 'node:crypto';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { type PushNotice, readPushNotices } from '#connector/push-notice.ts';
import { type Actor, recordAudit } from '#store/audit.ts';
import type { Trx } from '#store/database.ts';
import { deletePushHook, isPushHook, notePushNotice, putPushHook } from '#store/push-hook.ts';
import { getRegistry, lockRegistry, noRegistry, type RegistryRecord } from '#store/registry.ts';
import { listOpenRuns } from '#store/run.ts';
import { inTransaction } from '#store/transaction.ts';
import type { JobContext } from './job-context.ts';
import { scanImageNow } from './scan-image-now.ts';

/** Images that one notice may have scanned; more at once is what schedules are for. */
export const MAX_PUSHES = 50;

const PREFIX = 'plsh_';

/** What became of a notice. */
export interface PushOutcome {
  /** Runs that were begun. */
  readonly runIds: readonly string[];
  /** Tags for which a run waits already. */
  readonly waiting: number;
  /** Tags that cannot be scanned, and why. */
  readonly refused: readonly { readonly repository: string; readonly tag: string; readonly reason: string }[];
}

/**
 * Makes the address of a registry, or gives it another secret, at which the old one ends.
 * @throws {PlimsollError} `NOT_FOUND`, `CONFLICT` for the hosted registry, whose pushes are known anyway.
 */
export async function openPushHook(
  { store, now }: JobContext,
  { registryId, actor }: { readonly registryId: string; readonly actor: Actor },
): Promise<{ readonly secret: string }> {
  const secret = `${PREFIX}${randomBytes(32).toString('base64url')}`;
  await change({ store, now }, { registryId, actor, action: 'registry.hook.open' }, async (trx, registry, at) => {
    if (registry.type === 'hosted') {
      throw new PlimsollError(
        'CONFLICT',
        `Cannot make a push address for "${registry.name}": it is hosted here, and what is pushed is scanned anyway`,
      );
    }
    await putPushHook(trx, { registryId, hash: hash('sha256', secret), by: actor.name, at });
  });
  return { secret };
}

/** Removes the address of a registry. @throws {PlimsollError} `NOT_FOUND` when it has none. */
export async function closePushHook(
  { store, now }: JobContext,
  { registryId, actor }: { readonly registryId: string; readonly actor: Actor },
): Promise<void> {
  await change({ store, now }, { registryId, actor, action: 'registry.hook.close' }, async (trx, registry) => {
    if (await deletePushHook(trx, registryId)) return;
    throw new PlimsollError('NOT_FOUND', `Cannot remove the push address of "${registry.name}": it has none`);
  });
}

/**
 * Takes a notice from a registry, and begins a run for each tag that it tells of, unless one waits already.
 * @throws {PlimsollError} `UNAUTHENTICATED` for a wrong secret or a registry without an address, `REQUEST_INVALID` for a form that no
 * product sends.
 */
export async function receivePush(
  context: JobContext,
  {
    registryId,
    secret,
    body,
  }: { readonly registryId: string; readonly secret: string | undefined; readonly body: unknown },
): Promise<PushOutcome> {
  const { store, now } = context;
  const isOpen =
    secret?.startsWith(PREFIX) === true && (await isPushHook(store.db, registryId, hash('sha256', secret)));
  if (!isOpen) {
    throw new PlimsollError(
      'UNAUTHENTICATED',
      'Cannot take the notice: its secret is missing, wrong or replaced; make a fresh push address for the registry',
    );
  }
  const notice = readPushNotices(body);
  if (notice === undefined) {
    throw new PlimsollError(
      'REQUEST_INVALID',
      'Cannot take the notice: it has the form of no registry that Plimsoll knows',
    );
  }
  const registry = await getRegistry(store.db, registryId);
  const waiting = await waitingFor(context, registryId);
  const runIds: string[] = [];
  const refused: PushOutcome['refused'][number][] = [];
  let skipped = 0;
  for (const [index, push] of notice.pushes.entries()) {
    const { repository, tag } = { repository: withoutHost(push.repository, registry), tag: push.tag };
    if (index >= MAX_PUSHES) {
      refused.push({ ...push, reason: `A notice may have ${MAX_PUSHES} images scanned` });
    } else if (waiting.has(keyOf({ repository, tag }))) {
      skipped += 1;
    } else {
      const actor = { name: `push to ${registry.name}` };
      try {
        const run = await scanImageNow(context, { registryId, repository, tag, trigger: 'push', actor });
        runIds.push(run.id);
      } catch (error) {
        if (!(error instanceof PlimsollError)) throw error;
        refused.push({ repository: printable(repository, 200), tag: printable(tag, 130), reason: error.message });
      }
    }
  }
  const images = notice.pushes.length === 0 ? undefined : runIds.length;
  await notePushNotice(store.db, { registryId, form: notice.form, images, at: now() });
  return { runIds, waiting: skipped, refused };
}

const keyOf = ({ repository, tag }: PushNotice) => JSON.stringify([repository, tag]);

/** Tags that a run will look at which has not begun: it will find what was pushed just now. */
async function waitingFor({ store }: JobContext, registryId: string): Promise<ReadonlySet<string>> {
  const runs = await listOpenRuns(store.db, registryId);
  const waiting = runs.filter(
    ({ kind, state, startedAt }) => kind === 'image' && state === 'Queued' && startedAt === undefined,
  );
  return new Set(
    waiting.flatMap(
      ({ settings }) =>
        (settings as { targets?: readonly { repository: string; tags: readonly string[] }[] }).targets?.flatMap(
          ({ repository, tags }) => tags.map(tag => keyOf({ repository, tag })),
        ) ?? [],
    ),
  );
}

/** Some products write the host before the repository. */
function withoutHost(repository: string, { host }: Pick<RegistryRecord, 'host'>): string {
  return repository.startsWith(`${host}/`) ? repository.slice(host.length + 1) : repository;
}

async function change(
  { store, now }: Pick<JobContext, 'store' | 'now'>,
  about: { readonly registryId: string; readonly actor: Actor; readonly action: string },
  act: (trx: Trx, registry: RegistryRecord, at: Date) => Promise<void>,
): Promise<void> {
  const { registryId, actor, action } = about;
  await inTransaction(store.db, async trx => {
    const registry = await lockRegistry(trx, registryId);
    if (registry === undefined || registry.removedAt !== undefined) throw noRegistry(registryId);
    const at = now();
    await act(trx, registry, at);
    const { namespaceId, name } = registry;
    const subject = { subjectKind: 'registry', subjectId: registryId, detail: { name } };
    await recordAudit(trx, { at, actor, action, namespaceId, ...subject });
  });
}
