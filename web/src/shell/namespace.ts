/** The namespace that this window looks at. Kept in the browser: it is a habit of who works here, not part of a view that one sends to somebody. */
import { useQuery } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import type { Namespace } from '../api/model.ts';
import { namespacesQuery } from '../session/session-queries.ts';

const KEY = 'plimsoll.namespace';
const watchers = new Set<() => void>();
let chosen: string | undefined = read();

/** Looks at one namespace, or at all. */
export function chooseNamespace(id: string | undefined): void {
  chosen = id;
  try {
    if (id === undefined) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, id);
  } catch {
    // Then it holds for this window.
  }
  for (const tell of watchers) tell();
}

/** The namespaces, and the one that was chosen; `undefined` for all of them. */
export function useNamespaces(): { readonly all: readonly Namespace[]; readonly current: Namespace | undefined } {
  const id = useSyncExternalStore(watch, () => chosen);
  const { data = [] } = useQuery(namespacesQuery);
  return { all: data, current: data.find(namespace => namespace.id === id) };
}

function watch(tell: () => void): () => void {
  watchers.add(tell);
  return () => watchers.delete(tell);
}

function read(): string | undefined {
  try {
    return localStorage.getItem(KEY) ?? undefined;
  } catch {
    return undefined;
  }
}
