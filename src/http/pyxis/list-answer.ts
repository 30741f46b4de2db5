/** Lists as the certification API gives them: filtered, sorted, one page of it, and of that only what is asked for. */

import { PyxisError } from './pyxis-error.ts';
import { type Filter, fieldsOf, parseFilter } from './rsql.ts';
import { meets, orderOf, valuesAt } from './rsql-match.ts';

/** A document of the API. */
export type Wire = Readonly<Record<string, unknown>>;

/** What a client asks of a list. */
export interface ListQuery {
  readonly page: number;
  readonly pageSize: number;
  readonly filter: Filter | undefined;
  readonly sort: readonly { readonly field: string; readonly isDescending: boolean }[];
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** A page. */
export interface Envelope {
  readonly data: readonly Wire[];
  readonly page: number;
  readonly page_size: number;
  readonly total: number;
}

const DEFAULT_PAGE_SIZE = 100;
const MAX_PAGE_SIZE = 250;
const MAX_PATHS = 200;

/** Reads what is asked of a list. `fields`: those that may be filtered and sorted by. @throws {PyxisError} 400. */
export function readListQuery(query: ReadonlyMap<string, readonly string[]>, fields: ReadonlySet<string>): ListQuery {
  const last = (name: string) => query.get(name)?.at(-1);
  const text = last('filter');
  const filter = text === undefined || text.trim() === '' ? undefined : parseFilter(text);
  for (const field of filter === undefined ? [] : fieldsOf(filter)) requireField(field, fields, 'filter');
  return {
    page: readNumber('page', last('page'), { fallback: 0, min: 0, max: 1_000_000 }),
    pageSize: readNumber('page_size', last('page_size'), { fallback: DEFAULT_PAGE_SIZE, min: 1, max: MAX_PAGE_SIZE }),
    filter,
    sort: (query.get('sort_by') ?? []).flatMap(one => readSort(one, fields)),
    ...readProjection(query),
  };
}

/** What is asked of one document: paths of fields to give, and to leave out. */
export function readProjection(query: ReadonlyMap<string, readonly string[]>): Pick<ListQuery, 'include' | 'exclude'> {
  const paths = (name: string) =>
    (query.get(name) ?? [])
      .flatMap(one => one.split(','))
      .map(one => one.trim())
      .filter(one => one !== '');
  const [include, exclude] = [paths('include'), paths('exclude')];
  if (include.length + exclude.length > MAX_PATHS) throw new PyxisError(400, `More than ${MAX_PATHS} fields are named`);
  return { include, exclude };
}

/** The page of `documents` that the query asks for, with its envelope. */
export function answerList(documents: readonly Wire[], query: ListQuery): Wire {
  const { page, pageSize, filter, sort } = query;
  const found = filter === undefined ? documents : documents.filter(one => meets(one, filter));
  const sorted = sort.length === 0 ? found : found.toSorted((a, b) => compareBy(a, b, sort));
  const envelope: Envelope = {
    data: sorted.slice(page * pageSize, (page + 1) * pageSize),
    page,
    page_size: pageSize,
    total: sorted.length,
  };
  return project({ ...envelope }, query);
}

/** The document with the fields that are asked for. */
export function project(document: Wire, { include, exclude }: Pick<ListQuery, 'include' | 'exclude'>): Wire {
  const kept = include.length === 0 ? document : (pick(document, toTree(include)) as Wire);
  return exclude.length === 0 ? kept : (omit(kept, toTree(exclude)) as Wire);
}

/** A value that a filter asks to be equal to this field in every document, for looking only among those. */
export function wantedValue(filter: Filter | undefined, field: string): string | undefined {
  if (filter?.kind === 'and') {
    for (const part of filter.parts) {
      const found = wantedValue(part, field);
      if (found !== undefined) return found;
    }
  }
  if (filter?.kind !== 'compare' || filter.field !== field || filter.operator !== '==') return undefined;
  return filter.values[0]?.text;
}

function compareBy(a: Wire, b: Wire, sort: ListQuery['sort']): number {
  for (const { field, isDescending } of sort) {
    const [left] = valuesAt(a, field.split('.'), 0);
    const [right] = valuesAt(b, field.split('.'), 0);
    // What is missing comes first, as in MongoDB.
    const order = left === right ? 0 : isMissing(left) ? -1 : isMissing(right) ? 1 : (orderOf(left, right) ?? 0);
    if (order !== 0) return isDescending ? -order : order;
  }
  return 0;
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null;
}

function readSort(text: string, fields: ReadonlySet<string>): ListQuery['sort'] {
  return text
    .split(',')
    .filter(part => part.trim() !== '')
    .map(part => {
      const [, field = '', direction = 'asc'] = /^([A-Za-z0-9_.]{1,200})(?:\[(asc|desc)\])?$/.exec(part.trim()) ?? [];
      if (field === '') throw new PyxisError(400, 'Cannot read sort_by: expected a field such as creation_date[desc]');
      requireField(field, fields, 'sort');
      return { field, isDescending: direction === 'desc' };
    });
}

function requireField(field: string, fields: ReadonlySet<string>, what: string): void {
  if (fields.has(field)) return;
  throw new PyxisError(
    400,
    `Cannot ${what} by "${field.slice(0, 100)}": there is no such field, or none that can be used so`,
  );
}

function readNumber(
  name: string,
  text: string | undefined,
  { fallback, min, max }: { readonly fallback: number; readonly min: number; readonly max: number },
): number {
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!/^\d{1,9}$/.test(text) || value < min || value > max) {
    throw new PyxisError(400, `${name} must be a number from ${min} to ${max}`);
  }
  return value;
}

/** Paths as a tree; `true` for a whole field. */
type Tree = Map<string, Tree | true>;

function toTree(paths: readonly string[]): Tree {
  const tree: Tree = new Map();
  for (const path of paths) {
    const names = path.split('.').slice(0, 20);
    let at = tree;
    for (const [index, name] of names.entries()) {
      const next = at.get(name);
      if (next === true) break;
      if (index === names.length - 1) {
        at.set(name, true);
      } else {
        const below = next ?? new Map();
        at.set(name, below);
        at = below;
      }
    }
  }
  return tree;
}

function pick(value: unknown, tree: Tree): unknown {
  if (Array.isArray(value)) return value.map(element => pick(element, tree));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, field]) => {
      const below = tree.get(name);
      if (below === undefined) return [];
      return [[name, below === true ? field : pick(field, below)]];
    }),
  );
}

function omit(value: unknown, tree: Tree): unknown {
  if (Array.isArray(value)) return value.map(element => omit(element, tree));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, field]) => {
      const below = tree.get(name);
      if (below === true) return [];
      return [[name, below === undefined ? field : omit(field, below)]];
    }),
  );
}
