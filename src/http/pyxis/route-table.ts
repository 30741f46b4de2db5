/** Paths of the certification API, and what answers them. */
import type { Caller } from '#access/caller.ts';
import type { ProjectContext } from '#project/project-context.ts';

/** A request as handlers get it. */
export interface PyxisRequest {
  readonly context: ProjectContext;
  /** On public paths perhaps nobody. */
  readonly caller: Caller;
  /** Values of `:name` in the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: ReadonlyMap<string, readonly string[]>;
  readonly body: unknown;
  readonly signal: AbortSignal;
}

/** What a handler answers. */
export interface PyxisAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** A path, and what answers it. */
export interface PyxisRoute {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Names separated by slashes; `:name` stands for one name, `*name` at the end, or before one more name, for one or more. */
  readonly path: string;
  /** No key is needed. */
  readonly isPublic?: boolean;
  readonly handle: (request: PyxisRequest) => Promise<PyxisAnswer>;
}

/** What was found for a path. */
export type FoundRoute =
  | { readonly kind: 'found'; readonly route: PyxisRoute; readonly params: Readonly<Record<string, string>> }
  | { readonly kind: 'other-method' | 'missing' };

/** The first route that fits. */
export function findRoute(routes: readonly PyxisRoute[], method: string, names: readonly string[]): FoundRoute {
  let isKnown = false;
  for (const route of routes) {
    const params = paramsOf(route.path.split('/'), names);
    if (params === undefined) continue;
    if (route.method === method) return { kind: 'found', route, params };
    isKnown = true;
  }
  return { kind: isKnown ? 'other-method' : 'missing' };
}

function paramsOf(pattern: readonly string[], names: readonly string[]): Readonly<Record<string, string>> | undefined {
  const star = pattern.findIndex(part => part.startsWith('*'));
  if (star !== -1) {
    const after = pattern.length - star - 1;
    const end = names.length - after;
    if (end <= star) return undefined;
    const joined = [...names.slice(0, star), names.slice(star, end).join('%2F'), ...names.slice(end)];
    return paramsOf(
      [...pattern.slice(0, star), `:${(pattern[star] ?? '').slice(1)}`, ...pattern.slice(star + 1)],
      joined,
    );
  }
  if (pattern.length !== names.length) return undefined;
  const params: Record<string, string> = {};
  for (const [at, part] of pattern.entries()) {
    const name = names[at] ?? '';
    if (part.startsWith(':')) params[part.slice(1)] = decode(name);
    else if (part !== name) return undefined;
  }
  return params;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
