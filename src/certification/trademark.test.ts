import fc from 'fast-check';
import { expect, test } from 'vitest';
import { judgeTrademark, RED_HAT_TRADEMARK } from './trademark.ts';

test.each([
  { text: 'Red Hat', violated: true, preflight: true, why: 'the mark itself' },
  { text: 'redhat-agent', violated: true, preflight: true, why: 'it begins with the mark' },
  {
    text: '  "Red Hat" agent',
    violated: true,
    preflight: true,
    why: 'what stands before the first letter does not count',
  },
  { text: 'agent for Red Hat', violated: false, preflight: false, why: 'it is for it' },
  { text: 'for_red_hat', violated: false, preflight: false, why: 'words may be joined in any way' },
  { text: 'x by red hat for red hat', violated: true, preflight: true, why: 'once for it, once by it' },
  { text: 'for red hat for red hat', violated: true, preflight: true, why: 'once is enough' },
  { text: 'agent.red__hat', violated: true, preflight: true, why: 'not for it' },
  { text: 'Red Hat, Inc.', violated: true, preflight: true, why: 'what UBI images inherit' },
  { text: 'shared-hat', violated: false, preflight: true, why: 'red is the end of another word' },
  { text: 'red-hatch', violated: false, preflight: true, why: 'hat is the beginning of another word' },
  { text: 'my-redhat-tool', violated: true, preflight: true, why: 'it is the mark in the middle' },
  { text: 'myredhat', violated: true, preflight: true, why: 'in one word there is no doubt' },
  { text: 'red hats', violated: true, preflight: true, why: 'more than one of them' },
  { text: 'Acme', violated: false, preflight: false, why: 'somebody else' },
  { text: '', violated: false, preflight: false, why: 'nothing' },
])('"$text": $violated, for preflight $preflight ($why)', ({ text, violated, preflight }) => {
  expect(judgeTrademark(text, RED_HAT_TRADEMARK)).toEqual({ isViolated: violated, isViolatedForPreflight: preflight });
});

const words = fc.array(fc.constantFrom('red', 'hat', 'for', 'a', ' ', '-', 'RED', '_', 'shared', '...'), {
  maxLength: 30,
});

test('a name that passes preflight’s rule passes ours', () => {
  fc.assert(
    fc.property(words, parts => {
      const { isViolated, isViolatedForPreflight } = judgeTrademark(parts.join(''), RED_HAT_TRADEMARK);
      // Of two marks, of which ours sees one, the other may be the one that is allowed.
      return isViolatedForPreflight || !isViolated;
    }),
  );
});

test('a long text of nothing but beginnings is judged at once', () => {
  expect(judgeTrademark('red '.repeat(100_000), RED_HAT_TRADEMARK).isViolated).toBe(false);
  expect(judgeTrademark(`red${'-'.repeat(1_000_000)}hat`, RED_HAT_TRADEMARK).isViolated).toBe(false);
});
