/**
 * What of an image bears on the verdict about each of its packages, so that packages can be judged apart from it: a server judges each
 * distinct package once for all images with the same surroundings.
 */
import { normaliseName } from '#advisory/normalise-name.ts';
import type { Distro, Inventory, Package, RedHatBuild } from '#inventory/inventory.ts';
import { OS_PACKAGE_TYPES } from '#inventory/package.ts';
import type { AdvisoryLookup, Finding, Undetermined, Waived } from './finding.ts';
import { buildFactsOf } from './fits.ts';
import { Matcher } from './matcher.ts';
import { findOwnRule } from './own-rules.ts';
import { type RouteOptions, Router } from './route.ts';
import { compareFindings, sortWaived, type Triage } from './triage.ts';
import { UndeterminedGroups } from './undetermined-groups.ts';

/** Plain JSON: images with the same surroundings give the same text. */
export interface Surroundings {
  /** Missing when no file of the image says which distribution it is. */
  readonly distro?: Pick<Distro, 'id' | 'idLike' | 'versionId' | 'codename' | 'name' | 'endOfLife'>;
  readonly platform?: { readonly os: string; readonly architecture: string };
  /** Whether the image takes updates from Ubuntu Pro; its fixes are out of reach otherwise. */
  readonly hasUbuntuPro: boolean;
  /** Only of Red Hat Enterprise Linux. */
  readonly redHat?: RedHatBuild;
}

/** What is matched of an inventory. */
export type MatchedInventory = Pick<Inventory, 'packages' | 'distro' | 'redHat'> & {
  readonly image?: Pick<Inventory['image'], 'platform'>;
};

export interface JudgeOptions extends RouteOptions {
  /** Whether the image is that of a machine, which boots the kernel in it; default false. */
  readonly bootsKernel?: boolean;
  /** Remembers what it has judged with the same lookup; without, only this call does. */
  readonly matcher?: Matcher;
}

/** `waived` is what rules of our own set aside. */
export interface MatchResult extends Triage {
  /** Reasons that concern whole packages first. */
  readonly undetermined: readonly Undetermined[];
}

/** The surroundings of the packages of an inventory. */
export function surroundingsOf({ distro, redHat, packages, image }: MatchedInventory): Surroundings {
  const platform = image?.platform;
  return {
    ...(distro === undefined ? {} : { distro: releaseOf(distro) }),
    ...(platform === undefined ? {} : { platform: { os: platform.os, architecture: platform.architecture } }),
    hasUbuntuPro: packages.some(({ type, version }) => type === 'deb' && /[+~]esm\d/.test(version)),
    ...(redHat === undefined || distro?.id !== 'rhel' ? {} : { redHat }),
  };
}

function releaseOf({ id, idLike, versionId, codename, name, endOfLife }: Distro): NonNullable<Surroundings['distro']> {
  return {
    id,
    idLike,
    ...(versionId === undefined ? {} : { versionId }),
    ...(codename === undefined ? {} : { codename }),
    name,
    ...(endOfLife === undefined ? {} : { endOfLife }),
  };
}

/**
 * The packages of an inventory as `judgePackages` takes them, in the same order and themselves but for those that are judged as others:
 * conda's packages of Python are found again by their metadata, which the property `judged-as` then says.
 */
export function markJudgedElsewhere(packages: readonly Package[]): readonly Package[] {
  if (!packages.some(({ type }) => type === 'conda')) return packages;
  const python = new Set(packages.filter(({ type }) => type === 'pypi').map(pythonKey));
  return packages.map(one =>
    one.type === 'conda' && python.has(pythonKey(one))
      ? { ...one, properties: { ...one.properties, 'judged-as': 'pypi' } }
      : one,
  );
}

function pythonKey({ name, version }: Package): string {
  return `${normaliseName('PyPI', name)} ${version}`;
}

/**
 * Judges packages that come from `markJudgedElsewhere`, each for itself: what is said of one does not depend on the others given, so
 * `joinResults` of any partition of an inventory is what is said of all. Findings are in the order of the packages given. Whether the
 * release is still supported is not among it, see `tellEndOfLife`.
 */
export function judgePackages(
  packages: Iterable<Package>,
  surroundings: Surroundings,
  lookup: AdvisoryLookup,
  { matcher = new Matcher(lookup), ...options }: JudgeOptions = {},
): MatchResult {
  const router = new Router(surroundings, lookup, options);
  const groups = new UndeterminedGroups();
  const findings: Finding[] = [];
  const waived: Waived[] = [];
  for (const one of packages) {
    const route = router.routeOf(one);
    if (route.kind === 'undetermined') groups.add(one, route.why, []);
    if (route.kind !== 'ask') continue;
    const judgement = matcher.judge(route.questions, buildFactsOf(one, surroundings.platform));
    const reason = judgement.findings.length === 0 ? undefined : findOwnRule(one, options);
    for (const facts of judgement.findings) {
      const finding = { ...facts, package: one };
      if (reason === undefined) findings.push(finding);
      else waived.push({ finding, by: { kind: 'rule', source: 'plimsoll', status: 'not_affected', reason } });
    }
    for (const { why, ids } of judgement.undetermined) groups.add(one, why, ids);
  }
  return { findings, waived, undetermined: groups.list() };
}

/** Results about different packages of one image as one result, in the order of `matchInventory`. */
export function joinResults(results: Iterable<MatchResult>): MatchResult {
  const all = [...results];
  const groups = new UndeterminedGroups();
  for (const { undetermined } of all) {
    for (const { packages, why, ids } of undetermined) for (const one of packages) groups.add(one, why, ids);
  }
  return {
    findings: all.flatMap(({ findings }) => findings).sort(compareFindings),
    waived: sortWaived(all.flatMap(({ waived }) => waived)),
    undetermined: groups.listSorted(),
  };
}

/**
 * Why nothing sure can be said of the packages of a distribution, `undefined` while it is supported by `today` (ISO date): after the end of a
 * release there are no fixes and no advisories, so the lack of findings means nothing. It concerns the packages for which
 * `isOfRelease` holds.
 */
export function tellEndOfLife(
  distro: Pick<Distro, 'name' | 'endOfLife'> | undefined,
  today: string,
): string | undefined {
  if (distro?.endOfLife === undefined || distro.endOfLife >= today.slice(0, 10)) return undefined;
  return `${distro.name} has had no standard support since ${distro.endOfLife}, so advisories and fixes may be missing`;
}

/** Whether it was built for the image's own release, not for that of a root file system inside the image. */
export function isOfRelease({ type, root }: Package): boolean {
  return OS_PACKAGE_TYPES.has(type) && root === undefined;
}
