/**
 * Writes docs/openapi.json from the routes: `node --conditions=plimsoll-source src/main/server/write-openapi.ts`. A test compares; the
 * types of the web interface come from it.
 */
import { writeFileSync } from 'node:fs';
import { buildServer } from '#http/server.ts';
import { tidyDocument } from '#http/tidy-document.ts';
import { listApis, type ServerParts } from './apis.ts';

/** The document, as `/api/v1/openapi.json` answers it; the version is left out, so that a release changes nothing else. */
export async function openapiText(): Promise<string> {
  // Routes take their parts when they are asked, which nobody does here.
  const absent = new Proxy({}, { get: () => absent }) as never;
  const parts: ServerParts = {
    context: absent,
    content: absent,
    jobs: absent,
    projects: absent,
    builds: absent,
    feed: absent,
  };
  const app = await buildServer({
    apis: listApis(parts, {
      site: {},
      webFolder: '/nonexistent',
      version: '0',
      hasMail: true,
      probing: { env: {}, allowsPrivateAddresses: false },
    }),
    authenticate: async () => undefined,
    version: '0',
    logger: false,
    trustProxy: false,
    checkReady: async () => {},
    metrics: async () => ({ contentType: 'text/plain', text: '' }),
  });
  await app.ready();
  const document = tidyDocument(app.swagger());
  await app.close();
  return `${JSON.stringify(document, null, 2)}\n`;
}

if (import.meta.main) {
  writeFileSync(new URL('../../../docs/openapi.json', import.meta.url), await openapiText());
}
