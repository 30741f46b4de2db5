/** Who may use the routes that belong to no API. */
import type { Row } from './row.ts';

/** Probes, the document of the API, pages. */
export const SERVER_ROWS: readonly Row[] = [
  { route: 'GET /healthz', for: 'everybody' },
  { route: 'GET /readyz', for: 'everybody' },
  { route: 'GET /metrics', for: 'everybody' },
  { route: 'GET /api/v1/openapi.json', for: 'everybody' },
  { route: 'GET /api/errors/:code', for: 'everybody', request: () => ({ params: { code: 'NOT_FOUND' } }) },
  { route: 'GET /load-line.svg', for: 'everybody' },
  { route: 'GET /*', for: 'everybody' },
];
