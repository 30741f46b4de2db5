/**
 * The API, typed by its own OpenAPI document (`schema.d.ts` is generated from it).
 */
import createClient, { type Middleware } from 'openapi-fetch';
import type { paths } from './schema.d.ts';

/** An error as the server tells it. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly requestId: string | undefined;
  readonly violations: readonly {
    readonly field: string;
    readonly message: string;
    readonly code?: string;
    readonly remedy?: string;
  }[];

  constructor(status: number, body: unknown) {
    const { code, detail, requestId, violations } = (
      typeof body === 'object' && body !== null ? body : {}
    ) as Partial<ProblemBody>;
    super(detail ?? (status === 0 ? 'The server cannot be reached' : `The server answered with status ${status}`));
    this.name = 'ApiProblem';
    this.status = status;
    this.code = code ?? 'UNKNOWN';
    this.requestId = requestId;
    this.violations = violations ?? [];
  }
}

interface ProblemBody {
  readonly code: string;
  readonly detail: string;
  readonly requestId: string;
  readonly violations: ApiProblem['violations'];
}

let csrfToken: string | undefined;

/** The token that changes must carry; told with the session. */
export function setCsrfToken(token: string | undefined): void {
  csrfToken = token;
}

const middleware: Middleware = {
  onRequest({ request }) {
    if (request.method !== 'GET' && csrfToken !== undefined) request.headers.set('x-csrf-token', csrfToken);
    return request;
  },
  async onResponse({ response }) {
    if (response.ok) return undefined;
    const text = await response.text();
    throw new ApiProblem(response.status, parse(text));
  },
  onError() {
    return new ApiProblem(0, undefined);
  },
};

/** Calls of the API: `api.GET('/api/v1/registries', …)`. Failures are `ApiProblem`s. */
export const api = createClient<paths>({ baseUrl: '/', credentials: 'same-origin' });
api.use(middleware);

/** The body of an answer that must have one. */
export async function bodyOf<T>(call: Promise<{ data?: T }>): Promise<T> {
  const { data } = await call;
  if (data === undefined) throw new ApiProblem(0, { detail: 'The server answered nothing' });
  return data;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
