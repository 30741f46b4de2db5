import { expect, test } from 'vitest';
import { readWarnings } from './warning.ts';

const read = (header: string | undefined) => readWarnings({ header: () => header });

test.each([
  {
    header: '299 - "This registry moves to registry.example"',
    texts: ['This registry moves to registry.example'],
    why: 'one',
  },
  { header: '299 - "a, b", 299 - "c"', texts: ['a, b', 'c'], why: 'two, with a comma inside' },
  { header: '299 - "say \\"hi\\""', texts: ['say "hi"'], why: 'with quotes inside' },
  { header: '199 - "not the operator"', texts: [], why: 'another code' },
  { header: '299 - "\u001b[31mred"', texts: ['\\x1b[31mred'], why: 'text that would steer a terminal' },
  { header: 'nonsense', texts: [], why: 'nonsense' },
  { header: undefined, texts: [], why: 'absent' },
])('an operator says $texts: $why', ({ header, texts }) => {
  expect(read(header)).toEqual(texts);
});
