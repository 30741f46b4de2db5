/**
 * Waivers as people make, change and end them. What is over stays readable and is never revived: a new waiver has a new reason.
 */
import { randomUUID } from 'node:crypto';
import { PlimsollError } from '#base/errors.ts';
import { type Actor, recordAudit } from '#store/audit.ts';
import type { ServerContext } from '#store/context.ts';
import type { Db } from '#store/database.ts';
import { type NewEvent, recordEvents } from '#store/event.ts';
import { findManifestView } from '#store/manifest-view.ts';
import { getRegistry } from '#store/registry.ts';
import { findRepository } from '#store/repository.ts';
import { storableText } from '#store/row-set.ts';
import {
  changeWaiver,
  countActiveWaivers,
  dayOf,
  findWaiver,
  insertWaiver,
  type StoredWaiver,
  stateOfWaiver,
  takeExpiredWaivers,
  type WaiverScope,
} from '#store/waiver.ts';

type WaiverContext = Pick<ServerContext, 'store' | 'now'>;

/** So many may hold at once in a namespace: each is asked about whenever findings are counted. */
export const MAX_ACTIVE_WAIVERS = 1000;

/** What somebody says who makes a waiver. */
export interface WaiverDraft {
  readonly namespaceId: string;
  readonly vulnerability: string;
  readonly package?: string | undefined;
  readonly scope: WaiverScope;
  readonly reason: string;
  /** ISO date, today (UTC) or later. */
  readonly expiresOn?: string | undefined;
}

/**
 * Makes a waiver. @throws {PlimsollError} `NOT_FOUND` when its scope is not of the namespace, `REQUEST_INVALID` for a day that is past,
 * `LIMIT_EXCEEDED` when too many hold.
 */
export async function createWaiver(
  { store, now }: WaiverContext,
  draft: WaiverDraft,
  actor: Actor,
): Promise<StoredWaiver> {
  const at = now();
  checkDay(draft.expiresOn, at);
  const { namespaceId, scope } = draft;
  return await store.db.transaction().execute(async trx => {
    await requireScope(trx, namespaceId, scope);
    if ((await countActiveWaivers(trx, namespaceId, at)) >= MAX_ACTIVE_WAIVERS) {
      throw new PlimsollError(
        'LIMIT_EXCEEDED',
        `Cannot make the waiver: ${MAX_ACTIVE_WAIVERS} hold in this namespace; end some of them first`,
      );
    }
    const reason = storableText(draft.reason);
    const made = await insertWaiver(trx, {
      ...{ namespaceId, scope, reason, at },
      id: randomUUID(),
      vulnerability: draft.vulnerability,
      package: draft.package,
      expiresOn: draft.expiresOn,
      createdBy: actor.name,
    });
    await audit(trx, 'waiver.create', made, { at, actor, detail: shown(made) });
    await recordEvents(trx, [toEvent('waiver.created', made, { at, by: actor.name })]);
    return made;
  });
}

/**
 * Changes why a waiver holds, or until when; `expiresOn: null` is for ever.
 * @throws {PlimsollError} `NOT_FOUND`, `REQUEST_INVALID`, `CONFLICT` when it is over, `VERSION_CONFLICT`.
 */
export async function updateWaiver(
  { store, now }: WaiverContext,
  id: string,
  change: { readonly reason?: string | undefined; readonly expiresOn?: string | null | undefined },
  { actor, revision }: { readonly actor: Actor; readonly revision?: number | undefined },
): Promise<StoredWaiver> {
  const at = now();
  checkDay(change.expiresOn ?? undefined, at);
  const reason = change.reason === undefined ? undefined : storableText(change.reason);
  return await store.db.transaction().execute(async trx => {
    await requireActive(trx, id, at, 'change');
    const changed = await changeWaiver(trx, id, { ...change, reason }, { at, revision });
    if (changed === undefined) throw changedMeanwhile('change');
    await audit(trx, 'waiver.update', changed, { at, actor, detail: shown(changed) });
    return changed;
  });
}

/** Ends a waiver; it stays readable. @throws {PlimsollError} `NOT_FOUND`, `CONFLICT` when it is over, `VERSION_CONFLICT`. */
export async function endWaiver(
  { store, now }: WaiverContext,
  id: string,
  { actor, revision }: { readonly actor: Actor; readonly revision?: number | undefined },
): Promise<StoredWaiver> {
  const at = now();
  return await store.db.transaction().execute(async trx => {
    await requireActive(trx, id, at, 'end');
    const ended = await changeWaiver(trx, id, { endedBy: actor.name }, { at, revision });
    if (ended === undefined) throw changedMeanwhile('end');
    await audit(trx, 'waiver.end', ended, { at, actor, detail: shown(ended) });
    await recordEvents(trx, [toEvent('waiver.ended', ended, { at, by: actor.name })]);
    return ended;
  });
}

