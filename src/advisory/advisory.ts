/**
 * Advisories: what a source publishes about one weakness and the packages it is in, whatever format it came in.
 *
 * OSV's model is the model; native feeds are converted to it. Nothing is decided here: ranges are as published, states as the source's.
 */
import type { AffectedRange } from '#version/range.ts';

/** Severity as Plimsoll says it, worst first. */
export const SEVERITIES = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'NEGLIGIBLE', 'UNKNOWN'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** A rating with who gave it. Vectors are kept as published; their score is computed when it is asked for. */
export type Rating =
  | { readonly kind: 'word'; readonly severity: Severity; readonly origin: string }
  | {
      readonly kind: 'cvss';
      readonly version: '2' | '3.0' | '3.1' | '4.0';
      readonly vector: string;
      readonly origin: string;
    };

/**
 * What the source says of a fix for one package of one release. A range with a fixed version says the version itself.
 * `under-investigation` is the one that doubts the weakness itself: the source does not know yet whether the package is affected.
 */
export type FixState =
  | { readonly kind: 'fixed'; readonly version: string }
  | { readonly kind: 'not-fixed' }
  | { readonly kind: 'will-not-fix'; readonly reason: string }
  | { readonly kind: 'deferred'; readonly reason: string }
  | { readonly kind: 'end-of-life' }
  | { readonly kind: 'under-investigation' }
  | { readonly kind: 'unknown' };

/** A package that an advisory is about. */
export interface AffectedPackage {
  /**
   * Where `name` is looked up: an OSV ecosystem with its release as OSV spells it (`npm`, `PyPI`, `Go`, `Debian:12`, `Alpine:v3.19`,
   * `AlmaLinux:9`, `Red Hat:enterprise_linux:9::appstream`, `Amazon Linux:2023`, `Oracle Linux:9`, `Wolfi`), and `generic` for programs
   * that are known by CPE alone, whose name is `vendor:product`.
   */
  readonly ecosystem: string;
  /** Normalised by `normaliseName` of the ecosystem. */
  readonly name: string;
  /** Whether distributions mean a source package, a binary one, or say neither. Missing for languages. */
  readonly nameKind?: 'source' | 'binary' | 'either';
  readonly range: AffectedRange;
  /** What the source says beyond the range, for packages inside the range. Missing: a fix if the range has one, else not fixed. */
  readonly state?: Exclude<FixState, { kind: 'fixed' }>;
  /** The source says that the package is not affected, whatever its version: evidence against other sources. `range` is then everything. */
  readonly isNotAffected?: boolean;
  /**
   * rpm module `name:stream`; a modular advisory fits only packages of that stream, a plain one only packages of none. `name:*` when the
   * source says that the build is modular and not of which stream, `*:*` when not even of which module: then nothing sure can be said of a
   * modular package below the fix.
   */
  readonly module?: string;
  /** Architectures as the source writes them; missing or neutral ones (`noarch`, `src`) mean every one. */
  readonly arches?: readonly string[];
  /** Operating systems that alone are concerned, as GOOS has them (`windows`, `darwin`); missing means every one. */
  readonly operatingSystems?: readonly string[];
  /** Ratings for this package alone. */
  readonly ratings?: readonly Rating[];
  /** Repository of the release that it is in, where the source tells: `main`, `community`, an extras topic, Oracle's `ksplice` and `fips`. */
  readonly repository?: string;
  /** The erratum that ships the fix, where one record covers several: `RHSA-2024:1234`. */
  readonly fixedBy?: string;
  /** The day the fix came out, ISO date, where the source tells it of this fix and not of the weakness. */
  readonly fixedOn?: string;
  /** Go: affected symbols by import path; empty list for a whole package. */
  readonly symbols?: Readonly<Record<string, readonly string[]>>;
}

/** What kind of statement it is: a weakness, a malicious package, or a notice that a package is unmaintained or unsound. */
export type AdvisoryKind = 'weakness' | 'malware' | 'notice';

export interface Advisory {
  /** The source's own id: `GHSA-…`, `DSA-5417-1`, `ALSA-2023:1403`, `CVE-2024-3094`. */
  readonly id: string;
  /** The source, as in `SOURCES`: `osv`, `debian-tracker`, `debian-lists`, `alpine-secdb`, `redhat-vex`, `amazon`, `oracle`, `nvd`. */
  readonly source: string;
  readonly kind: AdvisoryKind;
  /** Other ids of the same weakness. Symmetric and transitive inside one ecosystem. */
  readonly aliases: readonly string[];
  /** Weaknesses that this record derives from or fixes; a distribution's erratum may name dozens. Never merged through. */
  readonly upstream: readonly string[];
  readonly title?: string;
  /** Markdown or plain text as published. */
  readonly details?: string;
  /** ISO 8601. */
  readonly published?: string;
  readonly modified?: string;
  readonly withdrawn?: string;
  readonly ratings: readonly Rating[];
  /** As published, `https` and `http` only, at most 50. */
  readonly references: readonly { readonly type: string; readonly url: string }[];
  /** `CWE-79`. */
  readonly cwes: readonly string[];
  readonly affected: readonly AffectedPackage[];
}

/** Known exploited: an entry of CISA's catalogue. */
export interface KnownExploited {
  readonly cve: string;
  /** ISO dates. */
  readonly added: string;
  readonly due?: string;
  readonly isRansomware: boolean;
  readonly action?: string;
}

/** How probable exploitation is: an EPSS score. Both numbers are between 0 and 1. */
export interface ExploitProbability {
  readonly cve: string;
  readonly score: number;
  readonly percentile: number;
}

/** What came of reading one source: nothing is skipped without being counted. What an entry is, each parser says. */
export interface ReadCounts {
  /** Always `kept` and all of `skipped` together. */
  readonly read: number;
  readonly kept: number;
  /** Reason to count. */
  readonly skipped: Readonly<Record<string, number>>;
  /** Parts of entries that say nothing we can use, while the rest of the entry does: reason to count. */
  readonly lost: Readonly<Record<string, number>>;
}
