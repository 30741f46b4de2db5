/** Who may scan for Harbor: an operator of any namespace. */
import type { Row } from './row.ts';

const NO_ID = '00000000-0000-4000-8000-000000000000';

/** The pluggable scanner API. */
export const HARBOR_ROWS: readonly Row[] = [
  { route: 'GET /harbor/api/v1/metadata', for: 'any namespace operator' },
  {
    route: 'POST /harbor/api/v1/scan',
    for: 'any namespace operator',
    request: () => ({
      body: {
        registry: { url: 'http://127.0.0.1:9', authorization: '' },
        artifact: {
          repository: 'app',
          digest: `sha256:${'a'.repeat(64)}`,
          mime_type: 'application/vnd.oci.image.manifest.v1+json',
        },
      },
    }),
  },
  {
    // There is none of that id, which only an operator is told.
    route: 'GET /harbor/api/v1/scan/:id/report',
    for: 'any namespace operator',
    request: async world => {
      const { id } = await world.ask('POST', '/harbor/api/v1/scan', {
        registry: { url: 'http://127.0.0.1:9' },
        artifact: { repository: 'app', digest: `sha256:${'b'.repeat(64)}`, mime_type: 'm' },
      });
      return { params: { id: String(id ?? NO_ID) } };
    },
  },
];
