import { expect, test } from 'vitest';
import { describeRateLimit, readRateLimit } from './rate-limit.ts';

test.each([
  {
    headers: { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '76;w=21600' },
    limit: { limit: 100, remaining: 76, windowSeconds: 21_600 },
    text: '100 per 6 hours, 76 left',
    why: 'Docker Hub',
  },
  {
    headers: { 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '0' },
    limit: { limit: 5000, remaining: 0 },
    text: '5000, 0 left',
    why: 'GitHub',
  },
  {
    headers: { 'ratelimit-limit': '10, 10;w=1, 50;w=60', 'ratelimit-remaining': '9' },
    limit: { limit: 10, remaining: 9, windowSeconds: 1 },
    text: '10 per s, 9 left',
    why: 'an early draft of the IETF',
  },
  {
    headers: { 'ratelimit-limit': 'unlimited', 'ratelimit-remaining': '3' },
    limit: { remaining: 3 },
    text: '3 left',
    why: 'what is no number is left out',
  },
  { headers: {}, limit: undefined, text: undefined, why: 'most registries say nothing' },
])('rate limits are read as $why sends them', ({ headers, limit, text }) => {
  const header = (name: string) => (headers as Record<string, string>)[name];
  const read = readRateLimit({ header }, 'r.example');
  expect(read).toEqual(limit === undefined ? undefined : { registry: 'r.example', ...limit });
  expect(read && describeRateLimit(read)).toBe(text);
});
