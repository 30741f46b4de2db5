/**
 * NVD's configurations as affected programs, for those that Plimsoll knows by vendor and product alone (an nginx that no package
 * manager installed).
 *
 * Source: NVD CVE API 2.0, `configurations`. Never for packages of an ecosystem: names collide, and versions of distributions mean
 * something else. So extensions of other programs (`target_sw`) are left out, and entries that name no version at all.
 */
import type { RangeEvent } from '#version/range.ts';
import type { AffectedPackage } from '../advisory.ts';
import type { ReadTally } from '../read-tally.ts';
import { toVersion } from '../version-bounds.ts';
import { type Cpe, parseCpe } from './cpe.ts';
import { configurationSchema } from './schema.ts';

const MAX_PROGRAMS = 5000;

interface CpeMatch {
  readonly vulnerable: boolean;
  readonly criteria: string;
  readonly versionStartIncluding?: string | null | undefined;
  readonly versionStartExcluding?: string | null | undefined;
  readonly versionEndIncluding?: string | null | undefined;
  readonly versionEndExcluding?: string | null | undefined;
}

/** The programs that are affected, each `vendor:product` once with all its ranges, under the ecosystem `generic`. */
export function readConfigurations(values: readonly unknown[], tally: ReadTally): readonly AffectedPackage[] {
  const programs = new Map<string, { ranges: RangeEvent[][]; versions: string[]; systems: readonly string[] }>();
  for (const value of values) {
    const parsed = configurationSchema.safeParse(value);
    if (!parsed.success) {
      tally.lose('configuration of another form');
      continue;
    }
    const { nodes, negate } = parsed.data;
    if (negate || nodes.some(node => node.negate)) {
      tally.lose('configuration that says what is not affected');
      continue;
    }
    const matches = nodes.flatMap(node => node.cpeMatch);
    // Only where all nodes must hold does one of them say on what the others run.
    const isAnd = parsed.data.operator === 'AND' || nodes.some(node => node.operator === 'AND');
    const systems = isAnd ? systemsOf(matches) : [];
    for (const match of matches) {
      const cpe = parseCpe(match.criteria);
      const covered = match.vulnerable && cpe?.part === 'a' ? coveredBy(match, cpe, tally) : undefined;
      if (cpe === undefined) tally.lose('CPE that cannot be read');
      if (cpe === undefined || covered === undefined) continue;
      const key = `${cpe.vendor}:${cpe.product}\n${systems.join()}`;
      const program = programs.get(key) ?? { ranges: [], versions: [], systems };
      if (programs.size >= MAX_PROGRAMS && !programs.has(key)) {
        tally.lose('programs beyond the limit');
        continue;
      }
      programs.set(key, program);
      if (Array.isArray(covered)) program.ranges.push(covered);
      else program.versions.push(covered);
    }
  }
  return Array.from(programs, ([key, { ranges, versions, systems }]) => ({
    ecosystem: 'generic',
    name: key.slice(0, key.indexOf('\n')),
    range: { ranges, ...(versions.length > 0 && { versions: [...new Set(versions)] }) },
    ...(systems.length > 0 && { operatingSystems: systems }),
  }));
}

/** The range of a match, or its one version; `undefined` for one that tells no program's version. */
function coveredBy(match: CpeMatch, cpe: Cpe, tally: ReadTally): RangeEvent[] | string | undefined {
  if (cpe.targetSoftware !== '*' && cpe.targetSoftware !== '-') {
    tally.lose('extension of another program');
    return undefined;
  }
  if (cpe.version !== '*') {
    const update = cpe.update === '*' || cpe.update === '-' ? '' : cpe.update;
    const version = cpe.version === '-' ? undefined : toVersion(cpe.version + update);
    if (version === undefined) tally.lose('program without a version');
    return version;
  }
  const events = toEvents(match);
  // "Every version" is what NVD writes when it does not know.
  if (events.length < 2 && events.every(event => event.version === '0')) {
    tally.lose('program without a version');
    return undefined;
  }
  return events;
}

/** "After 1.2" has no event of its own: it becomes "from 1.2", which takes in one version too many rather than one too few. */
function toEvents(match: CpeMatch): RangeEvent[] {
  const start = toVersion(match.versionStartIncluding) ?? toVersion(match.versionStartExcluding) ?? '0';
  const fixed = toVersion(match.versionEndExcluding);
  const last = toVersion(match.versionEndIncluding);
  const events: RangeEvent[] = [{ kind: 'introduced', version: start }];
  if (fixed !== undefined) events.push({ kind: 'fixed', version: fixed });
  else if (last !== undefined) events.push({ kind: 'last-affected', version: last });
  return events;
}

/** Systems of NVD that are no Linux, as GOOS has them. */
const SYSTEMS: ReadonlyMap<string, string> = new Map([
  ['microsoft:windows', 'windows'],
  ['apple:macos', 'darwin'],
  ['apple:mac_os_x', 'darwin'],
  ['apple:iphone_os', 'ios'],
  ['google:android', 'android'],
  ['freebsd:freebsd', 'freebsd'],
]);

/** The systems that the others run on, if all of them are such as are no Linux; otherwise nothing is limited. */
function systemsOf(matches: readonly CpeMatch[]): readonly string[] {
  const platforms = matches.filter(match => !match.vulnerable).map(match => parseCpe(match.criteria));
  const systems = platforms.map(cpe => (cpe?.part === 'o' ? SYSTEMS.get(`${cpe.vendor}:${cpe.product}`) : undefined));
  return systems.some(system => system === undefined)
    ? []
    : [...new Set(systems.filter(system => system !== undefined))].sort();
}
