/** The view of a list as state of the page, kept in its address. */
import { useCallback, useMemo } from 'react';
import { useLocation, useNavigate, useSearchParams } from 'react-router';
import { changeView, type ListView, readView, type ViewChange } from './url-state.ts';

/** A view that can be changed. */
export interface ListViewState extends ListView {
  change(change: ViewChange): void;
  goToNext(cursor: string): void;
  /** Missing on the first page. */
  readonly goBack: (() => void) | undefined;
  /** Counted from 1; missing when somebody came here by a link to a later page. */
  readonly page: number | undefined;
}

const NONE: readonly string[] = [];

/** `filters`, `sorts`: names that the list knows. Give constants: they are compared by identity. */
export function useListView({
  filters = NONE,
  sorts = NONE,
}: {
  readonly filters?: readonly string[];
  readonly sorts?: readonly string[];
} = {}): ListViewState {
  const [params, setParams] = useSearchParams();
  const { state } = useLocation();
  const navigate = useNavigate();
  const trail = readTrail(state);
  const view = useMemo(() => readView(params, { filters, sorts }), [params, filters, sorts]);
  const change = useCallback(
    (wish: ViewChange) => setParams(now => changeView(now, wish), { replace: wish.search !== undefined }),
    [setParams],
  );
  const goTo = (cursor: string | undefined, next: readonly (string | null)[]) =>
    void navigate({ search: changeView(params, { cursor }).toString() }, { state: { trail: next } });
  const isFirst = view.cursor === undefined;
  return {
    ...view,
    change,
    goToNext: cursor => goTo(cursor, [...trail, view.cursor ?? null]),
    goBack: isFirst ? undefined : () => goTo(trail.at(-1) ?? undefined, trail.slice(0, -1)),
    page: isFirst ? 1 : trail.length > 0 ? trail.length + 1 : undefined,
  };
}

/** The cursors of the pages before; null is the first page. */
function readTrail(state: unknown): readonly (string | null)[] {
  const { trail } = (typeof state === 'object' && state !== null ? state : {}) as {
    trail?: readonly (string | null)[];
  };
  return Array.isArray(trail) ? trail : [];
}
