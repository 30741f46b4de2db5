import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answerList, readListQuery } from './list-answer.ts';
import { PyxisError } from './pyxis-error.ts';
import { readRawQuery } from './raw-query.ts';
import { type Filter, fieldsOf, formatFilter, parseFilter } from './rsql.ts';
import { meets } from './rsql-match.ts';

const image = {
  _id: 'a1',
  deleted: false,
  certified: true,
  size: 12,
  creation_date: '2026-03-01T10:00:00+00:00',
  grade: null,
  repositories: [
    { published: false, registry: 'quay.io', tags: [{ name: '1.0' }, { name: '1.0-1' }] },
    { published: true, registry: 'docker.io', tags: [{ name: 'latest' }] },
  ],
};

describe('filters', () => {
  test.each([
    { filter: 'deleted==false', is: true, why: 'a boolean' },
    {
      filter: 'deleted==false;repositories.published!=true;repositories.tags.name==1.0',
      is: false,
      why: 'no element may be equal for !=',
    },
    { filter: 'repositories.tags.name==1.0-1', is: true, why: 'any element of lists in lists' },
    { filter: "repositories=em=(registry=='quay.io';published==true)", is: false, why: 'one and the same element' },
    { filter: "repositories=em=(registry=='quay.io';published==false)", is: true, why: 'one and the same element' },
    { filter: "repositories.tags=em=(name=='1.0-1')", is: true, why: 'as clients send it' },
    { filter: 'certified==false,deleted==false', is: true, why: 'or' },
    { filter: 'certified==false,deleted==false;size==99', is: false, why: 'and binds tighter than or' },
    { filter: '(certified==false,deleted==false);size==12', is: true, why: 'parentheses' },
    { filter: 'certified==false or deleted==false and size==12', is: true, why: 'words' },
    { filter: 'certified==false nor deleted==true', is: true, why: 'neither' },
    { filter: 'not(certified==true)', is: false, why: 'not' },
    { filter: 'size>=12;size<13;size=gt=11;size<=12', is: true, why: 'numbers in their order' },
    { filter: "size=='12'", is: false, why: 'in quotes it is a text' },
    { filter: 'creation_date>=2026-03-01;creation_date<2026-03-01T10:00:01+00:00', is: true, why: 'dates' },
    { filter: 'creation_date==2026-03-01T11:00:00+01:00', is: true, why: 'one moment, two zones' },
    { filter: 'grade==null', is: true, why: 'null' },
    { filter: 'missing==null', is: true, why: 'what is not there is null' },
    { filter: '_id=in=(b2,a1)', is: true, why: 'a list' },
    { filter: '_id=out=(b2,a1)', is: false, why: 'none of a list' },
    { filter: 'repositories=size=2', is: true, why: 'length' },
    { filter: 'repositories.registry=all=(quay.io,docker.io)', is: true, why: 'each is there' },
    { filter: 'repositories.registry=regex=^quay', is: true, why: 'a pattern' },
    { filter: "_id=in=('b,2','a1')", is: true, why: 'a comma in quotes' },
    { filter: "_id=='a\\'1'", is: false, why: 'a quote in quotes' },
    { filter: 'grade.x==1', is: false, why: 'nothing is inside null' },
    { filter: 'grade.x!=1', is: true, why: 'nothing is inside null' },
    { filter: 'deleted!=null', is: true, why: 'false is something' },
    { filter: 'missing==true,not(missing==true)', is: true, why: 'what is not there is not true' },
    { filter: 'not(not(certified==true))', is: true, why: 'twice not' },
    { filter: `${'('.repeat(20)}size==12${')'.repeat(20)}`, is: true, why: 'deep, but not too deep' },
    {
      filter: 'repositories.tags.name=regex="^1[.]0(-[0-9]+)?$"',
      is: true,
      why: 'a pattern in quotes, over lists in lists',
    },
    { filter: 'repositories=size=0,repositories.tags=size=1', is: true, why: 'length of any list' },
  ])('$filter: $is, for $why', ({ filter, is }) => {
    expect(meets(image, parseFilter(filter))).toBe(is);
  });

  test.each([
    '',
    'deleted',
    'deleted=',
    'deleted==',
    '==1',
    '(a==1',
    'a==1)',
    'a==1 b==2',
    "a=='x",
    'a=in=1',
    'a=in=()',
    'a=em=b',
    'a=wat=1',
    'a==1;',
    'a=regex=(',
    '('.repeat(100),
  ])('"%s" is refused', text => {
    expect(() => {
      meets(image, parseFilter(text));
      if (text.includes('regex')) meets({ a: 'x' }, parseFilter(text));
    }).toThrow(PyxisError);
  });

  const field = fc.constantFrom('_id', 'a.b', 'repositories.tags.name');
  const value = fc.oneof(
    fc.record({ text: fc.stringMatching(/^[A-Za-z0-9:._+-]{1,10}$/), isQuoted: fc.constant(false) }),
    fc.record({ text: fc.string({ maxLength: 8 }), isQuoted: fc.constant(true) }),
  );
  const filters = fc.letrec<{ filter: Filter }>(tie => ({
    filter: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.record({
        kind: fc.constant('compare' as const),
        field,
        operator: fc.constantFrom('==', '!=', '=lt=', '=ge=', '=size='),
        values: value.map(one => [one]),
      }),
      fc.record({
        kind: fc.constant('compare' as const),
        field,
        operator: fc.constantFrom('=in=', '=out=', '=all='),
        values: fc.array(value, { minLength: 1, maxLength: 3 }),
      }),
      fc.record({ kind: fc.constant('not' as const), part: tie('filter') }),
      fc.record({ kind: fc.constant('element' as const), field, part: tie('filter') }),
      fc.record({
        kind: fc.constantFrom('and' as const, 'or' as const, 'nor' as const),
        parts: fc.array(tie('filter'), { minLength: 2, maxLength: 3 }),
      }),
    ) as fc.Arbitrary<Filter>,
  })).filter;

  test('a filter that is written reads back to the same', () => {
    fc.assert(
      fc.property(filters, filter => {
        expect(parseFilter(formatFilter(filter))).toEqual(filter);
      }),
    );
  });

  test('not is the opposite, and nor of or', () => {
    fc.assert(
      fc.property(filters, filters, (a, b) => {
        const is = meets(image, a);
        expect(meets(image, { kind: 'not', part: a })).toBe(!is);
        const parts = [a, b];
        expect(meets(image, { kind: 'nor', parts })).toBe(!meets(image, { kind: 'or', parts }));
      }),
    );
  });

  test('whatever is sent, it is read or refused, and soon', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200, unit: fc.constantFrom(...'a=;,()\'"!<>. notr1\\') }), text => {
        try {
          [...fieldsOf(parseFilter(text))].join();
        } catch (error) {
          if (!(error instanceof PyxisError)) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('queries', () => {
  test('a query is taken apart at & alone, and its values at the first =', () => {
    const url =
      '/v1/x?filter=deleted==false;repositories.tags.name==1.0&include=data._id,total&sort_by=creation_date%5Bdesc%5D&filter2';
    const query = readRawQuery(url);
    expect(query.get('filter')).toEqual(['deleted==false;repositories.tags.name==1.0']);
    expect(query.get('sort_by')).toEqual(['creation_date[desc]']);
    expect(query.get('filter2')).toEqual(['']);
  });

  const fields = new Set(['_id', 'n', 'creation_date']);
  const rows = [{ _id: 'a', n: 2, secret: 1 }, { _id: 'b', n: 10 }, { _id: 'c' }];
  const answer = (query: string) => answerList(rows, readListQuery(readRawQuery(`/?${query}`), fields));

  test.each([
    { query: '', gives: { page: 0, page_size: 100, total: 3, data: rows }, why: 'everything' },
    {
      query: 'page=1&page_size=2',
      gives: { page: 1, page_size: 2, total: 3, data: [rows[2]] },
      why: 'the second page',
    },
    {
      query: 'sort_by=n[desc]&include=data._id',
      gives: { data: [{ _id: 'b' }, { _id: 'a' }, { _id: 'c' }] },
      why: 'sorted by number, projected',
    },
    { query: 'filter=n>1&include=total', gives: { total: 2 }, why: 'the count alone' },
    {
      query: 'filter=_id==a&exclude=data.secret,page,page_size',
      gives: { total: 1, data: [{ _id: 'a', n: 2 }] },
      why: 'without some',
    },
  ])('$query gives $why', ({ query, gives }) => expect(answer(query)).toEqual(gives));

  test.each([
    'filter=secret==1',
    'sort_by=secret',
    'page=-1',
    'page=x',
    'page_size=0',
    'page_size=251',
    'sort_by=n[up]',
  ])('%s is refused', query => expect(() => answer(query)).toThrow(PyxisError));
});
