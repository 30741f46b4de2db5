import { expect, test } from 'vitest';
import { FORMATS, type FormatName } from './formats.ts';
import type { ReportOptions } from './report-options.ts';
import { CREATED_AT, NOTHING, ORDINARY, UNKIND } from './testdata/sample-inventory.ts';

const OPTIONS: ReportOptions = { createdAt: CREATED_AT, toolVersion: '1.2.3', columns: 80 };
const inventories = { ordinary: ORDINARY, unkind: UNKIND, nothing: NOTHING };

const rows = (Object.keys(FORMATS) as FormatName[]).flatMap(format =>
  (Object.keys(inventories) as (keyof typeof inventories)[]).map(name => ({ format, name })),
);

test.each(rows)('$format of the $name inventory is as in its golden file', async ({ format, name }) => {
  const { load, extension } = FORMATS[format];
  const text = (await load())(inventories[name], OPTIONS);
  await expect(text).toMatchFileSnapshot(`testdata/${name}${extension}`);
});

test.each(rows)('$format of the $name inventory is the same again from a copy of it', async ({ format, name }) => {
  const render = await FORMATS[format].load();
  expect(render(structuredClone(inventories[name]), OPTIONS)).toBe(render(inventories[name], OPTIONS));
});

test.each(rows)('$format of the $name inventory has nothing in it that steers a terminal', async ({ format, name }) => {
  const render = await FORMATS[format].load();
  expect(render(inventories[name], OPTIONS)).not.toMatch(
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/,
  );
});

test('a list of purls has each once, in order', async () => {
  const render = await FORMATS['purl-list'].load();
  const lines = render(UNKIND, OPTIONS).split('\n');
  expect(lines.filter(line => line === 'pkg:pypi/twin-a@1')).toHaveLength(1);
  expect(lines.slice(0, -1)).toEqual(lines.slice(0, -1).toSorted());
});
