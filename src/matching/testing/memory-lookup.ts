/** A lookup over advisories in memory, for tests and measurements. */
import type { Advisory, AffectedPackage, ExploitProbability, KnownExploited } from '#advisory/advisory.ts';
import type { AdvisoryLookup } from '../finding.ts';

interface Hit {
  readonly advisory: Advisory;
  readonly affected: AffectedPackage;
}

/** What such a lookup knows beside advisories. */
export interface MemoryFacts {
  readonly epss?: readonly ExploitProbability[];
  readonly kev?: readonly KnownExploited[];
  /** Ecosystems that are covered without having a record about any package. */
  readonly covered?: readonly string[];
  /** Red Hat's maps. */
  readonly redHatEcosystems?: Readonly<Record<string, readonly string[]>>;
  readonly redHatRepositories?: Readonly<Record<string, readonly string[]>>;
}

/** Looks up in `advisories` as they are; a record of which nothing is affected any more keeps its ecosystems covered. */
export function memoryLookup(advisories: Iterable<Advisory>, facts: MemoryFacts = {}): AdvisoryLookup {
  const byName = new Map<string, Hit[]>();
  const byId = new Map<string, Advisory[]>();
  const ecosystems = new Set(facts.covered);
  for (const advisory of advisories) {
    for (const id of new Set([advisory.id, ...advisory.aliases])) push(byId, id, advisory);
    for (const affected of advisory.affected) {
      ecosystems.add(affected.ecosystem);
      push(byName, `${affected.ecosystem}\0${affected.name}`, { advisory, affected });
    }
  }
  const epss = new Map(facts.epss?.map(one => [one.cve, one]));
  const kev = new Map(facts.kev?.map(one => [one.cve, one]));
  return {
    find: (ecosystem, name) => byName.get(`${ecosystem}\0${name}`) ?? [],
    covers: ecosystem => ecosystems.has(ecosystem),
    records: id => byId.get(id) ?? [],
    redHatEcosystems: repository => facts.redHatEcosystems?.[repository] ?? [],
    redHatRepositories: image => facts.redHatRepositories?.[image] ?? [],
    epss: cve => epss.get(cve),
    kev: cve => kev.get(cve),
  };
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
