import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { SaxesParser } from 'saxes';
import { expect, test } from 'vitest';
import { CREATED_AT } from '../testdata/sample-inventory.ts';
import { textWidth } from '../text-columns.ts';
import { CERTIFICATE_FORMATS, type CertificateFormatName } from './formats.ts';
import { ORDINARY_CERTIFICATE, PASSED, UNKIND_CERTIFICATE } from './testdata/sample-certificates.ts';

const OPTIONS = { createdAt: CREATED_AT, toolVersion: '1.2.3', columns: 110 };
const certificates = { passed: PASSED, ordinary: ORDINARY_CERTIFICATE, unkind: UNKIND_CERTIFICATE };
const names = Object.keys(certificates) as (keyof typeof certificates)[];
const formats = Object.keys(CERTIFICATE_FORMATS) as CertificateFormatName[];

const render = async (format: CertificateFormatName, name: keyof typeof certificates) =>
  (await CERTIFICATE_FORMATS[format].load())([certificates[name]], OPTIONS);
const readJson = (path: string): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));

const golden = formats.flatMap(format => (['passed', 'ordinary'] as const).map(name => ({ format, name })));

test.each(golden)('$format of the $name certificate is as in its golden file', async ({ format, name }) => {
  await expect(await render(format, name)).toMatchFileSnapshot(
    `testdata/${name}${CERTIFICATE_FORMATS[format].extension}`,
  );
});

/** The schema with every object closed: our document must not have a field that the schema does not describe. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).map(([key, value]) => [key, closed(value)]);
  return {
    ...('type' in schema && 'required' in schema && { additionalProperties: false }),
    ...Object.fromEntries(entries),
  };
}

test.each(names)(
  'the JSON of the %s certificate is what docs/certify.schema.json says, no more and no less',
  async name => {
    const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
    addFormats.default(ajv);
    const validate = ajv.compile(closed(readJson('../../../docs/certify.schema.json')) as object);
    validate(JSON.parse(await render('json', name)));
    expect(validate.errors).toBeNull();
  },
);

test.each(names)('the SARIF of the %s certificate obeys its schema, and no path leaves the image', async name => {
  const { $schema: _, id: __, ...schema } = readJson('../scan/testdata/sarif-2.1.0.schema.json');
  const ajv = new Ajv({ allErrors: true, strict: false, unicodeRegExp: false });
  addFormats.default(ajv);
  const validate = ajv.compile(schema);
  const text = await render('sarif', name);
  validate(JSON.parse(text));
  expect(validate.errors).toBeNull();
  for (const [, uri = ''] of text.matchAll(/"uri": "([^"]*)"/g)) {
    expect(uri).toMatch(/^[^/:]+(?:\/[^/:]+)*$/);
    expect(uri.split('/')).not.toContain('..');
  }
});

test.each(names)('the JUnit document of the %s certificate is well-formed, and its counts are right', async name => {
  const parser = new SaxesParser();
  const counts = { testcase: 0, failure: 0, error: 0, skipped: 0 };
  let promised: Readonly<Record<string, string>> = {};
  parser.on('error', error => {
    throw error;
  });
  parser.on('opentag', ({ name: tag, attributes }) => {
    if (tag === 'testsuites') promised = attributes as Record<string, string>;
    if (tag in counts) counts[tag as keyof typeof counts] += 1;
  });
  parser.write(await render('junit', name)).close();
  expect(promised).toMatchObject({
    tests: String(counts.testcase),
    failures: String(counts.failure),
    errors: String(counts.error),
    skipped: String(counts.skipped),
  });
});

test.each(formats)('nothing in %s can steer a terminal', async format => {
  const text = await render(format, 'unkind');
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
  expect(text.isWellFormed()).toBe(true);
});

test.each(names)('no line of the table of the %s certificate is wider than the terminal', async name => {
  const lines = (await render('table', name)).split('\n');
  expect(Math.max(...lines.map(textWidth))).toBeLessThanOrEqual(OPTIONS.columns);
});

test('preflight’s form says of every check where it stands, once', async () => {
  const { passed, results } = JSON.parse(await render('preflight', 'ordinary'));
  const all = Object.values(results as Record<string, { name: string }[]>).flat();
  expect(passed).toBe(false);
  expect(all.map(({ name }) => name).toSorted()).toEqual(
    ORDINARY_CERTIFICATE.results.map(({ name }) => name).toSorted(),
  );
});
