import { expect, test } from 'vitest';
import { fileEntry, readClaimed } from '../../../test/fixtures/claimed-file.ts';
import { rubyCataloguer } from './cataloguer.ts';

const GEMS = 'usr/local/bundle';
const PATH = `${GEMS}/specifications/nokogiri-1.16.0-x86_64-linux.gemspec`;
const STUB = '# -*- encoding: utf-8 -*-\n# stub: nokogiri 1.16.0 x86_64-linux lib\n# stub: ext/nokogiri/extconf.rb\n\n';
const BODY = `Gem::Specification.new do |s|
  s.name = "nokogiri".freeze
  s.version = "1.16.0"
  s.platform = "x86_64-linux".freeze

  s.metadata = { "name" => "other" } if s.respond_to? :metadata=
  s.licenses = ["MIT".freeze, 'Ruby']
end
`;
const FOUND = {
  type: 'gem',
  name: 'nokogiri',
  version: '1.16.0',
  licenses: ['MIT', 'Ruby'],
  properties: { platform: 'x86_64-linux' },
};
const read = (content: string, path = PATH) => readClaimed(rubyCataloguer, path, content);

test.each([
  { path: PATH, claimed: true, why: 'an installed gem' },
  { path: 'usr/lib/ruby/gems/3.1.0/specifications/default/json-2.6.1.gemspec', claimed: true, why: 'a default gem' },
  { path: `${GEMS}/bundler/gems/rack-0a1b2c3d4e5f/rack.gemspec`, claimed: true, why: 'a gem from Git' },
  {
    path: `${GEMS}/bundler/gems/rails-0a1b2c3d4e5f/activesupport/activesupport.gemspec`,
    claimed: true,
    why: 'one of several from one repository',
  },
  { path: `${GEMS}/bundler/gems/x-0a1b2c3/a/b/c/y.gemspec`, claimed: false, why: 'deeper than Bundler looks' },
  { path: `${GEMS}/gems/rack-2.2.8/rack.gemspec`, claimed: false, why: 'the program of its author' },
  { path: 'srv/app/app.gemspec', claimed: false, why: 'an application' },
])('$path is claimed: $claimed ($why)', ({ path, claimed }) => {
  expect(rubyCataloguer.claims(fileEntry(path))).toBe(claimed);
});

test.each([
  { content: STUB + BODY, found: FOUND, why: 'stub and assignments agree' },
  {
    content: STUB + BODY.replace('"1.16.0"', 'Nokogiri::VERSION'),
    found: FOUND,
    why: 'the stub knows what is computed',
  },
  { content: BODY, found: FOUND, why: 'an old file without stub' },
  { content: `# stub: nokogiri 1.16.0 x86_64-linux lib\n${BODY}`, found: FOUND, why: 'a stub on the first line' },
  {
    content: BODY.replace('"1.16.0"', 'Gem::Version.new("1.16.0")'),
    found: FOUND,
    why: 'a version as an object of RubyGems',
  },
  {
    content: `# stub: rake 13.1.0 ruby lib\n  s.license = 'MIT'\n`,
    found: { type: 'gem', name: 'rake', version: '13.1.0', licenses: ['MIT'] },
    why: 'pure Ruby needs no platform; one licence',
  },
])('$why', ({ content, found }) => {
  expect(read(content)?.packages).toEqual([found]);
});

test('gems that ship with Ruby are marked', () => {
  const path = 'usr/lib/ruby/gems/3.1.0/specifications/default/json-2.6.1.gemspec';
  expect(read('# stub: json 2.6.1 ruby lib\n', path)?.packages).toEqual([
    { type: 'gem', name: 'json', version: '2.6.1', properties: { default: 'true' } },
  ]);
});

test('a gem from Git carries the commit', () => {
  const path = `${GEMS}/bundler/gems/rack-0a1b2c3d4e5f/rack.gemspec`;
  expect(read('# stub: rack 3.0.0 ruby lib\n', path)?.packages?.[0]?.properties).toEqual({ commit: '0a1b2c3d4e5f' });
});

test.each([
  {
    content: 'Gem::Specification.new do |s|\n  s.name = "a"\n  s.version = A::VERSION\nend\n',
    why: 'a computed version',
  },
  { content: 's.name = "a"\ns.version = "#{MAJOR}.0"\n', why: 'a version put together' },
  { content: '', why: 'empty' },
])('FILE_INVALID: $why', ({ content }) => {
  expect(() => read(content)).toThrow(expect.objectContaining({ code: 'FILE_INVALID' }));
});
