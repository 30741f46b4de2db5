/**
 * Whether a record is about this build of a package at all: architecture, operating system, module stream, flavour, kind of name.
 *
 * A record that does not fit says nothing, neither that the package is affected nor that it is not.
 */
import type { AffectedPackage } from '#advisory/advisory.ts';
import { isModularVersion } from '#advisory/modular-version.ts';
import { flavourOf } from '#advisory/oracle/flavour.ts';
import type { Package } from '#inventory/inventory.ts';
import { rpm, rpmWithoutEpoch } from '#version/rpm.ts';
import type { VersionScheme } from '#version/scheme.ts';
import type { Question } from './question.ts';

/** What of a package and its image decides whether a record is about it. */
export interface BuildFacts {
  /** As the package manager or Go writes it; missing or neutral fits every record. */
  readonly arch: string | undefined;
  /** As GOOS has it. */
  readonly os: string | undefined;
  /** rpm module `name:stream`. */
  readonly module: string | undefined;
  readonly version: string;
}

/** The facts of a package; those of the image's platform hold for packages that do not say more. */
export function buildFactsOf(
  one: Package,
  platform?: { readonly os: string; readonly architecture: string },
): BuildFacts {
  return {
    arch: one.arch ?? one.properties?.['GOARCH'] ?? platform?.architecture,
    os: one.properties?.['GOOS'] ?? platform?.os,
    module: one.module,
    version: one.version,
  };
}

/** Whether a record found by `question` is about the package with those facts. */
export function fits(affected: AffectedPackage, question: Question, facts: BuildFacts): boolean {
  return (
    fitsName(affected.nameKind, question.nameKind) &&
    fitsOneOf(affected.arches, facts.arch, sameArch, NEUTRAL_ARCHES) &&
    fitsOneOf(affected.operatingSystems, facts.os, same, NO_NEUTRAL) &&
    (!RPM.has(question.scheme) || (fitsModule(affected, facts) && fitsRepository(affected, question)))
  );
}

/** Modules and flavours are things of rpm's. */
const RPM: ReadonlySet<VersionScheme> = new Set<VersionScheme>([rpm, rpmWithoutEpoch]);

function fitsName(record: AffectedPackage['nameKind'], asked: Question['nameKind']): boolean {
  return record === undefined || record === 'either' || asked === 'own' || record === asked;
}

function fitsOneOf(
  wanted: readonly string[] | undefined,
  actual: string | undefined,
  isSame: (a: string, b: string) => boolean,
  neutral: ReadonlySet<string>,
): boolean {
  if (wanted === undefined || wanted.length === 0 || actual === undefined || neutral.has(actual)) return true;
  return wanted.some(one => neutral.has(one) || isSame(one, actual));
}

const same = (a: string, b: string) => a === b;
const NO_NEUTRAL: ReadonlySet<string> = new Set();
const NEUTRAL_ARCHES: ReadonlySet<string> = new Set(['', 'noarch', 'all', 'any', 'src', 'nosrc', 'source']);

/** The architectures that go by several names. */
const ARCH_NAMES: ReadonlyMap<string, string> = new Map(
  [
    ['x86_64', 'amd64'],
    ['aarch64', 'arm64'],
    ['armv7hl', 'armhf', 'armv7', 'armv7l', 'arm'],
    ['i386', 'i486', 'i586', 'i686', 'x86', '386'],
    ['ppc64le', 'ppc64el', 'powerpc64le'],
    ['loong64', 'loongarch64'],
  ].flatMap(([first = '', ...more]) => more.map(name => [name, first] as const)),
);

function sameArch(a: string, b: string): boolean {
  return (ARCH_NAMES.get(a) ?? a) === (ARCH_NAMES.get(b) ?? b);
}

/** A modular build of which the source does not even say which module it is. */
const ANY_MODULE = '*:*';

/**
 * Packages of one stream have fixes that those of another, or of none, do not. A package without a label may still be modular, as its
 * release tells (`module+el8`): Oracle labels no default streams, and SBOMs drop labels.
 */
function fitsModule({ module, range }: AffectedPackage, facts: BuildFacts): boolean {
  if (module === undefined) {
    if (facts.module !== undefined) return false;
    return isModularVersion(facts.version) || !range.ranges.some(events => events.some(isModular));
  }
  if (facts.module === undefined) return isModularVersion(facts.version);
  if (module === ANY_MODULE) return true;
  if (module.endsWith(':*')) return facts.module.startsWith(module.slice(0, -1));
  return module === facts.module;
}

function isModular(event: { readonly version: string }): boolean {
  return isModularVersion(event.version);
}

/**
 * Oracle's builds for live patching and for FIPS have fixes of their own (trivy#1967). A topic of Amazon's extras is about packages of its
 * own line: `php8.2` about php 8.2, not about the 5.4 of the core.
 */
function fitsRepository({ ecosystem, repository }: AffectedPackage, { name, version }: Question): boolean {
  if (ecosystem.startsWith('Oracle Linux')) {
    const wanted = repository === 'ksplice' || repository === 'fips' ? repository : undefined;
    return flavourOf(version) === wanted;
  }
  if (repository === undefined || !ecosystem.startsWith('Amazon Linux')) return true;
  const [, stem = '', line = ''] = /^(.*?)-?(\d+(?:\.\d+)*)$/.exec(repository) ?? [];
  if (stem === '' || !name.startsWith(stem)) return true;
  const upstream = version.slice(version.indexOf(':') + 1);
  return upstream.startsWith(line) && !/^\d/.test(upstream.slice(line.length));
}
