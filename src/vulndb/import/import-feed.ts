/** Importing one file that is known to be a feed: from the command line, or just fetched. */
import { basename, dirname, resolve } from 'node:path';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { type FeedFile, openFeedFile } from './feed-file.ts';
import type { ImportContext, Imported } from './import-context.ts';
import { importDocument } from './import-document.ts';
import { importTar } from './import-tar.ts';
import { importZip } from './import-zip.ts';
import { type FeedKind, recogniseFeed } from './recognise.ts';

/** Kinds that are imported file by file; single records are collected first. */
export type WholeFeedKind = Exclude<FeedKind, 'osv-record' | 'vex-document'>;

/**
 * Imports the file at `path`, which must be one of the kinds expected. `hint` is the ecosystem whose archive it should be.
 * @throws {PlimsollError} `ADVISORY_INVALID` when it is of another kind or damaged; then what was known stays.
 */
export async function importFeed(
  path: string,
  options: { readonly context: ImportContext; readonly hint: string; readonly expected: readonly FeedKind[] },
): Promise<Imported> {
  const { context, hint, expected } = options;
  using file = openFeedFile(path);
  const kind = recogniseFeed((await file.head()).bytes);
  if (kind === undefined || kind === 'osv-record' || kind === 'vex-document' || !expected.includes(kind)) {
    const what = kind === undefined ? 'it is nothing that Plimsoll knows' : `it is ${KIND_WORDS[kind]}`;
    const wanted = expected.map(one => KIND_WORDS[one]).join(' or ');
    throw new PlimsollError('ADVISORY_INVALID', `Cannot read "${printable(path)}": ${what}, expected ${wanted}`);
  }
  return await importOpened(file, kind, context, hint);
}

/** Imports an open file of that kind; `hint` as above, by default the name of its folder. */
export async function importOpened(
  file: FeedFile,
  kind: WholeFeedKind,
  context: ImportContext,
  hint = basename(dirname(resolve(file.path))),
): Promise<Imported> {
  switch (kind) {
    case 'zip':
      if (file.compression === 'none') return await importZip(file, hint, context);
      throw new PlimsollError(
        'ADVISORY_INVALID',
        `Cannot read "${printable(file.path)}": it is a compressed zip; inflate it first`,
      );
    case 'tar':
      return await importTar(file, context);
    default:
      return await importDocument(file, kind, context);
  }
}

const KIND_WORDS: Readonly<Record<FeedKind, string>> = {
  zip: 'a zip',
  tar: 'a tar',
  'osv-record': 'a record of OSV',
  'vex-document': 'a VEX document',
  'debian-tracker': 'the Debian tracker',
  'debian-list': 'a list of Debian advisories',
  secdb: 'a security database of Alpine’s form',
  kev: 'the catalogue of known exploited vulnerabilities',
  epss: 'EPSS scores',
  nvd: 'records of NVD',
  'redhat-repositories': 'the map of Red Hat’s repositories',
  'redhat-images': 'the map of Red Hat’s images',
  'amazon-updateinfo': 'an updateinfo of Amazon',
  'oracle-oval': 'OVAL of Oracle',
};
