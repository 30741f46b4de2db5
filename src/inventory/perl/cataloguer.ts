/**
 * Perl distributions from CPAN, by what cpanminus and MakeMaker record. Modules that come with Perl are a part of Perl.
 */
import type { Cataloguer } from '../cataloguer.ts';
import { bodyText } from '../file-body.ts';
import { parseJsonFile } from '../json-file.ts';
import { toPackage } from './package.ts';
import { parseInstallJson, parsePerllocal } from './parse-records.ts';

const MAX_BYTES = 16 * 1024 * 1024;

export const perlCataloguer: Cataloguer = {
  id: 'perl',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: ({ name, path }) =>
    name === 'perllocal.pod' || (name === 'install.json' && path.split('/').at(-3) === '.meta'),
  read(file) {
    const rows =
      file.name === 'perllocal.pod'
        ? parsePerllocal(bodyText(file.body, MAX_BYTES))
        : [parseInstallJson(parseJsonFile(file.body, MAX_BYTES))];
    return { packages: rows.map(toPackage) };
  },
};
