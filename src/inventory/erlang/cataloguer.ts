/**
 * Erlang and Elixir applications: `ebin/NAME.app`, in releases, in OTP itself and in `.ez` archives (RabbitMQ's plugins); and the
 * release of Erlang/OTP from `releases/N/OTP_VERSION`.
 */
import { PlimsollError } from '#base/errors.ts';
import type { Cataloguer } from '../cataloguer.ts';
import { declaredText } from '../declared.ts';
import { bodyText } from '../file-body.ts';
import { readOrGap } from '../gap.ts';
import type { FoundPackage } from '../package.ts';
import { ZipBudget } from '../zip/budget.ts';
import { openZip } from '../zip/zip.ts';
import { toPackage, toRelease } from './package.ts';
import { parseApp } from './parse-app.ts';

const MAX_BYTES = 2 * 1024 * 1024;
const MAX_ARCHIVE_BYTES = 256 * 1024 * 1024;
/** Applications of one archive, which in practice holds one. */
const MAX_ENTRIES = 10_000;

export const erlangCataloguer: Cataloguer = {
  id: 'erlang',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: ({ name, path }) => (name.endsWith('.app') && isApp(path)) || (name === 'OTP_VERSION' && isRelease(path)),
  read(file) {
    const text = bodyText(file.body, MAX_BYTES);
    if (file.name !== 'OTP_VERSION') return { packages: [toPackage(parseApp(text))] };
    // A patched build adds `**` to what it was built from.
    const version = declaredText(text.trim().replace(/\*+$/, ''));
    if (version === undefined) throw new PlimsollError('FILE_INVALID', 'It holds no release of Erlang/OTP');
    return { packages: [toRelease(version)] };
  },
};

export const erlangArchiveCataloguer: Cataloguer = {
  id: 'erlang-archive',
  version: 1,
  maxBytes: MAX_ARCHIVE_BYTES,
  claims: entry => entry.name.endsWith('.ez'),
  read(file) {
    const zip = openZip(file.body, { budget: new ZipBudget({ bytes: MAX_ARCHIVE_BYTES }), wants: isApp });
    const gaps =
      zip.entries.length > MAX_ENTRIES ? [`${zip.entries.length} applications, ${MAX_ENTRIES} were read`] : [];
    const packages = zip.entries.slice(0, MAX_ENTRIES).flatMap((entry): FoundPackage[] => {
      const row = readOrGap(gaps, () => parseApp(bodyText(zip.open(entry, MAX_BYTES), MAX_BYTES)));
      return row === undefined ? [] : [{ ...toPackage(row), inside: entry.name }];
    });
    return { packages, gaps: [...zip.gaps, ...gaps] };
  },
};

function isApp(path: string): boolean {
  return path.endsWith('.app') && path.slice(0, path.lastIndexOf('/')).endsWith('/ebin');
}

function isRelease(path: string): boolean {
  return /(?:^|\/)releases\/[^/]+\/OTP_VERSION$/.test(path);
}
