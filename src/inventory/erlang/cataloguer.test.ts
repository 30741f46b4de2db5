import { expect, test } from 'vitest';
import { fileEntry, readClaimed } from '../../../test/fixtures/claimed-file.ts';
import { buildZip } from '../../../test/fixtures/zip-builder.ts';
import { erlangArchiveCataloguer, erlangCataloguer } from './cataloguer.ts';

const PATH = 'opt/app/lib/cowboy-2.8.0/ebin/cowboy.app';
const read = (content: string, path = PATH) => readClaimed(erlangCataloguer, path, content);
const COWBOY = { type: 'hex', name: 'cowboy', version: '2.8.0' };

test.each([
  { path: PATH, claimed: true, why: 'an application' },
  { path: 'opt/app/lib/cowboy-2.8.0/src/cowboy.app.src', claimed: false, why: 'a source' },
  { path: 'Applications/Foo.app', claimed: false, why: 'a program of macOS' },
  { path: 'usr/lib/erlang/releases/26/OTP_VERSION', claimed: true, why: 'the release of OTP' },
  { path: 'usr/lib/erlang/OTP_VERSION', claimed: false, why: 'a source tree' },
])('$path is claimed: $claimed ($why)', ({ path, claimed }) => {
  expect(erlangCataloguer.claims(fileEntry(path))).toBe(claimed);
});

test.each([
  { content: '{application,cowboy,[{vsn,"2.8.0"}]}.', found: COWBOY, why: 'the shortest form' },
  {
    content: `%% written by hand: {vsn, "9"}
{application, 'cowboy', [
	{description, "Small, \\"fast\\" {vsn, \\"1\\"}"},
	{env, [{vsn, "3"}, {deep, [{vsn, "4"}]}]},
	{vsn, "2.8.0"}, % the real one
	{modules, ['cowboy','vsn']},
	{licenses, ["ISC", "MIT"]}
]}.`,
    found: { ...COWBOY, licenses: ['ISC', 'MIT'] },
    why: 'comments, nested lists and strings that look like versions',
  },
  {
    content: '{application,ssl,[{vsn,"10.8.7"}]}.',
    found: { type: 'otp', name: 'ssl', version: '10.8.7' },
    why: 'OTP',
  },
  {
    content: '{application,mix,[{vsn,"1.14.0"}]}.',
    found: { type: 'otp', name: 'mix', version: '1.14.0' },
    why: 'Elixir',
  },
])('$why', ({ content, found }) => {
  expect(read(content)?.packages).toEqual([found]);
});

test.each([
  { content: '{application,cowboy,[{vsn,git}]}.', why: 'a version to be filled in' },
  { content: '{application,cowboy,[{env,[{vsn,"1"}]}]}.', why: 'a version of something inside' },
  { content: '{release,cowboy,[{vsn,"1"}]}.', why: 'another term' },
  { content: '{application,"cowboy",[{vsn,"1"}]}.', why: 'a name that is no atom' },
  { content: '"'.repeat(1000), why: 'nothing but quotes' },
  { content: '', why: 'empty' },
])('FILE_INVALID: $why', ({ content }) => {
  expect(() => read(content)).toThrow(expect.objectContaining({ code: 'FILE_INVALID' }));
});

test.each(['26.2.1\n', '26.2.1**\n'])('the release of OTP is read from %j', content => {
  expect(read(content, 'usr/lib/erlang/releases/26/OTP_VERSION')?.packages).toEqual([
    { type: 'generic', name: 'erlang', version: '26.2.1' },
  ]);
});

test('plugins in archives are found, a broken one is told', () => {
  const zip = buildZip([
    { name: 'cowboy-2.8.0/ebin/cowboy.app', content: '{application,cowboy,[{vsn,"2.8.0"}]}.' },
    { name: 'ranch-1/ebin/ranch.app', content: 'rubbish' },
  ]);
  const fact = readClaimed(erlangArchiveCataloguer, 'plugins/cowboy-2.8.0.ez', zip);
  expect(fact?.packages).toEqual([{ ...COWBOY, inside: 'cowboy-2.8.0/ebin/cowboy.app' }]);
  expect(fact?.gaps).toEqual(['It is no resource file of an Erlang application']);
});
