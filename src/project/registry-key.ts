/**
 * Registry keys: the password with which images are pushed to a project's space. Shown on demand to those who may push anyway.
 */
import { randomUUID } from 'node:crypto';
import { type Caller, toActor } from '#access/caller.ts';
import { requireRole } from '#access/principal.ts';
import { hashToken, makeToken } from '#access/secret-token.ts';
import { REGISTRY_KEY_PREFIX, type RegistryKey, type RegistryKeyAuthority } from '#hosting/registry-key.ts';
import { recordAudit } from '#store/audit.ts';
import type { Trx } from '#store/database.ts';
import { findProject, lockProject, type ProjectRecord } from '#store/project.ts';
import {
  endRegistryKey,
  findRegistryKeyOf,
  findRegistryKeyPlace,
  insertRegistryKey,
  type RegistryKeyPlace,
  touchRegistryKey,
} from '#store/project-registry-key.ts';
import { inTransaction } from '#store/transaction.ts';
import type { ProjectContext } from './project-context.ts';
import { ProjectError } from './situation.ts';

/** A use of a key is written down at most so often. */
const TOUCH_MS = 60_000;

/** A registry key as its page shows it. */
export interface ShownRegistryKey {
  /** The key itself, when it was asked for; else only its beginning. */
  readonly text: string;
  readonly isMasked: boolean;
  readonly createdAt: string;
  readonly lastUsedAt: string | undefined;
}

type KeyContext = Pick<ProjectContext, 'store' | 'sealer' | 'now'>;

/** Makes a key for a project that has none. */
export async function issueRegistryKey(
  trx: Trx,
  { sealer, now }: Pick<KeyContext, 'sealer' | 'now'>,
  projectId: string,
): Promise<void> {
  if ((await findRegistryKeyOf(trx, projectId)) !== undefined) return;
  const text = makeToken(REGISTRY_KEY_PREFIX);
  const id = randomUUID();
  await insertRegistryKey(trx, {
    id,
    projectId,
    hash: hashToken(text),
    sealed: sealer.seal(text, purposeOf(id)),
    at: now(),
  });
}

/**
 * The registry key of a project; the whole of it only for operators, and only when they ask: that is written down.
 * @throws {ProjectError} `no_registry_key`.
 */
export async function showRegistryKey(
  context: KeyContext,
  caller: Caller,
  project: ProjectRecord,
  { isRevealed }: { readonly isRevealed: boolean },
): Promise<ShownRegistryKey> {
  requireRole(caller.principal, 'operator', project.namespaceId);
  const { db } = context.store;
  const key = await findRegistryKeyOf(db, project.id);
  if (key === undefined) {
    throw new ProjectError(
      'no_registry_key',
      project.isHosted
        ? 'Cannot show the registry key: it was revoked; make a new one'
        : 'Cannot show the registry key: the images of this project are not pushed here; its distribution method must be hosted',
    );
  }
  const text = context.sealer.open(key.sealed, purposeOf(key.id));
  const { createdAt, lastUsedAt } = key;
  if (!isRevealed) {
    return { text: `${text.slice(0, REGISTRY_KEY_PREFIX.length + 4)}…`, isMasked: true, createdAt, lastUsedAt };
  }
  await audit(db, context, caller, project, 'project.registry-key.show');
  return { text, isMasked: false, createdAt, lastUsedAt };
}

/** Ends the registry key; with `isRotated`, a new one takes its place at once. */
export async function endKey(
  context: KeyContext,
  caller: Caller,
  project: ProjectRecord,
  { isRotated }: { readonly isRotated: boolean },
): Promise<void> {
  requireRole(caller.principal, 'operator', project.namespaceId);
  await inTransaction(context.store.db, async trx => {
    await lockProject(trx, project.id);
    await endRegistryKey(trx, project.id, context.now());
    if (isRotated) await issueRegistryKey(trx, context, project.id);
    await audit(
      trx,
      context,
      caller,
      project,
      isRotated ? 'project.registry-key.rotate' : 'project.registry-key.revoke',
    );
  });
}

/** Tells the hosted registry which keys are good. */
export function registryKeyAuthority({ store, now }: Pick<KeyContext, 'store' | 'now'>): RegistryKeyAuthority {
  return {
    async findByText(text) {
      if (!text.startsWith(REGISTRY_KEY_PREFIX) || text.length > 200) return undefined;
      const key = await findRegistryKeyPlace(store.db, { hash: hashToken(text) });
      if (key === undefined) return undefined;
      const at = now();
      if (at.getTime() - Date.parse(key.lastUsedAt ?? '1970-01-01') >= TOUCH_MS) {
        await touchRegistryKey(store.db, key.id, at);
      }
      return toKey(key);
    },
    async findById(id) {
      const key = await findRegistryKeyPlace(store.db, { id });
      return key === undefined ? undefined : toKey(key);
    },
    async findProjectOf(space) {
      const project = space.startsWith('ospid-') ? await findProject(store.db, { pid: space }) : undefined;
      return project === undefined ? undefined : { projectName: project.name, namespaceId: project.namespaceId };
    },
  };
}

function toKey({ id, pid, namespaceId, projectId, projectName }: RegistryKeyPlace): RegistryKey {
  return { id, space: pid, namespaceId, projectId, projectName };
}

function purposeOf(keyId: string): string {
  return `project-registry-key/${keyId}`;
}

async function audit(
  db: Parameters<typeof recordAudit>[0],
  { now }: Pick<KeyContext, 'now'>,
  caller: Caller,
  { id, namespaceId }: ProjectRecord,
  action: string,
): Promise<void> {
  const actor = toActor(caller);
  await recordAudit(db, { at: now(), actor, action, namespaceId, subjectKind: 'project', subjectId: id });
}