/** Tells of waivers whose last day is over, each once. They hold no more since then, whether it has been told or not. */
export async function tellExpiredWaivers({ store, now }: WaiverContext): Promise<void> {
  const at = now();
  await store.db.transaction().execute(async trx => {
    const expired = await takeExpiredWaivers(trx, at);
    await recordEvents(
      trx,
      expired.map(waiver => toEvent('waiver.expired', waiver, { at })),
    );
  });
}

/** A waiver, whatever became of it. @throws {PlimsollError} `NOT_FOUND`. */
export async function getWaiver(db: Db, id: string): Promise<StoredWaiver> {
  const found = await findWaiver(db, id);
  if (found === undefined) throw new PlimsollError('NOT_FOUND', 'Cannot find the waiver: there is none of that id');
  return found;
}

async function requireActive(db: Db, id: string, at: Date, verb: string): Promise<void> {
  const state = stateOfWaiver(await getWaiver(db, id), at);
  if (state === 'active') return;
  throw new PlimsollError('CONFLICT', `Cannot ${verb} the waiver: it is over (${state}); make a new one`);
}

function changedMeanwhile(verb: string): PlimsollError {
  return new PlimsollError(
    'VERSION_CONFLICT',
    `Cannot ${verb} the waiver: somebody else has changed it; read it again`,
  );
}

function checkDay(expiresOn: string | undefined, at: Date): void {
  if (expiresOn === undefined || expiresOn >= dayOf(at)) return;
  throw new PlimsollError(
    'REQUEST_INVALID',
    `Cannot accept it until ${expiresOn}: that day is over; today is ${dayOf(at)}`,
  );
}

/** That what a waiver is for is there, in its namespace. @throws {PlimsollError} `NOT_FOUND`, `REQUEST_INVALID`. */
export async function requireScope(db: Db, namespaceId: string, scope: WaiverScope): Promise<void> {
  switch (scope.kind) {
    case 'namespace':
      return;
    case 'image': {
      const view = await findManifestView(db, scope.digest, { namespaceIds: [namespaceId] });
      if (view === undefined) throw notThere(`image ${scope.digest}`);
      if (view.kind !== 'index') return;
      throw new PlimsollError(
        'REQUEST_INVALID',
        `Cannot accept anything in ${scope.digest}: it is an index, which has no packages; name an image in it`,
      );
    }
    case 'registry':
    case 'repository': {
      const registry = await getRegistry(db, scope.registryId);
      if (registry.namespaceId !== namespaceId || registry.removedAt !== undefined) throw notThere('registry');
      if (scope.kind === 'registry') return;
      const repository = await findRepository(db, scope.registryId, scope.repository);
      if (repository === undefined) throw notThere(`repository "${scope.repository}"`);
      return;
    }
    default:
      return scope satisfies never;
  }
}

function notThere(what: string): PlimsollError {
  return new PlimsollError('NOT_FOUND', `Cannot find the ${what} in this namespace: waivers are for what is in theirs`);
}

async function audit(
  db: Db,
  action: string,
  { id, namespaceId }: StoredWaiver,
  {
    at,
    actor,
    detail,
  }: { readonly at: Date; readonly actor: Actor; readonly detail: Readonly<Record<string, unknown>> },
): Promise<void> {
  await recordAudit(db, { at, actor, action, namespaceId, subjectKind: 'waiver', subjectId: id, detail });
}

function toEvent(
  kind: 'waiver.created' | 'waiver.ended' | 'waiver.expired',
  waiver: StoredWaiver,
  { at, by }: { readonly at: Date; readonly by?: string },
): NewEvent {
  const { id, namespaceId, scope } = waiver;
  return {
    kind,
    at,
    namespaceId,
    registryId: 'registryId' in scope ? scope.registryId : undefined,
    data: { waiverId: id, ...shown(waiver), ...(by === undefined ? {} : { by }) },
  };
}

function shown({ vulnerability, package: name, scope, reason, expiresOn }: StoredWaiver) {
  return {
    vulnerability,
    ...(name === undefined ? {} : { package: name }),
    scope,
    reason,
    ...(expiresOn === undefined ? {} : { expiresOn }),
  };
}
