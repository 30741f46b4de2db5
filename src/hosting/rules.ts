/**
 * Rules of spaces: how much they may hold, how long manifests stay that no tag leads to, whether everybody may pull. Whoever runs the server
 * sets the defaults and the quotas; the admin of a namespace sets the others for its spaces.
 */
import { type Caller, toActor } from '#access/caller.ts';
import { hasRole, requireRole, visibleNamespaces } from '#access/principal.ts';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { recordAudit } from '#store/audit.ts';
import {
  findDefaultRules,
  findSpace,
  findUsedBytes,
  type HostedSpace,
  listSpaces as listStoredSpaces,
  type RulesChange,
  type SpaceRules,
  updateDefaultRules,
  updateSpace,
} from '#store/hosting-space.ts';
import { inTransaction } from '#store/transaction.ts';
import type { HostingContext } from './context.ts';

type RulesContext = Pick<HostingContext, 'store' | 'now'>;

/** A space with what its repositories hold, in bytes of distinct blobs. */
export interface SpaceUse {
  readonly space: HostedSpace;
  /** What holds for it: its own rules, or else the defaults. */
  readonly rules: SpaceRules;
  readonly usedBytes: number;
}

/** The rules of spaces that have none of their own; for viewers of the server. */
export async function getDefaults({ store }: RulesContext, { principal }: Caller): Promise<SpaceRules> {
  requireRole(principal, 'viewer', undefined);
  return await findDefaultRules(store.db);
}

/** Changes them. @throws {PlimsollError} `FORBIDDEN` for who does not run the server. */
export async function changeDefaults(context: RulesContext, caller: Caller, change: RulesChange): Promise<SpaceRules> {
  requireRole(caller.principal, 'admin', undefined);
  return await inTransaction(context.store.db, async trx => {
    const rules = await updateDefaultRules(trx, change);
    await recordAudit(trx, {
      at: context.now(),
      actor: toActor(caller),
      action: 'hosting.defaults.update',
      subjectKind: 'hosting',
      subjectId: 'defaults',
      detail: { ...change },
    });
    return rules;
  });
}

/** Spaces of namespaces that the caller may look into, by name. */
export async function listSpaces(
  { store: { db } }: RulesContext,
  { principal }: Caller,
  query: { readonly after?: string | undefined; readonly limit: number },
): Promise<readonly SpaceUse[]> {
  const spaces = await listStoredSpaces(db, { ...query, namespaceIds: visibleNamespaces(principal) });
  const defaults = await findDefaultRules(db);
  return await Promise.all(spaces.map(space => toUse(db, space, defaults)));
}

/** One of them. @throws {PlimsollError} `NOT_FOUND`. */
export async function getSpace(
  { store: { db } }: RulesContext,
  { principal }: Caller,
  name: string,
): Promise<SpaceUse> {
  const space = await findSpace(db, name);
  if (space === undefined || !hasRole(principal, 'viewer', space.namespaceId)) throw noSpace(name);
  return await toUse(db, space, await findDefaultRules(db));
}

/**
 * Changes the rules of a space; null lets the default hold again.
 * @throws {PlimsollError} `NOT_FOUND`; `FORBIDDEN` for who is not its admin, and for a quota, who does not run the server.
 */
export async function changeSpace(
  context: RulesContext,
  caller: Caller,
  name: string,
  change: RulesChange,
): Promise<SpaceUse> {
  const { space } = await getSpace(context, caller, name);
  requireRole(caller.principal, 'admin', space.namespaceId);
  if (change.quotaBytes !== undefined) requireRole(caller.principal, 'admin', undefined);
  await inTransaction(context.store.db, async trx => {
    await updateSpace(trx, name, change);
    await recordAudit(trx, {
      at: context.now(),
      actor: toActor(caller),
      action: 'hosting.space.update',
      namespaceId: space.namespaceId,
      subjectKind: 'hosted-space',
      subjectId: name,
      detail: { ...change },
    });
  });
  return await getSpace(context, caller, name);
}

async function toUse(db: RulesContext['store']['db'], space: HostedSpace, defaults: SpaceRules): Promise<SpaceUse> {
  const { quotaBytes, untaggedDays, own } = space;
  const isPublic = own.isPublic ?? defaults.isPublic ?? false;
  return { space, rules: { quotaBytes, untaggedDays, isPublic }, usedBytes: await findUsedBytes(db, space.name) };
}

function noSpace(name: string): PlimsollError {
  return new PlimsollError(
    'NOT_FOUND',
    `Cannot find the space "${printable(name, 100)}": nothing was pushed there yet, or it is none that you may see`,
  );
}
