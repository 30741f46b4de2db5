import { expect, test } from 'vitest';
import { toProfile, toProfileDraft } from './profile-draft.ts';

const PROFILE = {
  concurrency: 4,
  cacheMaxBytes: 2 * 1024 ** 3,
  cpuPercent: 0,
  platforms: ['linux/amd64'],
  maxImageBytes: 10 * 1024 ** 3,
  imageTimeoutMs: 900_000,
  diskFloorBytes: 20_000_000_000,
  stateFloorBytes: 0,
  blackout: { zone: 'UTC', windows: [] },
};

test('a profile that nobody changes stays as it is, with what the form does not show', () => {
  expect(toProfile(toProfileDraft(PROFILE), PROFILE)).toEqual(PROFILE);
});

test('a bandwidth is taken away by emptying its field', () => {
  const limited = { ...PROFILE, bandwidthBytesPerSecond: 5_000_000 };
  const draft = toProfileDraft(limited);
  expect(draft.bandwidthMBs).toBe('5');
  expect(toProfile({ ...draft, bandwidthMBs: '' }, limited)).not.toHaveProperty('bandwidthBytesPerSecond');
});
