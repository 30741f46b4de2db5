/**
 * What a list shows, in its address: search, filters, order and page. So every view can be sent to somebody, and the browser's back works.
 *
 * Pages go by the server's cursors, which only lead forward; the way back is kept in the history entry, never in the address.
 */

/** A view of a list. */
export interface ListView {
  readonly search: string;
  /** By name of the parameter; several values are several parameters. */
  readonly filters: Readonly<Record<string, readonly string[]>>;
  /** A column, `-` before it for descending; the server's own order when missing. */
  readonly sort: string | undefined;
  readonly cursor: string | undefined;
}

/** Reads a view: only the named filters count, and only sorts that there are. */
export function readView(
  params: URLSearchParams,
  { filters, sorts }: { readonly filters: readonly string[]; readonly sorts: readonly string[] },
): ListView {
  const sort = params.get('sort') ?? undefined;
  return {
    search: params.get('q') ?? '',
    filters: Object.fromEntries(filters.map(name => [name, params.getAll(name).filter(value => value !== '')])),
    sort: sort !== undefined && sorts.includes(sort.replace(/^-/, '')) ? sort : undefined,
    cursor: params.get('cursor') ?? undefined,
  };
}

/** What a change of a view names. */
export interface ViewChange {
  readonly search?: string;
  readonly filters?: Readonly<Record<string, readonly string[]>>;
  readonly sort?: string | undefined;
  readonly cursor?: string | undefined;
}

/** The parameters of a changed view; others stay. Any change but that of the page leads to the first page. */
export function changeView(params: URLSearchParams, change: ViewChange): URLSearchParams {
  const next = new URLSearchParams(params);
  if (change.search !== undefined) setOrDelete(next, 'q', change.search.trim());
  for (const [name, values] of Object.entries(change.filters ?? {})) {
    next.delete(name);
    for (const value of values) next.append(name, value);
  }
  if ('sort' in change) setOrDelete(next, 'sort', change.sort ?? '');
  setOrDelete(next, 'cursor', change.cursor ?? '');
  return next;
}

/** The next order when a column is clicked: ascending, descending, the server's own. */
export function nextSort(sort: string | undefined, column: string): string | undefined {
  if (sort === column) return `-${column}`;
  return sort === `-${column}` ? undefined : column;
}

function setOrDelete(params: URLSearchParams, name: string, value: string): void {
  if (value === '') params.delete(name);
  else params.set(name, value);
}
