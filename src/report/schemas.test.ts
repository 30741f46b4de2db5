import { readFileSync } from 'node:fs';
import { Version } from '@cyclonedx/cyclonedx-library/Spec';
import { JsonStrictValidator } from '@cyclonedx/cyclonedx-library/Validation';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect, test } from 'vitest';
import { renderCyclonedx } from './cyclonedx.ts';
import { renderInventoryJson } from './inventory-json.ts';
import { renderSpdx } from './spdx.ts';
import { CREATED_AT, NOTHING, ORDINARY, UNKIND } from './testdata/sample-inventory.ts';

const OPTIONS = { createdAt: CREATED_AT, toolVersion: '1.2.3' };
const rows = [
  { name: 'ordinary', inventory: ORDINARY },
  { name: 'unkind', inventory: UNKIND },
  { name: 'nothing', inventory: NOTHING },
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

test.each(rows)('the JSON of the $name inventory is what docs/inventory.schema.json says, no more and no less', row => {
  const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
  addFormats.default(ajv);
  const validate = ajv.compile(closed(readJson('../../docs/inventory.schema.json')) as object);
  validate(JSON.parse(renderInventoryJson(row.inventory)));
  expect(validate.errors).toBeNull();
});

test.each(rows)('the CycloneDX document of the $name inventory obeys the official schema, strictly', async row => {
  const text = renderCyclonedx(row.inventory, OPTIONS);
  expect(await new JsonStrictValidator(Version.v1dot6).validate(text)).toBeNull();
});

test.each(rows)('the SPDX document of the $name inventory obeys the official schema', row => {
  const ajv = new Ajv({ allErrors: true });
  addFormats.default(ajv);
  const validate = ajv.compile(readJson('testdata/spdx-2.3.schema.json'));
  validate(JSON.parse(renderSpdx(row.inventory, OPTIONS)));
  expect(validate.errors).toBeNull();
});

interface SpdxDocument {
  readonly packages: readonly { readonly SPDXID: string; readonly licenseDeclared: string }[];
  readonly relationships: readonly { readonly spdxElementId: string; readonly relatedSpdxElement: string }[];
  readonly hasExtractedLicensingInfos?: readonly { readonly licenseId: string }[];
}

test.each(rows)(
  'in the SPDX document of the $name inventory every reference leads somewhere, every identifier is unique',
  row => {
    const document: SpdxDocument = JSON.parse(renderSpdx(row.inventory, OPTIONS));
    const ids = document.packages.map(one => one.SPDXID);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^SPDXRef-[A-Za-z0-9.-]+$/);
    const known = new Set([...ids, 'SPDXRef-DOCUMENT']);
    for (const one of document.relationships) {
      expect(known).toContain(one.spdxElementId);
      expect(known).toContain(one.relatedSpdxElement);
    }
    const texts = new Set((document.hasExtractedLicensingInfos ?? []).map(one => one.licenseId));
    const referred = document.packages.flatMap(one => one.licenseDeclared.match(/LicenseRef-[A-Za-z0-9.-]+/g) ?? []);
    expect(new Set(referred)).toEqual(texts);
  },
);

interface CyclonedxDocument {
  readonly components: readonly { readonly 'bom-ref': string }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

test.each(rows)(
  'in the CycloneDX document of the $name inventory references are unique, and the image leads to all',
  row => {
    const document: CyclonedxDocument = JSON.parse(renderCyclonedx(row.inventory, OPTIONS));
    const refs = document.components.map(one => one['bom-ref']);
    expect(new Set(refs).size).toBe(refs.length);
    expect(document.dependencies).toEqual(refs.length === 0 ? [] : [{ ref: 'plimsoll:image', dependsOn: refs }]);
  },
);
