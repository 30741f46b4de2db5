/**
 * Who asks the registry, and what they may do with a repository.
 *
 * A viewer of a namespace pulls, an operator pushes, an admin deletes; a project's registry key pulls and pushes in its own space and
 * nowhere else; everybody pulls from public repositories.
 */
import { hasRole, type Principal } from '#access/principal.ts';
import { findHostedRepository, findSpace, type HostedRepository, type HostedSpace } from '#store/hosting-space.ts';
import { findNamespaceByName } from '#store/namespace.ts';
import type { HostingContext } from './context.ts';
import type { RegistryKey } from './registry-key.ts';

/** What is done with a repository. */
export const REPOSITORY_ACTIONS = ['pull', 'push', 'delete'] as const;

export type RepositoryAction = (typeof REPOSITORY_ACTIONS)[number];

/** Who asks. */
export type RegistryCaller =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'account'; readonly principal: Principal }
  | { readonly kind: 'project'; readonly key: RegistryKey };

/** Everybody. */
export const ANONYMOUS: RegistryCaller = { kind: 'anonymous' };

/** A name in the registry, and what is there. */
export interface Place {
  /** Full name of the repository. */
  readonly name: string;
  /** First part of it. */
  readonly spaceName: string;
  /** Missing: nobody has pushed there yet. */
  readonly space: HostedSpace | undefined;
  readonly repository: HostedRepository | undefined;
  /** Whose it is, or would be; missing: there can be nothing here. */
  readonly namespaceId: string | undefined;
}

/** As logs and histories name them. */
export function nameOf(caller: RegistryCaller): string {
  switch (caller.kind) {
    case 'anonymous':
      return 'anonymous';
    case 'account':
      return caller.principal.name;
    case 'project':
      return `registry key of ${caller.key.projectName}`;
    default:
      return caller satisfies never;
  }
}

/** Finds what a name, which is legal, leads to. */
export async function findPlace({ store: { db }, keys }: HostingContext, name: string): Promise<Place> {
  const spaceName = name.split('/', 1)[0] ?? '';
  const repository = await findHostedRepository(db, name);
  const space = repository?.space ?? (await findSpace(db, spaceName));
  const namespaceId =
    space?.namespaceId ??
    (await keys.findProjectOf(spaceName))?.namespaceId ??
    (await findNamespaceByName(db, spaceName))?.id;
  return { name, spaceName, space, repository, namespaceId };
}

/** Everything that the caller may do there. */
export function permittedActions(caller: RegistryCaller, place: Place): ReadonlySet<RepositoryAction> {
  const actions = new Set<RepositoryAction>();
  if (place.repository?.isPublic === true) actions.add('pull');
  if (caller.kind === 'project' && caller.key.space === place.spaceName) actions.add('pull').add('push');
  if (caller.kind !== 'account' || place.namespaceId === undefined) return actions;
  const { principal } = caller;
  if (hasRole(principal, 'viewer', place.namespaceId)) actions.add('pull');
  if (hasRole(principal, 'operator', place.namespaceId)) actions.add('push');
  if (hasRole(principal, 'admin', place.namespaceId)) actions.add('delete');
  return actions;
}

/** Whether the caller may see the names of all repositories of the server. */
export function seesEverything(caller: RegistryCaller): boolean {
  return caller.kind === 'account' && caller.principal.everywhere !== undefined;
}

/** Why an action is refused, so that whoever reads it knows what to do. */
export async function explainRefusal(
  { keys }: HostingContext,
  caller: RegistryCaller,
  place: Place,
  action: RepositoryAction,
): Promise<string> {
  const what = `Cannot ${action} ${action === 'pull' ? 'from' : action === 'push' ? 'to' : 'in'} "${place.name}"`;
  switch (caller.kind) {
    case 'anonymous':
      return `${what}: log in first; with an API key or a password, or as "unused" with the registry key of the project`;
    case 'project': {
      const { key } = caller;
      if (key.space === place.spaceName) {
        return `${what}: a registry key pulls and pushes; use an account with the role admin to delete`;
      }
      const own = `the registry key is that of project "${key.projectName}", which opens "${key.space}/…"`;
      const other = await keys.findProjectOf(place.spaceName);
      // Of another organisation's projects not even the names are told.
      return other === undefined || other.namespaceId !== key.namespaceId
        ? `${what}: ${own} and nothing else`
        : `${what}: ${own}; this repository is of project "${other.projectName}": use its own key`;
    }
    case 'account': {
      const { principal } = caller;
      if (place.namespaceId === undefined || !hasRole(principal, 'viewer', place.namespaceId)) {
        return `${what}: there is no namespace "${place.spaceName}", or "${principal.name}" has no role in it`;
      }
      const role = action === 'delete' ? 'admin' : action === 'push' ? 'operator' : 'viewer';
      return `${what}: "${principal.name}" needs the role ${role} in "${place.spaceName}"`;
    }
    default:
      return caller satisfies never;
  }
}
