/**
 * Who asks, and what they may: a role in each namespace, or in all.
 */
import { PlimsollError } from '#base/errors.ts';

/** Roles, each with all rights of those before it. A viewer reads; an operator scans and cancels; an admin configures and lets others in. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;

export type Role = (typeof ROLES)[number];

/** Somebody who has signed in, or shown a key. */
export interface Principal {
  /** Missing for the server itself. */
  readonly accountId?: string | undefined;
  /** For the audit log. */
  readonly name: string;
  /** `password`: sent with the very request, as `docker login` does. */
  readonly by: 'session' | 'api-key' | 'password' | 'system';
  readonly apiKeyId?: string | undefined;
  /** The role that holds in every namespace and for the server itself. */
  readonly everywhere?: Role | undefined;
  /** Roles by id of namespace. */
  readonly namespaces: ReadonlyMap<string, Role>;
}

/** The server acting by itself. */
export const SYSTEM: Principal = { name: 'plimsoll', by: 'system', everywhere: 'admin', namespaces: new Map() };

/** Whether `principal` has `role`, or more, in the namespace; for the server itself, when there is none given. */
export function hasRole(principal: Principal, role: Role, namespaceId: string | undefined): boolean {
  const wanted = ROLES.indexOf(role);
  const here = namespaceId === undefined ? undefined : principal.namespaces.get(namespaceId);
  return [principal.everywhere, here].some(one => one !== undefined && ROLES.indexOf(one) >= wanted);
}

/**
 * Lets `principal` pass who has `role` in the namespace. Who may not even look is told that there is no such thing.
 * @throws {PlimsollError} `FORBIDDEN`, `NOT_FOUND`.
 */
export function requireRole(principal: Principal, role: Role, namespaceId: string | undefined): void {
  if (hasRole(principal, role, namespaceId)) return;
  if (namespaceId !== undefined && !hasRole(principal, 'viewer', namespaceId)) {
    throw new PlimsollError('NOT_FOUND', 'Cannot find it: there is no such thing, or none that you may see');
  }
  throw new PlimsollError(
    'FORBIDDEN',
    `Cannot do this: it needs the role ${role}${namespaceId === undefined ? ' of the server' : ' here'}`,
  );
}

/** The namespaces that `principal` may look into; `undefined` when all. */
export function visibleNamespaces(principal: Principal): readonly string[] | undefined {
  return principal.everywhere === undefined ? [...principal.namespaces.keys()] : undefined;
}
