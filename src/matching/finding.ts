/**
 * Findings: packages of an image that advisories say are affected, and what could not be decided.
 */
import type {
  Advisory,
  AffectedPackage,
  ExploitProbability,
  FixState,
  KnownExploited,
  Severity,
} from '#advisory/advisory.ts';
import type { Package } from '#inventory/inventory.ts';

/** One weakness in one package: all ids it goes by, and the word of the source that decides. */
export interface Finding {
  /** What to call it: CVE if there is one, else GHSA, else the source's id. */
  readonly id: string;
  /** Every other id of the same weakness, sorted. */
  readonly aliases: readonly string[];
  readonly package: Package;
  readonly kind: Advisory['kind'];
  readonly severity: Severity;
  /** Who said so: `debian`, `redhat`, `ghsa`, `nvd`, `cvss:4.0 ghsa`; `none` when unknown. */
  readonly severitySource: string;
  readonly cvss: readonly {
    readonly version: string;
    readonly vector: string;
    readonly score: number;
    readonly origin: string;
  }[];
  readonly epss?: Omit<ExploitProbability, 'cve'>;
  readonly kev?: Omit<KnownExploited, 'cve'>;
  readonly fix: FixState;
  readonly title?: string;
  readonly references: readonly string[];
  /** The record and the rule that decided: id, source, what was compared with what. */
  readonly evidence: {
    readonly advisory: string;
    readonly source: string;
    readonly ecosystem: string;
    readonly name: string;
    readonly why: string;
    /** Id of a record of the same weakness, from a source that knows better, which says that the package is not affected. */
    readonly disputedBy?: string;
  };
}

/**
 * Packages of which nobody can say whether they are affected, all for the same reason: a whole distribution that has no feed, or one
 * package whose version cannot be read.
 */
export interface Undetermined {
  /** One sentence without full stop: `no advisories known for fedora 43`, `deb cannot read version "x"`. */
  readonly why: string;
  /** At least one, in the order of the inventory. */
  readonly packages: readonly Package[];
  /** The weaknesses concerned, sorted; empty when nothing at all can be said of these packages. */
  readonly ids: readonly string[];
}

/** A finding that a rule of ours, a VEX statement or a waiver sets aside; it stays visible. */
export interface Waived {
  readonly finding: Finding;
  readonly by: {
    /** `rule`: what holds for every image, such as that kernel headers run nothing. */
    readonly kind: 'rule' | 'vex' | 'waiver';
    readonly source: string;
    readonly status: string;
    readonly reason: string;
    readonly expires?: string;
  };
}

/** What the matcher asks the database: pure in, pure out; the caller looks up first. */
export interface AdvisoryLookup {
  /** Records that name this package in this ecosystem, any version; empty when there are none. */
  find(ecosystem: string, name: string): readonly { readonly advisory: Advisory; readonly affected: AffectedPackage }[];
  /** Whether the database has any record of this ecosystem at all: without one, nothing can be said of its packages. */
  covers(ecosystem: string): boolean;
  /**
   * Records of any ecosystem that have this id or name it as an alias, withdrawn ones too: other words for the same weakness, for its
   * rating and title. Asked once for each finding. Missing: the lookup has no such index.
   */
  records?(id: string): readonly Advisory[];
  /** Ecosystems whose advisories speak of the packages of a repository of Red Hat's; empty when it is not known. Missing: no such map. */
  redHatEcosystems?(repository: string): readonly string[];
  /** Repositories that an image of Red Hat's may be built from (`ubi9/ubi-minimal`); empty when it is not known. Missing: no such map. */
  redHatRepositories?(image: string): readonly string[];
  epss(cve: string): ExploitProbability | undefined;
  kev(cve: string): KnownExploited | undefined;
}
