import { expect, test } from 'vitest';
import { fileEntry, readClaimed } from '../../../test/fixtures/claimed-file.ts';
import { wordpressCataloguer } from './cataloguer.ts';

const CONTENT = 'var/www/html/wp-content';
const PATH = `${CONTENT}/plugins/akismet/akismet.php`;
const read = (path: string, content: string) => readClaimed(wordpressCataloguer, path, content)?.packages;

test.each([
  { path: PATH, claimed: true, why: 'a file at the top of a plugin' },
  { path: `${CONTENT}/plugins/hello.php`, claimed: true, why: 'a plugin of one file' },
  { path: `${CONTENT}/mu-plugins/must.php`, claimed: true, why: 'a plugin that must be used' },
  { path: `${CONTENT}/themes/twentytwenty/style.css`, claimed: true, why: 'the head of a theme' },
  { path: 'var/www/html/wp-includes/version.php', claimed: true, why: 'WordPress itself' },
  { path: `${CONTENT}/plugins/akismet/views/setup.php`, claimed: false, why: 'deeper than WordPress looks' },
  { path: `${CONTENT}/themes/twentytwenty/functions.php`, claimed: false, why: 'another file of a theme' },
  { path: `${CONTENT}/themes/a/assets/style.css`, claimed: false, why: 'a style deeper in a theme' },
  { path: 'var/www/html/index.php', claimed: false, why: 'any other script' },
])('$path is claimed: $claimed ($why)', ({ path, claimed }) => {
  expect(wordpressCataloguer.claims(fileEntry(path))).toBe(claimed);
});

const PLUGIN = { type: 'wordpress', name: 'akismet', version: '5.0.2' };

test.each([
  {
    content: `<?php
/**
 * @package Akismet
 */
/*
Plugin Name: Akismet Anti-Spam
Plugin URI: https://akismet.com/
Version: 5.0.2
License: GPLv2 or later
*/
define('VERSION', 'Version: 9');`,
    found: { ...PLUGIN, licenses: ['GPLv2 or later'], properties: { kind: 'plugin', title: 'Akismet Anti-Spam' } },
    why: 'a plain comment',
  },
  {
    content: '<?php\r\n/**\r\n * Plugin Name: A\r\n * Version:     5.0.2 */\r\n',
    found: { ...PLUGIN, properties: { kind: 'plugin', title: 'A' } },
    why: 'stars, lines of Windows, and the end of the comment in the line',
  },
  {
    content: '<?php /* Plugin Name: A\rVersion: 5.0.2\r*/',
    found: { ...PLUGIN, properties: { kind: 'plugin', title: 'A' } },
    why: 'lines of an old Mac, a comment on the first line',
  },
])('$why', ({ content, found }) => {
  expect(read(PATH, content)).toEqual([found]);
});

test.each([
  { content: '<?php class Akismet_Admin {}', why: 'another file of a plugin' },
  { content: '<?php /* Plugin Name: A */', why: 'no version' },
  { content: `<?php ${' '.repeat(9000)}\n/* Plugin Name: A\nVersion: 1 */`, why: 'beyond the first 8 KiB' },
])('no plugin: $why', ({ content }) => {
  expect(read(PATH, content)).toBeUndefined();
});

test('a plugin of one file has the name of the file, a theme that of its folder', () => {
  expect(read(`${CONTENT}/plugins/hello.php`, '/* Plugin Name: Hello\nVersion: 1.7 */')?.[0]?.name).toBe('hello');
  expect(read(`${CONTENT}/themes/astra/style.css`, '/*\nTheme Name: Astra\nVersion: 4.6\n*/')).toEqual([
    { type: 'wordpress', name: 'astra', version: '4.6', properties: { kind: 'theme', title: 'Astra' } },
  ]);
});

test('WordPress tells its own version', () => {
  const core = "<?php\n/**\n * @global string $wp_version\n */\n$wp_version = '6.4.2';\n$wp_db_version = 56657;\n";
  expect(read('var/www/html/wp-includes/version.php', core)).toEqual([
    { type: 'wordpress', name: 'wordpress', version: '6.4.2', properties: { kind: 'core' } },
  ]);
});
