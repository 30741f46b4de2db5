/** The document of the API: it is what the routes say, and what the specification wants. */
import { readFileSync } from 'node:fs';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { expect, test } from 'vitest';
import { openapiText } from './write-openapi.ts';

test('docs/openapi.json is up to date (else run: node --conditions=plimsoll-source src/main/server/write-openapi.ts, then npm run api -w plimsoll-web)', async () => {
  expect(readFileSync(new URL('../../../docs/openapi.json', import.meta.url), 'utf8')).toBe(await openapiText());
});

test('the document follows OpenAPI 3.1 and good habits', async () => {
  const config = await createConfig({ extends: ['recommended'] });
  const source = await openapiText();
  const problems = await lintFromString({ source, config });
  const errors = problems.filter(({ severity }) => severity === 'error');
  expect(errors.map(({ ruleId, message, location }) => `${ruleId}: ${message} at ${location[0]?.pointer}`)).toEqual([]);
});
