import { expect, test } from 'vitest';
import { schemeFor } from '#version/schemes.ts';
import { OSV_ECOSYSTEMS, SOURCES } from './sources.ts';

const sources = Object.entries(SOURCES);

test.each(sources)('%s is reached over https', (_, { feeds }) => {
  for (const { url } of feeds) expect(url).toMatch(/^(?:https:\/\/[a-z0-9.-]+\/\S*|\{mirror\}\/\S+)$/);
});

test.each(sources)('%s names its publisher, licence and what it decides', (_, source) => {
  for (const text of [source.title, source.publisher, source.licence, source.decides]) expect(text).not.toBe('');
});

test('each ecosystem read from OSV has an order of versions', () => {
  expect(OSV_ECOSYSTEMS.filter(name => schemeFor(name) === undefined)).toEqual([]);
});

test('ecosystems for which another source decides are not read from OSV', () => {
  const others = ['Alpine', 'Debian', 'Red Hat', 'Wolfi', 'Chainguard'];
  expect(OSV_ECOSYSTEMS.filter(name => others.includes(name))).toEqual([]);
});
