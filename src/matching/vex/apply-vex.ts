/**
 * Applies VEX statements to findings: what is not affected or fixed is set aside and stays visible, what is affected after all counts.
 *
 * A statement is about a weakness by any of its ids, not only the one that is shown. Of all that are about a finding the latest counts.
 */
import type { Inventory, Package } from '#inventory/inventory.ts';
import type { Finding, Waived } from '../finding.ts';
import { findPurlPattern, PackagePurls, type PurlPattern } from '../purl-pattern.ts';
import { compareFindings, sortWaived, type Triage } from '../triage.ts';
import { ImageNames } from './image-names.ts';
import { isPlatformOf } from './platform-cpe.ts';
import type { VexDocument, VexProduct, VexStatement } from './statement.ts';

/** Applies all documents, of which the order matters only between statements of the same time. */
export function applyVex(
  { findings, waived }: Triage,
  documents: readonly VexDocument[],
  inventory: Pick<Inventory, 'image' | 'distro' | 'packages'>,
): Triage {
  const applying = new Statements(documents, inventory);
  const open: Finding[] = [];
  const aside: Waived[] = [];
  for (const finding of findings) {
    const latest = applying.findLatest(finding);
    if (latest === undefined || !isClearing(latest.statement)) open.push(finding);
    else aside.push({ finding, by: { kind: 'vex', source: latest.source, ...statusOf(latest.statement) } });
  }
  for (const one of waived) {
    const latest = one.by.kind === 'rule' ? applying.findLatest(one.finding) : undefined;
    // Somebody who looked knows better than a rule for every image.
    if (latest?.statement.status === 'affected') open.push(one.finding);
    else aside.push(one);
  }
  return { findings: open.sort(compareFindings), waived: sortWaived(aside) };
}

function isClearing({ status }: VexStatement): boolean {
  return status === 'not_affected' || status === 'fixed';
}

function statusOf({ status, reason }: VexStatement) {
  return { status, reason };
}

interface Sourced {
  readonly statement: VexStatement;
  readonly source: string;
}

/** The statements of all documents by the weakness they are about. */
class Statements {
  readonly #byId = new Map<string, Sourced[]>();
  readonly #inventory: Pick<Inventory, 'image' | 'distro' | 'packages'>;
  readonly #image: ImageNames;
  readonly #purls = new Map<Package, PackagePurls>();
  readonly #patterns = new Map<string, PurlPattern | undefined>();

  constructor(documents: readonly VexDocument[], inventory: Pick<Inventory, 'image' | 'distro' | 'packages'>) {
    this.#inventory = inventory;
    this.#image = new ImageNames(inventory.image);
    for (const { statements, source } of documents) {
      for (const statement of statements) {
        for (const id of statement.ids) {
          const key = id.toUpperCase();
          const list = this.#byId.get(key);
          if (list === undefined) this.#byId.set(key, [{ statement, source }]);
          else list.push({ statement, source });
        }
      }
    }
  }

  /** The latest statement that is about the finding; of the same time the one given last. */
  findLatest(finding: Finding): Sourced | undefined {
    let latest: Sourced | undefined;
    let latestTime = Number.NEGATIVE_INFINITY;
    for (const id of [finding.id, ...finding.aliases]) {
      for (const sourced of this.#byId.get(id.toUpperCase()) ?? []) {
        const time = timeOf(sourced.statement);
        if (time < latestTime || !this.#isAbout(sourced.statement, finding.package)) continue;
        latest = sourced;
        latestTime = time;
      }
    }
    return latest;
  }

  #isAbout({ products }: VexStatement, one: Package): boolean {
    return products.some(product => this.#covers(product, one));
  }

  #covers({ ids, subcomponents, within }: VexProduct, one: Package): boolean {
    if (within.length > 0 && !within.some(id => this.#isPlace(id))) return false;
    if (ids.some(id => this.#image.isNamedBy(id))) {
      return subcomponents.length === 0 || this.#isAny(subcomponents, one);
    }
    if (this.#isAny(ids, one)) return true;
    return this.#isAny(subcomponents, one) && this.#isWithin(ids, one);
  }

  #isPlace(id: string): boolean {
    return id.startsWith('cpe:') ? isPlatformOf(id, this.#inventory.distro) : this.#image.isNamedBy(id);
  }

  #isAny(ids: readonly string[], one: Package): boolean {
    return ids.some(id => {
      const pattern = this.#patternOf(id);
      return pattern !== undefined && this.#purlsOf(one).matches(pattern);
    });
  }

  /**
   * Whether the package is nowhere but inside one of the products: owned by it, or at each of its places next to it, as the modules of a
   * Go program are next to its main module. A library that is somewhere else as well is not covered there.
   */
  #isWithin(ids: readonly string[], one: Package): boolean {
    const owner = this.#inventory.packages.find(({ purl }) => purl === one.managedBy);
    if (owner !== undefined && this.#isAny(ids, owner)) return true;
    const hosts = this.#inventory.packages.filter(other => other !== one && this.#isAny(ids, other));
    const places = new Set(hosts.flatMap(({ locations }) => locations.map(({ path }) => path)));
    return one.locations.length > 0 && one.locations.every(({ path }) => places.has(path));
  }

  #patternOf(id: string): PurlPattern | undefined {
    if (!this.#patterns.has(id)) this.#patterns.set(id, findPurlPattern(id));
    return this.#patterns.get(id);
  }

  #purlsOf(one: Package): PackagePurls {
    let purls = this.#purls.get(one);
    if (purls === undefined) {
      purls = new PackagePurls(one);
      this.#purls.set(one, purls);
    }
    return purls;
  }
}

/** A statement without a time is older than any that has one. */
function timeOf({ timestamp }: VexStatement): number {
  const time = Date.parse(timestamp ?? '');
  return Number.isNaN(time) ? Number.NEGATIVE_INFINITY : time;
}
