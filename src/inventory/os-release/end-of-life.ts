/**
 * End of standard support of distribution releases, where known. An unknown release is not called supported: it has no date.
 *
 * Source: the distributions' own life cycle pages, as gathered in 2026-08; Debian and Ubuntu by their general support, not LTS or ESM.
 */
import type { OsRelease } from '../package.ts';

const END_OF_LIFE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  alpine: {
    '3.3': '2017-11-01',
    '3.4': '2018-05-01',
    '3.5': '2018-11-01',
    '3.6': '2019-05-01',
    '3.7': '2019-11-01',
    '3.8': '2020-05-01',
    '3.9': '2020-11-01',
    '3.10': '2021-05-01',
    '3.11': '2021-11-01',
    '3.12': '2022-05-01',
    '3.13': '2022-11-01',
    '3.14': '2023-05-01',
    '3.15': '2023-11-01',
    '3.16': '2024-05-23',
    '3.17': '2024-11-22',
    '3.18': '2025-05-09',
    '3.19': '2025-11-01',
    '3.20': '2026-04-01',
    '3.21': '2026-11-01',
    '3.22': '2027-05-01',
    '3.23': '2027-11-01',
  },
  debian: {
    7: '2016-04-25',
    8: '2018-06-17',
    9: '2020-07-18',
    10: '2022-09-10',
    11: '2024-08-14',
    12: '2026-06-10',
    13: '2028-08-09',
  },
  ubuntu: {
    '14.04': '2019-04-25',
    '16.04': '2021-04-30',
    '18.04': '2023-05-31',
    '20.04': '2025-05-31',
    '22.04': '2027-04-01',
    '24.04': '2029-05-31',
    '25.10': '2026-07-01',
    '26.04': '2031-05-31',
  },
  rhel: { 6: '2020-11-30', 7: '2024-06-30', 8: '2029-05-31', 9: '2032-05-31', 10: '2035-05-31' },
  centos: { 6: '2020-11-30', 7: '2024-06-30', 8: '2021-12-31' },
  'centos-stream': { 8: '2024-05-31', 9: '2027-05-31' },
  almalinux: { 8: '2029-03-01', 9: '2032-05-31', 10: '2035-05-31' },
  rocky: { 8: '2029-05-31', 9: '2032-05-31', 10: '2035-05-31' },
  ol: { 7: '2024-12-31', 8: '2029-07-31', 9: '2032-06-30' },
  amzn: { 1: '2023-12-31', 2018: '2023-12-31', 2: '2026-06-30', 2023: '2029-06-30' },
  sles: { '15.6': '2025-12-31', '15.7': '2031-07-31', '16.0': '2027-11-30' },
  'opensuse-leap': { '15.6': '2026-04-30', '16.0': '2027-10-31' },
  photon: { '3.0': '2024-03-01', '4.0': '2026-03-01' },
  mariner: { '2.0': '2025-07-31' },
};

/** ISO date on which standard support of the release ended or ends; `undefined` when it is not known. */
export function endOfLifeOf(release: Pick<OsRelease, 'id' | 'versionId' | 'name'>): string | undefined {
  const { id, versionId } = release;
  if (versionId === undefined) return undefined;
  const isStream = id === 'centos' && /stream/i.test(release.name);
  const dates = END_OF_LIFE[isStream ? 'centos-stream' : id];
  const [major = '', minor = ''] = versionId.split('.');
  return dates?.[`${major}.${minor}`] ?? dates?.[major];
}
