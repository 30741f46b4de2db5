import { describe, expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { describeFailure } from './describe-failure.ts';

const missing = Object.assign(new Error("Cannot find package 'some' imported from /srv/a.ts"), {
  code: 'ERR_MODULE_NOT_FOUND',
});

const rows = [
  {
    error: new PlimsollError('NOT_FOUND', 'Cannot find it'),
    last: 'plimsoll: Cannot find it (NOT_FOUND)',
    why: 'one line',
  },
  { error: new Error('oops'), last: expect.stringMatching(/^This is a bug/), why: 'what nobody thought of' },
  { error: missing, last: expect.stringMatching(/run "npm ci"/), why: 'an update without its packages' },
] as const;

describe('a failure on the command line', () => {
  test.each(rows)('ends by telling what to do: $why', ({ error, last }) => {
    expect(describeFailure(error, false).trimEnd().split('\n').at(-1)).toEqual(last);
  });
});
