import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { CREATED_AT } from '../testdata/sample-inventory.ts';
import { textWidth } from '../text-columns.ts';
import { SCAN_FORMATS, type ScanFormatName } from './formats.ts';
import { GROUPINGS, type ScanReportOptions } from './scan-report-options.ts';
import { renderScanTable } from './table.ts';
import { NOTHING_REPORT, ORDINARY_REPORT, UNCOVERED_REPORT, UNKIND_REPORT } from './testdata/sample-report.ts';

const OPTIONS: ScanReportOptions = { createdAt: CREATED_AT, toolVersion: '1.2.3', columns: 100 };
const reports = {
  ordinary: ORDINARY_REPORT,
  unkind: UNKIND_REPORT,
  nothing: NOTHING_REPORT,
  uncovered: UNCOVERED_REPORT,
};
const formats = Object.keys(SCAN_FORMATS) as ScanFormatName[];
const rows = formats.flatMap(format =>
  (Object.keys(reports) as (keyof typeof reports)[]).map(name => ({ format, name })),
);

// What nasty texts become is seen where people read them; the documents for machines are held against their schemas.
const golden = rows.filter(({ format, name }) => name !== 'unkind' || ['table', 'markdown', 'junit'].includes(format));

test.each(golden)('$format of the $name report is as in its golden file', async ({ format, name }) => {
  const { load, extension } = SCAN_FORMATS[format];
  const text = (await load())([reports[name]], OPTIONS);
  await expect(text).toMatchFileSnapshot(`testdata/${name}${extension}`);
});

test.each(rows)('$format of the $name report is the same again, and steers no terminal', async ({ format, name }) => {
  const render = await SCAN_FORMATS[format].load();
  const text = render([reports[name]], OPTIONS);
  expect(render([reports[name]], { ...OPTIONS })).toBe(text);
  expect(text.endsWith('\n')).toBe(true);
  expect(text.isWellFormed()).toBe(true);
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/);
});

test.each(formats)('%s says that an image of an uncovered distribution could not be judged', async format => {
  const text = (await SCAN_FORMATS[format].load())([UNCOVERED_REPORT], OPTIONS);
  // SBOM formats list packages; a package without findings says nothing about itself there.
  if (format === 'cyclonedx-json' || format === 'spdx-json') return;
  expect(text).toContain('no advisories known for fedora 43');
});

test.each(formats)('several images are one document of %s, which names them all', async format => {
  const text = (await SCAN_FORMATS[format].load())([ORDINARY_REPORT, NOTHING_REPORT], OPTIONS);
  expect(text).toContain('team/shop');
  expect(text).toContain('srv/rootfs');
  if (SCAN_FORMATS[format].mediaType.includes('json')) JSON.parse(text);
});

const tables = GROUPINGS.flatMap(groupBy => [60, 80, 100, 160].map(columns => ({ groupBy, columns })));

test.each(tables)('the table by $groupBy fits $columns columns', ({ groupBy, columns }) => {
  for (const report of Object.values(reports)) {
    const lines = renderScanTable([report], { ...OPTIONS, groupBy, columns }).split('\n');
    // Reference and digest are for copying and never cut.
    const cut = lines.slice(1).filter(line => !line.startsWith('Digest'));
    expect(Math.max(...cut.map(textWidth))).toBeLessThanOrEqual(columns);
  }
});

test.each(GROUPINGS)('the table by %s has every finding', groupBy => {
  const text = renderScanTable([ORDINARY_REPORT], { ...OPTIONS, groupBy, columns: 0 });
  for (const { id } of ORDINARY_REPORT.findings) expect(text).toContain(id);
});

test.each(GROUPINGS)('the table by %s is as in its golden file', async groupBy => {
  const text = renderScanTable([ORDINARY_REPORT, NOTHING_REPORT], { ...OPTIONS, groupBy });
  await expect(text).toMatchFileSnapshot(`testdata/by-${groupBy}.txt`);
});

test('colours and links come only when asked for, and change nothing else', () => {
  const plain = renderScanTable([ORDINARY_REPORT], OPTIONS);
  const rich = renderScanTable([ORDINARY_REPORT], { ...OPTIONS, hasColors: true, hasLinks: true });
  expect(rich).toContain('\u001b]8;;https://nvd.nist.gov/vuln/detail/CVE-2024-5535\u001b\\');
  expect(stripVTControlCharacters(rich)).toBe(plain);
});

test('links lead only to pages of ours to choose, whatever the id', () => {
  const rich = renderScanTable([UNKIND_REPORT], { ...OPTIONS, hasLinks: true });
  const links = [...rich.matchAll(/\u001b\]8;;([^\u001b]*)\u001b\\/g)].map(match => match[1] ?? '');
  expect(links.length).toBeGreaterThan(0);
  for (const link of links) expect(link).toMatch(/^(?:|https:\/\/(?:nvd\.nist\.gov|osv\.dev)\/[!-~]*)$/);
});

test('a wide terminal shows scores and titles too', () => {
  expect(renderScanTable([ORDINARY_REPORT], OPTIONS)).not.toContain('SSL_select_next_proto');
  const wide = renderScanTable([ORDINARY_REPORT], { ...OPTIONS, columns: 220 });
  expect(wide).toContain('9.1 nvd');
  expect(wide).toContain('SSL_select_next_proto buffer overread');
});
