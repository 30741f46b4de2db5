/** Records of OSV made for tests, and what is read of them. */
import { judge } from '#version/range.ts';
import { schemeFor } from '#version/schemes.ts';
import type { AffectedPackage, Rating } from '../../advisory.ts';
import { ReadTally } from '../../read-tally.ts';
import { readOsvRecord } from '../parse-record.ts';

export type Json = Readonly<Record<string, unknown>>;

/** A record of one entry about `demo`. */
export function record(id: string, ecosystem: string, entry: Json = {}, fields: Json = {}): Json {
  return {
    id,
    modified: '2024-05-01T00:00:00Z',
    affected: [{ package: { ecosystem, name: 'demo' }, ranges: [range('0', '2.0.0')], ...entry }],
    ...fields,
  };
}

export function range(introduced: string, fixed?: string, type = 'ECOSYSTEM'): Json {
  return { type, events: [{ introduced }, ...(fixed === undefined ? [] : [{ fixed }])] };
}

export function read(value: unknown) {
  const tally = new ReadTally();
  const advisory = readOsvRecord(value, tally);
  return { advisory, affected: advisory?.affected ?? [], counts: tally.counts() };
}

export function verdict(version: string, affected: AffectedPackage | undefined): string {
  const scheme = affected === undefined ? undefined : schemeFor(affected.ecosystem);
  return affected === undefined || scheme === undefined ? 'no scheme' : judge(version, affected.range, scheme).kind;
}

export const words = (ratings: readonly Rating[]) =>
  ratings.map(one => (one.kind === 'word' ? `${one.origin} ${one.severity}` : `${one.origin} ${one.version}`));
