/** Who may use Clair's API: whoever signs with its key, which no account and no key of ours does. */
import type { Row } from './row.ts';

const digest = { params: { digest: `sha256:${'a'.repeat(64)}` } };
const notification = { params: { id: '00000000-0000-4000-8000-000000000000' } };

/** Clair's API. */
export const CLAIR_ROWS: readonly Row[] = [
  { route: 'GET /indexer/api/v1/index_state', for: 'sensor' },
  { route: 'POST /indexer/api/v1/index_report', for: 'sensor', request: () => ({ body: {} }) },
  { route: 'DELETE /indexer/api/v1/index_report', for: 'sensor', request: () => ({ body: [] }) },
  { route: 'GET /indexer/api/v1/index_report/:digest', for: 'sensor', request: () => digest },
  { route: 'DELETE /indexer/api/v1/index_report/:digest', for: 'sensor', request: () => digest },
  { route: 'GET /matcher/api/v1/vulnerability_report/:digest', for: 'sensor', request: () => digest },
  { route: 'GET /notifier/api/v1/notification/:id', for: 'sensor', request: () => notification },
  { route: 'DELETE /notifier/api/v1/notification/:id', for: 'sensor', request: () => notification },
];
