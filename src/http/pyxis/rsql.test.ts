/** The filter language: what is read, written and read again is the same, and what cannot be read is told. */
import { expect, test } from 'vitest';
import { formatFilter, parseFilter } from './rsql.ts';

test.each([
  { text: 'deleted==false', why: 'one comparison' },
  { text: 'docker_image_digest==sha256:0123', why: 'a colon, as clients send it unescaped' },
  { text: "deleted==false;repositories.published!=true;repositories.tags.name=='1.0-1'", why: 'semicolons are and' },
  { text: "architecture==amd64,architecture=='arm64'", why: 'commas are or' },
  { text: 'a==1 and b==2 or c==3', why: 'and binds tighter than or' },
  { text: "repositories.tags=em=(name=='1.0-1')", why: 'elements of a list' },
  { text: 'not(certified==true)', why: 'not' },
  { text: 'architecture=in=(amd64,arm64)', why: 'one of several' },
  { text: 'creation_date>=2026-01-01T00:00:00Z', why: 'signs instead of names' },
])('"$text" is read, and reads the same when it is written: $why', ({ text }) => {
  const filter = parseFilter(text);
  expect(parseFilter(formatFilter(filter))).toEqual(filter);
});

test.each(['', 'a', 'a==', '==b', '(a==1', 'a==1)', 'a=zz=1', "a=='open"])('"%s" is refused', text => {
  expect(() => parseFilter(text)).toThrow();
});
