import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maskSecrets, openMaskedLog } from './masked-log.ts';

const SECRET = 'tok-3F9aZ/+secret';

function collect(secrets: readonly string[], pieces: readonly (string | Uint8Array)[], limitBytes = 1e6) {
  let text = '';
  const log = openMaskedLog({ secrets, limitBytes, emit: piece => (text += piece) });
  for (const piece of pieces) log.write(Buffer.from(piece));
  log.flush();
  return { text, tail: log.tail };
}

describe('logs of builds', () => {
  test.each([
    { said: `key=${SECRET}\n`, seen: 'key=***\n', why: 'as it is' },
    { said: `Basic ${Buffer.from(SECRET).toString('base64')}\n`, seen: 'Basic ***\n', why: 'as a header has it' },
    { said: `https://x:${encodeURIComponent(SECRET)}@h/\n`, seen: 'https://x:***@h/\n', why: 'as a URL has it' },
    { said: `${SECRET.slice(0, 5)}\u001b[31m${SECRET.slice(5)}\n`, seen: '***\n', why: 'coloured in the middle' },
    { said: 'a\rb\r\nc', seen: 'a\nb\nc\n', why: 'progress bars return to the start of the line' },
    { said: 'bell\u0007\n', seen: 'bell\\x07\n', why: 'a log steers no terminal' },
    { said: '\u001b[1mbold\u001b[0m\ttab\n', seen: 'bold  tab\n', why: 'colours are no text' },
    { said: 'a\n\nb\n', seen: 'a\n\nb\n', why: 'empty lines stay' },
  ])('shown as $seen: $why', ({ said, seen }) => {
    expect(collect([SECRET], [said]).text).toBe(seen);
  });

  test('a secret is found wherever the output was cut into pieces', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(60), { maxLength: 6 }), cuts => {
        const bytes = Buffer.from(`before ${SECRET} after ü ${SECRET}\nnext\n`);
        const at = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const pieces = at.slice(1).map((end, index) => bytes.subarray(at[index] ?? 0, end));
        expect(collect([SECRET], pieces).text).toBe('before *** after ü ***\nnext\n');
      }),
    );
  });

  test('a secret at the place where a long line is cut is not shown by half', () => {
    for (let shift = 0; shift <= 2 * SECRET.length; shift++) {
      const { text } = collect(
        [SECRET],
        [`${'x'.repeat(8 * 1024 - SECRET.length + shift)}${SECRET}${'y'.repeat(99)}\n`],
      );
      expect(text).toContain('(line cut)');
      expect(text).not.toContain(SECRET.slice(0, 3));
    }
  });

  test('a key of many lines is masked line by line, a very short value not at all', () => {
    expect(collect(['-----BEGIN X-----\nAAAABBBB\nCCCCDDDD\n', '1'], ['1 AAAABBBB 2\nCCCCDDDD\n']).text).toBe(
      '1 *** 2\n***\n',
    );
  });

  test('a secret inside another hides neither', () => {
    expect(maskSecrets('abcdefgh abcd', ['abcd', 'abcdefgh'])).toBe('*** ***');
  });

  test('output without end is dropped after the limit, which is said once', () => {
    const { text } = collect([], ['one\ntwo', 'x'.repeat(200), 'y'.repeat(200)], 100);
    expect(text).toBe('one\ntwo\n(the output is longer than the limit: the rest is left out)\n');
  });

  test('the last lines are kept for whoever asks why it failed', () => {
    const { tail } = collect([], [Array.from({ length: 50 }, (_, at) => `line ${at}\n\n`).join('')]);
    expect(tail).toHaveLength(20);
    expect(tail.at(-1)).toBe('line 49');
  });
});
