/** The profile of a sensor in a form: sizes in the units that people think in. docs/sensors.md has what each means. */

export interface ProfileDraft {
  readonly concurrency: string;
  readonly cacheGiB: string;
  /** Empty: as fast as it goes. */
  readonly bandwidthMBs: string;
  readonly cpuPercent: string;
  readonly platforms: string;
  readonly maxImageGiB: string;
  readonly timeoutMinutes: string;
  readonly diskFloorGB: string;
  readonly stateFloorGB: string;
}

const GIB = 1024 ** 3;
const GB = 1_000_000_000;
const MB = 1_000_000;

/** Reads a profile as the API tells it. */
export function toProfileDraft(profile: unknown): ProfileDraft {
  const given = (typeof profile === 'object' && profile !== null ? profile : {}) as Record<string, unknown>;
  const size = (name: string, unit: number) =>
    typeof given[name] === 'number' ? String(Number((given[name] / unit).toFixed(3))) : '';
  return {
    concurrency: size('concurrency', 1),
    cacheGiB: size('cacheMaxBytes', GIB),
    bandwidthMBs: size('bandwidthBytesPerSecond', MB),
    cpuPercent: size('cpuPercent', 1),
    platforms: Array.isArray(given['platforms']) ? given['platforms'].join(', ') : '',
    maxImageGiB: size('maxImageBytes', GIB),
    timeoutMinutes: size('imageTimeoutMs', 60_000),
    diskFloorGB: size('diskFloorBytes', GB),
    stateFloorGB: size('stateFloorBytes', GB),
  };
}

/** The profile that a form makes of `kept`: what the form does not show stays, empty fields have their defaults. */
export function toProfile(draft: ProfileDraft, kept: unknown): Record<string, unknown> {
  const fields: readonly (readonly [string, string, number])[] = [
    ['concurrency', draft.concurrency, 1],
    ['cacheMaxBytes', draft.cacheGiB, GIB],
    ['bandwidthBytesPerSecond', draft.bandwidthMBs, MB],
    ['cpuPercent', draft.cpuPercent, 1],
    ['maxImageBytes', draft.maxImageGiB, GIB],
    ['imageTimeoutMs', draft.timeoutMinutes, 60_000],
    ['diskFloorBytes', draft.diskFloorGB, GB],
    ['stateFloorBytes', draft.stateFloorGB, GB],
  ];
  const profile: Record<string, unknown> = { ...(typeof kept === 'object' ? kept : {}) };
  for (const [name, text, unit] of fields) {
    if (text.trim() === '') delete profile[name];
    else profile[name] = Math.round(Number(text) * unit);
  }
  const platforms = draft.platforms.split(/[,\s]+/).filter(platform => platform !== '');
  if (platforms.length === 0) delete profile['platforms'];
  else profile['platforms'] = platforms;
  return profile;
}
