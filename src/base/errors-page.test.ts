import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ERRORS, type ErrorCode, EXIT_STATUS } from './errors.ts';
import { errorsPage } from './errors-page.ts';

test('docs/errors.md is up to date (else run: node src/base/errors-page.ts)', () => {
  expect(readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')).toBe(errorsPage());
});

test('the page has every code once, below the exit status of its family', () => {
  const page = errorsPage();
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    const parts = page.split(`| \`${code}\` `);
    expect(parts).toHaveLength(2);
    const headings = parts[0]?.match(/exit status [0-9]+$/gm) ?? [];
    expect(headings.at(-1)).toBe(`exit status ${EXIT_STATUS[ERRORS[code].family]}`);
  }
});
