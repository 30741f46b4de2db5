import { readFileSync } from 'node:fs';
import { Script } from 'node:vm';
import { Version } from '@cyclonedx/cyclonedx-library/Spec';
import { JsonStrictValidator } from '@cyclonedx/cyclonedx-library/Validation';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { SaxesParser } from 'saxes';
import { expect, test } from 'vitest';
import { CREATED_AT } from '../testdata/sample-inventory.ts';
import { renderCyclonedxFindings } from './cyclonedx-findings.ts';
import { renderHtml } from './html.ts';
import { SCRIPT } from './html-page.ts';
import { renderJunit } from './junit.ts';
import { renderReportJson } from './report-json.ts';
import { renderSarif } from './sarif.ts';
import { renderSpdxFindings } from './spdx-findings.ts';
import { NOTHING_REPORT, ORDINARY_REPORT, UNCOVERED_REPORT, UNKIND_REPORT } from './testdata/sample-report.ts';

const OPTIONS = { createdAt: CREATED_AT, toolVersion: '1.2.3' };
const rows = [
  { name: 'ordinary', report: ORDINARY_REPORT },
  { name: 'unkind', report: UNKIND_REPORT },
  { name: 'nothing', report: NOTHING_REPORT },
  { name: 'uncovered', report: UNCOVERED_REPORT },
];

const readJson = (path: string): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));

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

test.each(rows)('the JSON of the $name report is what docs/report.schema.json says, no more and no less', row => {
  const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
  addFormats.default(ajv);
  const validate = ajv.compile(closed(readJson('../../../docs/report.schema.json')) as object);
  validate(JSON.parse(renderReportJson([row.report])));
  expect(validate.errors).toBeNull();
});

test.each(rows)('the SARIF of the $name report obeys its schema', row => {
  // Of draft 4 the schema uses nothing that later drafts mean otherwise, but for the name of its id.
  const { $schema: _, id: __, ...schema } = readJson('testdata/sarif-2.1.0.schema.json');
  // One of its patterns is not a regular expression by the strict rules.
  const ajv = new Ajv({ allErrors: true, strict: false, unicodeRegExp: false });
  addFormats.default(ajv);
  const validate = ajv.compile(schema);
  validate(JSON.parse(renderSarif([row.report, ORDINARY_REPORT], OPTIONS)));
  expect(validate.errors).toBeNull();
});

interface SarifRun {
  readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
  readonly results: readonly {
    readonly ruleId: string;
    readonly ruleIndex: number;
    readonly locations: readonly {
      readonly physicalLocation: { readonly artifactLocation: { readonly uri: string } };
    }[];
  }[];
}

test.each(rows)('in the SARIF of the $name report every result has its rule, and no path leaves the image', row => {
  const { runs }: { runs: readonly SarifRun[] } = JSON.parse(renderSarif([row.report], OPTIONS));
  for (const { tool, results } of runs) {
    for (const { ruleId, ruleIndex, locations } of results) {
      expect(tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
      for (const { physicalLocation } of locations) {
        expect(physicalLocation.artifactLocation.uri).toMatch(/^[^/:]+(?:\/[^/:]+)*$/);
        expect(physicalLocation.artifactLocation.uri.split('/')).not.toContain('..');
      }
    }
  }
});

test.each(rows)('the CycloneDX document of the $name report obeys the official schema, strictly', async row => {
  const text = renderCyclonedxFindings([row.report], OPTIONS);
  expect(await new JsonStrictValidator(Version.v1dot6).validate(text)).toBeNull();
});

interface Bom {
  readonly components: readonly { readonly 'bom-ref': string }[];
  readonly vulnerabilities: readonly {
    readonly 'bom-ref': string;
    readonly affects: readonly { readonly ref: string }[];
    readonly analysis?: { readonly state: string };
  }[];
}

test('in CycloneDX vulnerabilities lead to components, and what was set aside has an analysis', () => {
  const bom: Bom = JSON.parse(renderCyclonedxFindings([ORDINARY_REPORT], OPTIONS));
  const refs = new Set(bom.components.map(one => one['bom-ref']));
  const own = bom.vulnerabilities.map(one => one['bom-ref']);
  expect(new Set(own).size).toBe(own.length);
  for (const { affects } of bom.vulnerabilities) {
    expect(affects.length).toBeGreaterThan(0);
    for (const { ref } of affects) expect(refs).toContain(ref);
  }
  expect(bom.vulnerabilities.flatMap(({ analysis }) => analysis?.state ?? [])).toEqual(['exploitable']);
});

test.each(rows)('the SPDX document of the $name report obeys the official schema', row => {
  const ajv = new Ajv({ allErrors: true });
  addFormats.default(ajv);
  const validate = ajv.compile(readJson('../testdata/spdx-2.3.schema.json'));
  validate(JSON.parse(renderSpdxFindings([row.report], OPTIONS)));
  expect(validate.errors).toBeNull();
});

test.each(rows)('the JUnit document of the $name report is well-formed XML whose counts are right', ({ report }) => {
  const parser = new SaxesParser();
  const counts = { testcase: 0, failure: 0, skipped: 0 };
  let promised: Readonly<Record<string, string>> = {};
  parser.on('error', error => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => {
    if (name === 'testsuites') promised = attributes as Record<string, string>;
    if (name in counts) counts[name as keyof typeof counts] += 1;
  });
  parser.write(renderJunit([report, ORDINARY_REPORT])).close();
  expect(promised).toMatchObject({
    tests: String(counts.testcase),
    failures: String(counts.failure),
    skipped: String(counts.skipped),
  });
});

/** Elements and attributes that the page itself has. */
const ELEMENTS =
  /^(?:!doctype|html|head|meta|title|style|body|h[1-3]|p|div|label|input|output|section|strong|small|span|ul|li|br|table|thead|tbody|tr|th|td|button|a|details|summary|script)$/;

test.each(rows)('the page of the $name report holds no element or link of others', ({ report }) => {
  const html = renderHtml([report], OPTIONS);
  const body = html.replace(/<style>[\s\S]*?<\/style>/, '').replace(/<script>[\s\S]*?<\/script>/, '');
  for (const [, name = ''] of body.matchAll(/<\/?([^\s>]*)/g)) expect(name).toMatch(ELEMENTS);
  expect(body).not.toContain('<script');
  expect(body).not.toMatch(/\s(?:on[a-z]+|src|style)=/i);
  for (const [, url = ''] of body.matchAll(/href="([^"]*)"/g)) expect(url).toMatch(/^https?:\/\/[^@"<>\s]+$/);
});

test('the script of the page is one that a browser can read', () => {
  expect(() => new Script(SCRIPT)).not.toThrow();
});

test('the page asks nothing of anybody: it loads nothing, and only its own script may run', () => {
  const html = renderHtml([ORDINARY_REPORT], OPTIONS);
  expect(html).toContain("default-src 'none'; style-src 'sha256-");
  expect(html).not.toMatch(/<(?:link|img|iframe|script src)/);
  expect(html).not.toMatch(/@import|url\(/);
});
