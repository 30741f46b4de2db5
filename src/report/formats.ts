/**
 * The formats an inventory can be written in. A new one is a file with a `render…` function and a row here.
 *
 * A format is loaded when it is asked for: the libraries behind some take longer to load than a small image takes to read.
 */
import type { Inventory } from '#inventory/inventory.ts';
import type { ReportOptions } from './report-options.ts';

/** The name of a format, as `--format` takes it. */
export type FormatName = 'table' | 'json' | 'cyclonedx-json' | 'spdx-json' | 'purl-list';

/** The whole document, ended by a line break. The same inventory and options give the same text. */
export type Render = (inventory: Inventory, options: ReportOptions) => string;

interface Format {
  readonly load: () => Promise<Render>;
  readonly mediaType: string;
  /** For file names, with the leading dot. */
  readonly extension: string;
}

export const FORMATS: Readonly<Record<FormatName, Format>> = {
  table: {
    load: async () => (await import('./table.ts')).renderTable,
    mediaType: 'text/plain; charset=utf-8',
    extension: '.txt',
  },
  json: {
    load: async () => (await import('./inventory-json.ts')).renderInventoryJson,
    mediaType: 'application/json',
    extension: '.json',
  },
  'cyclonedx-json': {
    load: async () => (await import('./cyclonedx.ts')).renderCyclonedx,
    mediaType: 'application/vnd.cyclonedx+json; version=1.6',
    extension: '.cdx.json',
  },
  'spdx-json': {
    load: async () => (await import('./spdx.ts')).renderSpdx,
    mediaType: 'application/spdx+json',
    extension: '.spdx.json',
  },
  'purl-list': {
    load: async () => (await import('./purl-list.ts')).renderPurlList,
    mediaType: 'text/plain; charset=utf-8',
    extension: '.purls.txt',
  },
};
