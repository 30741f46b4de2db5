import { expect, test } from 'vitest';
import { fileEntry, readClaimed } from '../../../test/fixtures/claimed-file.ts';
import { perlCataloguer } from './cataloguer.ts';

const META = 'usr/local/lib/perl5/site_perl/5.38.0/x86_64-linux-gnu/.meta/Mojolicious-9.35/install.json';
const POD = 'usr/local/lib/perl5/5.38.0/x86_64-linux-gnu/perllocal.pod';
const readMeta = (json: unknown) => readClaimed(perlCataloguer, META, JSON.stringify(json))?.packages;

test.each([
  { path: META, claimed: true, why: 'the record of cpanminus' },
  { path: POD, claimed: true, why: 'the log of MakeMaker' },
  { path: 'srv/app/install.json', claimed: false, why: 'another program’s' },
  { path: 'root/.cpanm/work/1/Mojolicious-9.35/META.json', claimed: false, why: 'a build, not an installation' },
])('$path is claimed: $claimed ($why)', ({ path, claimed }) => {
  expect(perlCataloguer.claims(fileEntry(path))).toBe(claimed);
});

test.each([
  {
    json: {
      name: 'Mojolicious',
      version: '9.35',
      dist: 'Mojolicious-9.35',
      pathname: 'S/SR/SRI/Mojolicious-9.35.tar.gz',
    },
    found: { type: 'cpan', name: 'Mojolicious', version: '9.35', properties: { author: 'SRI' } },
    why: 'module and distribution have one name',
  },
  {
    json: { name: 'LWP', version: '6.72', dist: 'libwww-perl-6.72' },
    found: { type: 'cpan', name: 'libwww-perl', version: '6.72' },
    why: 'a distribution goes by its own name',
  },
  {
    json: { name: 'version', version: '0.9930', dist: 'version-v0.9930' },
    found: { type: 'cpan', name: 'version', version: '0.9930' },
    why: 'a v before the version',
  },
  {
    json: { name: 'A::B', version: '1', dist: 7, pathname: null },
    found: { type: 'cpan', name: 'A-B', version: '1' },
    why: 'nothing but the module',
  },
])('$why', ({ json, found }) => {
  expect(readMeta(json)).toEqual([found]);
});

test('a record without a version is refused', () => {
  expect(() => readMeta({ name: 'A' })).toThrow(expect.objectContaining({ code: 'FILE_INVALID' }));
});

test('of a module that was installed twice the last version counts', () => {
  const entry = (module: string, version: string) => `=head2 Wed Mar  1 12:00:00 2023: C<Module> L<${module}|${module}>

=over 4

=item *

C<installed into: /usr/local/lib/perl5/site_perl>

=item *

C<VERSION: ${version}>

=back

`;
  const pod = entry('JSON::XS', '4.02') + entry('YAML', '1.30') + entry('JSON::XS', '4.03');
  expect(readClaimed(perlCataloguer, POD, pod)?.packages).toEqual([
    { type: 'cpan', name: 'JSON-XS', version: '4.03' },
    { type: 'cpan', name: 'YAML', version: '1.30' },
  ]);
});
