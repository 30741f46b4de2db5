import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { tellIssue } from './violation-words.ts';

const rows: readonly { readonly schema: z.ZodType; readonly value: unknown; readonly words: string | undefined }[] = [
  { schema: z.string(), value: undefined, words: 'is missing' },
  { schema: z.enum(['a', 'b']), value: 'c', words: 'must be one of a, b' },
  { schema: z.string(), value: 1, words: 'must be text' },
  { schema: z.coerce.number().int(), value: 'x', words: 'must be a number' },
  { schema: z.number().int(), value: 1.5, words: 'must be a whole number' },
  { schema: z.string().min(1), value: '', words: 'is empty' },
  { schema: z.string().min(3), value: 'a', words: 'must have at least 3 characters' },
  { schema: z.string().max(1), value: 'ab', words: 'must have at most 1 characters' },
  { schema: z.array(z.string()).min(1), value: [], words: 'is empty' },
  { schema: z.array(z.string()).max(1), value: ['a', 'b'], words: 'must have at most 1 entries' },
  { schema: z.number().min(1), value: 0, words: 'must be at least 1' },
  { schema: z.number().max(500), value: 501, words: 'must be at most 500' },
  { schema: z.uuid(), value: 'x', words: 'is no UUID' },
  { schema: z.iso.datetime(), value: '2026-01-01', words: 'is no time, such as 2026-01-31T12:00:00Z' },
  { schema: z.strictObject({}), value: { cves: 1 }, words: 'has no field "cves"' },
  { schema: z.string().regex(/^a/, 'begins with a'), value: 'b', words: undefined },
];

describe('what is wrong with a field', () => {
  test.each(rows)('is said as "$words"', ({ schema, value, words }) => {
    const issue = schema.safeParse(value).error?.issues[0];
    expect(issue).toBeDefined();
    const { code = '', message, ...params } = issue ?? {};
    expect(tellIssue({ keyword: code, message, params })).toBe(words);
  });
});
