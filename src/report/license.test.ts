import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type License, readLicense } from './license.ts';

const id = (text: string): License => ({ kind: 'id', id: text });
const text = (one: string): License => ({ kind: 'text', text: one });
const expression = (one: string, isSelfContained = true): License => ({
  kind: 'expression',
  expression: one,
  isSelfContained,
});

test.each([
  { declared: 'MIT', license: id('MIT'), why: 'on the list' },
  { declared: 'GPL-2.0', license: id('GPL-2.0'), why: 'deprecated identifiers are identifiers' },
  { declared: ' apache-2.0 ', license: id('Apache-2.0'), why: 'the case is that of the list' },
  { declared: 'GPL-2.0+', license: expression('GPL-2.0+'), why: 'a plus is an operator' },
  { declared: 'MIT OR Apache-2.0', license: expression('MIT OR Apache-2.0'), why: 'an expression' },
  { declared: '(MIT)or(0BSD)', license: expression('MIT OR 0BSD'), why: 'operators in upper case' },
  {
    declared: 'MIT AND (GPL-2.0-only WITH Classpath-exception-2.0 OR BSD-2-Clause)',
    license: expression('MIT AND (GPL-2.0-only WITH Classpath-exception-2.0 OR BSD-2-Clause)'),
    why: 'parentheses that count are kept',
  },
  { declared: 'LicenseRef-Own', license: expression('LicenseRef-Own', false), why: 'its text is elsewhere' },
  { declared: 'GPL2', license: text('GPL2'), why: 'not on the list, as Alpine used to write' },
  { declared: 'Apache-2.0 OpenSSL', license: text('Apache-2.0 OpenSSL'), why: 'two names are no expression' },
  { declared: 'MIT/X11', license: text('MIT/X11'), why: 'a slash is no operator' },
  { declared: '/MIT', license: text('/MIT'), why: 'the parser must not skip what it does not know' },
  { declared: 'constructor', license: text('constructor'), why: 'a property of every object is no licence' },
  { declared: `${'('.repeat(499)}M`, license: text(`${'('.repeat(499)}M`), why: 'deep, and no expression' },
  { declared: '', license: text(''), why: 'nothing' },
])('"$declared" is read as $license.kind: $why', ({ declared, license }) => {
  expect(readLicense(declared)).toEqual(license);
});

test('no text makes it throw, and an expression read is read the same again', () => {
  const token = fc.constantFrom(
    'MIT',
    'GPL-2.0-only',
    ' ',
    '(',
    ')',
    'AND',
    'or',
    'WITH',
    '+',
    ':',
    'DocumentRef-a',
    'x',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(token, { maxLength: 12 }).map(all => all.join(' ')),
      ),
      declared => {
        const license = readLicense(declared);
        if (license.kind === 'expression')
          expect(readLicense(license.expression)).toMatchObject({ kind: /id|expression/ });
      },
    ),
  );
});
