/**
 * The namespace that is looked at. Lists carry it in their address, so that a view which is sent to somebody is the same view there; the
 * browser keeps what was chosen last, and the next list begins with that.
 */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import { useSearchParams } from 'react-router';
import type { Namespace } from '../api/model.ts';
import { namespacesQuery } from '../session/session-queries.ts';

const KEY = 'plimsoll.namespace';
const PARAMETER = 'namespace';
const watchers = new Set<() => void>();
let chosen: string | undefined = read();

/** The namespaces that one sees, and the one that is looked at; `undefined` for all of them. */
export function useNamespaces(): {
  readonly all: readonly Namespace[];
  readonly current: Namespace | undefined;
  /** Its id; also while it is not known what it is called, and of one in the address that one does not see. */
  readonly currentId: string | undefined;
  /** Looks at one, or at all; from now on, and in the list that is open. */
  readonly choose: (id: string | undefined) => void;
} {
  const kept = useSyncExternalStore(watch, () => chosen);
  const [params, setParams] = useSearchParams();
  const { data } = useQuery(namespacesQuery);
  const wanted = params.get(PARAMETER) ?? undefined;
  const current = data?.find(({ id }) => id === (wanted ?? kept));
  // One that is gone is forgotten.
  const currentId = wanted ?? (data === undefined ? kept : current?.id);
  const choose = (id: string | undefined) => {
    keep(id);
    if (!params.has(PARAMETER)) return;
    setParams(
      now => {
        const next = new URLSearchParams(now);
        // A page, and a registry, of the other namespace.
        for (const name of [PARAMETER, 'cursor', 'registry', 'repository']) next.delete(name);
        if (id !== undefined) next.set(PARAMETER, id);
        return next;
      },
      { replace: true },
    );
  };
  return { all: data ?? [], current, currentId, choose };
}

/** What a list must ask for. */
export interface NamespaceView {
  /** Its id; `undefined` for all of them. */
  readonly namespace: string | undefined;
  /** For sentences: ` in Harbour team`; empty for all of them. */
  readonly where: string;
}

/** The namespace of a list: that of its address, where it is put when it is not there yet. */
export function useNamespaceView(): NamespaceView {
  const [params, setParams] = useSearchParams();
  const { current, currentId } = useNamespaces();
  const wanted = params.get(PARAMETER) ?? undefined;
  const missing = wanted === undefined ? current?.id : undefined;
  useEffect(() => {
    if (wanted !== undefined) lookAt(wanted);
  }, [wanted]);
  useEffect(() => {
    if (missing === undefined) return;
    setParams(
      now => {
        const next = new URLSearchParams(now);
        next.set(PARAMETER, missing);
        return next;
      },
      { replace: true },
    );
  }, [missing, setParams]);
  return {
    namespace: currentId,
    where: current === undefined ? (wanted === undefined ? '' : ' in this namespace') : ` in ${current.displayName}`,
  };
}

function keep(id: string | undefined): void {
  try {
    if (id === undefined) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, id);
  } catch {
    // Then it holds for this window.
  }
  lookAt(id);
}

/** For this window alone. */
function lookAt(id: string | undefined): void {
  if (chosen === id) return;
  chosen = id;
  for (const tell of watchers) tell();
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
