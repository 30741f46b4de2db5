/**
 * Scopes: what a token is asked for and holds, `repository:team/app:pull,push`.
 *
 * Source: distribution, docs/spec/auth/scope.md. A name may hold a port, so the type ends at the first colon and the actions begin after the
 * last.
 */
import { isRepositoryName } from '#oci/reference.ts';
import { REPOSITORY_ACTIONS, type RepositoryAction } from './caller.ts';

/** Actions on one repository, or on the catalogue. */
export interface Scope {
  readonly type: 'repository' | 'registry';
  /** Of the repository; `catalog`. */
  readonly name: string;
  /** Those we know, each once; `*` has been spelled out. */
  readonly actions: readonly RepositoryAction[];
}

/** A client that copies between many repositories asks for all of them at once. */
const MAX_SCOPES = 100;

/** Reads scopes that are joined by blanks, or come one by one; what cannot be read is passed over, as the protocol wants it. */
export function parseScopes(texts: readonly string[]): readonly Scope[] {
  const words = texts.flatMap(text => text.split(' ')).filter(word => word !== '');
  return words.slice(0, MAX_SCOPES).flatMap(word => parseScope(word) ?? []);
}

/** A scope as text. */
export function formatScope({ type, name, actions }: Scope): string {
  return `${type}:${name}:${actions.join(',')}`;
}

function parseScope(text: string): Scope | undefined {
  const first = text.indexOf(':');
  const last = text.lastIndexOf(':');
  if (first === -1 || last === first) return undefined;
  // `repository(plugin)` has a class, which says nothing here.
  const type = text.slice(0, first).replace(/\([^()]*\)$/, '');
  const name = text.slice(first + 1, last);
  const words = text.slice(last + 1).split(',');
  if (type === 'registry') return name === 'catalog' ? { type, name, actions: [] } : undefined;
  if (type !== 'repository' || !isRepositoryName(name)) return undefined;
  return { type, name, actions: REPOSITORY_ACTIONS.filter(one => words.includes(one) || words.includes('*')) };
}
