/**
 * The builds that an erratum of an rpm distribution lists, one for each architecture, as affected packages.
 */
import { rpm } from '#version/rpm.ts';
import type { AffectedPackage } from './advisory.ts';
import { isDebugInformation } from './debug-information.ts';
import type { ReadTally } from './read-tally.ts';
import { below, older } from './version-bounds.ts';

/** One binary package of an erratum. */
export interface FixedBuild {
  readonly ecosystem: string;
  readonly name: string;
  /** `[epoch:]version-release`. */
  readonly version: string;
  readonly arch: string;
  readonly module?: string | undefined;
  readonly repository?: string | undefined;
}

/**
 * One affected package for each name, module and repository; one for each fix where architectures differ in it. Several builds for one
 * architecture all have the fix, so the lowest counts. Debug information is left out.
 */
export function toAffectedBuilds(builds: readonly FixedBuild[], tally: ReadTally): readonly AffectedPackage[] {
  const groups = new Map<string, { readonly first: FixedBuild; readonly byArch: Map<string, string> }>();
  for (const build of builds) {
    if (isDebugInformation(build.name)) {
      tally.lose('debug information');
      continue;
    }
    const key = `${build.ecosystem}\n${build.name}\n${build.module ?? ''}\n${build.repository ?? ''}`;
    const group = groups.get(key) ?? { first: build, byArch: new Map<string, string>() };
    groups.set(key, group);
    const known = group.byArch.get(build.arch);
    group.byArch.set(build.arch, known === undefined ? build.version : older(known, build.version, rpm));
  }
  return [...groups.values()].flatMap(({ first, byArch }) => {
    const archesByVersion = Map.groupBy(byArch.keys(), arch => byArch.get(arch) ?? '');
    return Array.from(archesByVersion, ([version, arches]) => ({
      ecosystem: first.ecosystem,
      name: first.name,
      nameKind: 'binary' as const,
      range: below(version),
      ...(first.module && { module: first.module }),
      ...(archesByVersion.size > 1 && { arches }),
      ...(first.repository && { repository: first.repository }),
    }));
  });
}
