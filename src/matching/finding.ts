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
  };
}

/** A package of which nobody can say whether it is affected. */
export interface Undetermined {
  readonly package: Package;
  /** Advisory ids concerned; empty when the whole package cannot be judged. */
  readonly ids: readonly string[];
  /** One sentence without full stop: `deb cannot read version "x"`, `no advisories known for fedora 43`. */
  readonly why: string;
}

/** A finding that a VEX statement or a waiver sets aside; it stays visible. */
export interface Waived {
  readonly finding: Finding;
  readonly by: {
    readonly kind: 'vex' | 'waiver';
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
  epss(cve: string): ExploitProbability | undefined;
  kev(cve: string): KnownExploited | undefined;
}
