/** The formats an inventory can be written in. A new one is a file with a `render…` function and a row here. */
import type { Inventory } from '#inventory/inventory.ts';
import { renderCyclonedx } from './cyclonedx.ts';
import { renderInventoryJson } from './inventory-json.ts';
import { renderPurlList } from './purl-list.ts';
import type { ReportOptions } from './report-options.ts';
import { renderSpdx } from './spdx.ts';
import { renderTable } from './table.ts';

/** The name of a format, as `--format` takes it. */
export type FormatName = 'table' | 'json' | 'cyclonedx-json' | 'spdx-json' | 'purl-list';

interface Format {
  /** The whole document, ended by a line break. The same inventory and options give the same text. */
  readonly render: (inventory: Inventory, options: ReportOptions) => string;
  readonly mediaType: string;
  /** For file names, with the leading dot. */
  readonly extension: string;
}

export const FORMATS: Readonly<Record<FormatName, Format>> = {
  table: { render: renderTable, mediaType: 'text/plain; charset=utf-8', extension: '.txt' },
  json: { render: renderInventoryJson, mediaType: 'application/json', extension: '.json' },
  'cyclonedx-json': {
    render: renderCyclonedx,
    mediaType: 'application/vnd.cyclonedx+json; version=1.6',
    extension: '.cdx.json',
  },
  'spdx-json': { render: renderSpdx, mediaType: 'application/spdx+json', extension: '.spdx.json' },
  'purl-list': { render: renderPurlList, mediaType: 'text/plain; charset=utf-8', extension: '.purls.txt' },
};
