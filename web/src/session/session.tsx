/** The session of this window, for whatever shows or hides by role. */
import { createContext, use } from 'react';
import type { Role, Session } from '../api/model.ts';

const ROLES: readonly Role[] = ['viewer', 'operator', 'admin'];

const SessionContext = createContext<Session | undefined>(undefined);
export const SessionProvider = SessionContext.Provider;

/** Who uses this window. Only below the sign-in. */
export function useSession(): Session {
  const session = use(SessionContext);
  if (session === undefined) throw new Error('There is no session here: this page must be below the sign-in');
  return session;
}

/**
 * Whether a session has `role` or more: in a namespace, for the server itself (`'server'`), or in any place at all (`'anywhere'`). The API
 * decides; this only spares people buttons that would be refused.
 */
export function hasRole(session: Session, role: Role, place: string): boolean {
  const wanted = ROLES.indexOf(role);
  const enough = (held: Role | null | undefined) => held != null && ROLES.indexOf(held) >= wanted;
  if (enough(session.everywhere)) return true;
  if (place === 'server') return false;
  return session.namespaces.some(({ id, role: held }) => (place === 'anywhere' || id === place) && enough(held));
}

/** `hasRole` of whoever uses this window. */
export function useRole(role: Role, place: string): boolean {
  return hasRole(useSession(), role, place);
}
