import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nextUrl, readNextLink } from './page-link.ts';

test.each([
  { header: '</v2/a?last=b>; rel="next"', target: '/v2/a?last=b', why: 'as the specification has it' },
  { header: '</v2/a?last=b>; rel=next', target: '/v2/a?last=b', why: 'without quotes' },
  { header: '/v2/a?last=b; rel="next"', target: '/v2/a?last=b', why: 'without brackets' },
  { header: '</v2/a?x=1,2;3>;rel=next', target: '/v2/a?x=1,2;3', why: 'brackets hold commas and semicolons' },
  { header: '</first>; rel="first", </next>; rel="next"', target: '/next', why: 'the second of two' },
  {
    header: '</a>; title="x, y; rel=next"; rel="prev", </b>; REL="Next"',
    target: '/b',
    why: 'quoted text is no parameter',
  },
  { header: '</a>; rel="last next"', target: '/a', why: 'several relations' },
  { header: '</a>; rel="nextish"', target: undefined, why: 'another word' },
  { header: '</a>; rel="prev"', target: undefined, why: 'another relation' },
  { header: '</a', target: undefined, why: 'cut' },
  { header: '', target: undefined, why: 'empty' },
  { header: undefined, target: undefined, why: 'absent' },
])('the next page of $header is $target: $why', ({ header, target }) => {
  expect(readNextLink(header)).toBe(target);
});

test('whatever a link says, the next page is at the origin that was asked', () => {
  const from = new URL('https://registry.example:5000/v2/a/tags/list?n=1');
  fc.assert(
    fc.property(fc.oneof(fc.webUrl(), fc.string(), fc.webPath()), target => {
      const url = nextUrl(`<${target}>; rel="next"`, from);
      return url === undefined || url.origin === from.origin;
    }),
  );
  expect(nextUrl('<http://169.254.169.254/latest>; rel="next"', from)?.href).toBe(
    'https://registry.example:5000/latest',
  );
  expect(nextUrl('<javascript:alert(1)>; rel="next"', from)).toBeUndefined();
});
