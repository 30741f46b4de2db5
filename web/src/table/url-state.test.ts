import fc from 'fast-check';
import { expect, test } from 'vitest';
import { changeView, nextSort, readView } from './url-state.ts';

const KNOWN = { filters: ['state', 'severity'], sorts: ['name', 'age'] };
const read = (text: string) => readView(new URLSearchParams(text), KNOWN);

test.each([
  { text: '', view: { search: '', sort: undefined, cursor: undefined }, why: 'nothing said' },
  { text: 'q=log4j&sort=-age', view: { search: 'log4j', sort: '-age' }, why: 'descending' },
  { text: 'sort=password', view: { sort: undefined }, why: 'no such column' },
  {
    text: 'severity=HIGH&severity=LOW&severity=',
    view: { filters: { state: [], severity: ['HIGH', 'LOW'] } },
    why: 'several values',
  },
])('"$text" is read: $why', ({ text, view }) => {
  expect(read(text)).toMatchObject(view);
});

test.each([
  { change: { search: ' x ' }, text: 'tab=jobs&q=x', why: 'the page is gone, the tab stays' },
  { change: { filters: { state: ['failed'] } }, text: 'tab=jobs&q=old&state=failed', why: 'a filter' },
  { change: { sort: '-age' }, text: 'tab=jobs&q=old&sort=-age', why: 'an order' },
  { change: { cursor: 'def' }, text: 'tab=jobs&q=old&cursor=def', why: 'another page keeps the rest' },
  { change: { search: '' }, text: 'tab=jobs', why: 'an empty search is no parameter' },
])('a change gives $text: $why', ({ change, text }) => {
  expect(changeView(new URLSearchParams('tab=jobs&q=old&cursor=abc'), change).toString()).toBe(text);
});

test('what is written is read back', () => {
  const word = fc
    .string({ minLength: 1 })
    .map(text => text.trim())
    .filter(text => text !== '');
  fc.assert(
    fc.property(word, fc.array(word), fc.constantFrom('name', '-name', 'age', undefined), (search, severity, sort) => {
      const params = changeView(new URLSearchParams(), { search, filters: { severity }, sort });
      expect(readView(new URLSearchParams(params.toString()), KNOWN)).toMatchObject({
        search,
        filters: { severity },
        sort,
      });
    }),
  );
});

test('clicking a column goes around', () => {
  const first = nextSort(undefined, 'name');
  const second = nextSort(first, 'name');
  expect([first, second, nextSort(second, 'name'), nextSort('-age', 'name')]).toEqual([
    'name',
    '-name',
    undefined,
    'name',
  ]);
});
