/**
 * The routes of the registry. They let everybody in as far as the challenge that says how to log in; what each may then do with a repository
 * is tested where the registry is (src/hosting/hosting.test.ts), for one route serves all names.
 */
import type { Row } from './row.ts';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

export const OCI_ROWS: readonly Row[] = [
  { route: 'GET /v2/token', for: 'everybody' },
  { route: 'POST /v2/token', for: 'everybody' },
  ...METHODS.flatMap(method => [
    { route: `${method} /v2` as const, for: 'everybody' as const },
    { route: `${method} /v2/*` as const, for: 'everybody' as const },
  ]),
];
