import { expect, test } from 'vitest';
import { withPrefix } from './name-prefix.ts';

test.each([
  ['app', 'project/app', 'the prefix is put in front'],
  ['project/app', 'project/app', 'it is there'],
  ['projects/app', 'project/projects/app', 'another that begins alike'],
  ['project', 'project/project', 'a repository called like it'],
  ['back*', 'project/back*', 'a beginning'],
  ['*api', '*api', 'an end'],
  ['.*', '.*', 'everything'],
  ['*', '*', 'everything, as JFrog has it'],
  ['', '', 'nothing'],
])('%s means %s: %s', (text, expected) => {
  expect(withPrefix(text, 'project')).toBe(expected);
});

test('without a prefix nothing changes', () => {
  expect(withPrefix('app', undefined)).toBe('app');
});
