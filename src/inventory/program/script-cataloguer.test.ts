import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fileEntry, readClaimed } from '../../../test/fixtures/claimed-file.ts';
import { scriptCataloguer } from './script-cataloguer.ts';

const found = (path: string, text: string) =>
  readClaimed(scriptCataloguer, path, text)?.packages?.map(one => `${one.name} ${one.version}`);

test.each([
  { path: 'usr/local/bin/elixir', text: '#!/bin/sh\nset -e\nELIXIR_VERSION=1.17.0-rc.1\n', is: 'elixir 1.17.0-rc.1' },
  {
    path: 'usr/bin/composer',
    text: `'root' => array(\n    'name' => 'composer/composer',\n    'pretty_version' => '2.7.1',\n`,
    is: 'composer 2.7.1',
  },
  { path: 'app/composer.phar', text: `public const VERSION = '2.2.0-RC1';\n`, is: 'composer 2.2.0-RC1' },
  { path: 'usr/local/bin/wp', text: 'wp-cli/wp-cli 2.9.0 2023-10-25T09:10:40+00:00\n', is: 'wp-cli 2.9.0' },
  {
    path: 'wp-cli.phar',
    text: `'wp-cli/wp-cli' =>\n  array (\n    'pretty_version' => 'v2.10.0',\n`,
    is: 'wp-cli 2.10.0',
  },
  {
    path: 'opt/firefox/application.ini',
    text: '[App]\nVendor=Mozilla\nName=Firefox\nCodeName=Nightly\nVersion=151.0\n',
    is: 'firefox 151.0',
  },
])('$path is $is', ({ path, text, is }) => {
  expect(found(path, text)).toEqual([is]);
});

test.each([
  { path: 'usr/local/bin/wp', text: '#!/bin/sh\nexec other', why: 'a wrapper' },
  { path: 'opt/thunderbird/application.ini', text: 'Name=Thunderbird\nVersion=128.0\n', why: 'another program' },
])('$path is nothing: $why', ({ path, text }) => {
  expect(found(path, text)).toBeUndefined();
});

test('a file too large to be such a program is not claimed', () => {
  expect(scriptCataloguer.claims(fileEntry('usr/bin/wp', { sizeBytes: 200_000_000 }))).toBe(false);
  expect(scriptCataloguer.claims(fileEntry('usr/bin/elixir', { sizeBytes: 100_000 }))).toBe(false);
});

test('no text makes it throw', () => {
  const pieces = fc.constantFrom(
    'ELIXIR_VERSION=',
    'wp-cli/wp-cli ',
    "const VERSION = '",
    'Name=Firefox',
    '1.2.3',
    '\n',
    "'",
  );
  const path = fc.constantFrom('bin/elixir', 'bin/composer', 'bin/wp', 'opt/application.ini');
  fc.assert(fc.property(path, fc.array(pieces), (name, texts) => void found(name, texts.join(''))));
});
