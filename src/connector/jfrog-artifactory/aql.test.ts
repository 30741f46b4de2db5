import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toAql, toImageAndTag } from './aql.ts';

const page = { offset: 0, limit: 1000, isSorted: true };

test('the query for the tags of an image since a date', () => {
  const search = { repo: 'docker-local', image: 'team/app', since: new Date('2026-01-01T00:00:00Z') };
  expect(toAql(search, page)).toBe(
    'items.find({"$and":[{"repo":"docker-local"},{"$or":[{"name":"manifest.json"},{"name":"list.manifest.json"}]},' +
      '{"path":{"$match":"team/app/*"}},{"modified":{"$gte":"2026-01-01T00:00:00.000Z"}}]})' +
      '.include("repo","path","name","created","modified","sha256").sort({"$desc":["modified"]}).offset(0).limit(1000)',
  );
});

test('without an order, the rest is the same', () => {
  expect(toAql({ repo: 'r' }, { ...page, isSorted: false })).not.toContain('sort');
});

test('whatever names hold, they stay values of the query', () => {
  const text = fc.oneof(fc.string(), fc.constantFrom('"}]}).include("*', '\\"', '\u2028', ').limit(1)//', '$match'));
  fc.assert(
    fc.property(text, text, fc.array(text, { minLength: 1 }), (repo, image, tags) => {
      const query = toAql({ repo, image, tags }, page);
      const end =
        '.include("repo","path","name","created","modified","sha256").sort({"$desc":["modified"]}).offset(0).limit(1000)';
      expect(query.startsWith('items.find(')).toBe(true);
      expect(query.endsWith(`)${end}`)).toBe(true);
      const find = JSON.parse(query.slice('items.find('.length, -end.length - 1));
      expect(find.$and[0]).toEqual({ repo });
      expect(find.$and[2]).toEqual({ $or: tags.map(tag => ({ path: `${image}/${tag}` })) });
    }),
  );
});

test.each([
  ['team/app/1.0', { image: 'team/app', tag: '1.0' }],
  ['app/1.0', { image: 'app', tag: '1.0' }],
  [`app/sha256:${'a'.repeat(64)}`, undefined],
  [`app/sha256__${'a'.repeat(64)}`, undefined],
  ['app/sha256__release', { image: 'app', tag: 'sha256__release' }],
  ['app', undefined],
  ['', undefined],
])('the folder %s is %j', (path, expected) => {
  expect(toImageAndTag(path)).toEqual(expected);
});
