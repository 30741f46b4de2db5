/**
 * Programs that are text or an archive of text: Elixir's launcher, Composer, WP-CLI, Firefox.
 *
 * They are known by file name and a line that states the version, like the executables of the table, but have no magic.
 */
import type { Cataloguer, FileEntry } from '../cataloguer.ts';
import type { FoundPackage } from '../package.ts';
import { toPackage } from './package.ts';
import type { Pattern } from './rule.ts';
import { scan } from './scan.ts';

/** Composer and WP-CLI have 3 and 7 MB; a larger file of that name is another program. */
const MAX_BYTES = 64 * 1024 * 1024;

interface ScriptRule {
  readonly name: string;
  readonly cpe: readonly string[];
  readonly claims: (entry: FileEntry) => boolean;
  readonly patterns: readonly Pattern[];
}

const RULES: readonly ScriptRule[] = [
  {
    name: 'elixir',
    cpe: ['elixir-lang:elixir'],
    claims: ({ name, sizeBytes }) => name === 'elixir' && sizeBytes < 64 * 1024,
    patterns: [{ needle: 'ELIXIR_VERSION=', version: /^ELIXIR_VERSION=(\d+\.\d+\.\d+(?:-[a-z]+(?:\.\d+)?)?)/ }],
  },
  {
    name: 'composer',
    cpe: ['getcomposer:composer'],
    claims: ({ name, sizeBytes }) => (name === 'composer' || name === 'composer.phar') && sizeBytes <= MAX_BYTES,
    patterns: [
      {
        needle: "'name' => 'composer/composer'",
        after: 200,
        version: /'pretty_version' => '(\d+\.\d+\.\d+(?:-(?:alpha|beta|RC)\d+)?)'/,
      },
      { needle: "const VERSION = '", version: /^const VERSION = '(\d+\.\d+\.\d+(?:-(?:alpha|beta|RC)\d+)?)'/ },
    ],
  },
  {
    name: 'wp-cli',
    cpe: ['wp-cli:wp-cli'],
    claims: ({ name, sizeBytes }) => (name === 'wp' || name === 'wp-cli.phar') && sizeBytes <= MAX_BYTES,
    patterns: [
      { needle: 'wp-cli/wp-cli ', version: /^wp-cli\/wp-cli v?(\d+\.\d+\.\d+)/ },
      { needle: "'wp-cli/wp-cli' =>", after: 200, version: /'pretty_version' => 'v?(\d+\.\d+\.\d+)'/ },
    ],
  },
  {
    name: 'firefox',
    cpe: ['mozilla:firefox'],
    claims: ({ name, sizeBytes }) => name === 'application.ini' && sizeBytes < 64 * 1024,
    patterns: [{ needle: 'Name=Firefox', after: 300, version: /\nVersion=(\d+(?:\.\d+){1,3}(?:[ab]\d+|esr)?)\r?\n/ }],
  },
];

export const scriptCataloguer: Cataloguer = {
  id: 'script',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: entry => RULES.some(rule => rule.claims(entry)),
  read(file) {
    const region = { start: 0, end: file.body.sizeBytes };
    const packages = RULES.filter(rule => rule.claims(file)).flatMap((rule): FoundPackage[] => {
      const searched = { ...rule, files: [] };
      return scan(file.body, [region], [{ rule: searched }]).map(toPackage);
    });
    return packages.length === 0 ? undefined : { packages };
  },
};
