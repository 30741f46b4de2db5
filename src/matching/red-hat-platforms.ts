/**
 * Which of Red Hat's product streams the packages of an image are from: each stream has fixes of its own.
 *
 * Source: `repository-to-cpe.json` and `container-name-repos-map.json` of security.access.redhat.com/data/metrics; trivy-db#435 for the
 * endings of ids.
 */
import type { RedHatBuild } from '#inventory/inventory.ts';
import type { DistroName } from './feed.ts';
import type { AdvisoryLookup } from './finding.ts';

type Maps = Pick<AdvisoryLookup, 'redHatEcosystems' | 'redHatRepositories'>;

const PREFIX = 'Red Hat:';

/**
 * The streams as `DistroFeedOptions.redHatPlatforms` has them, sorted: of the repositories that the image names, else of those that an image
 * of its name is built from. `undefined` when nothing is known of any of them, so that the main stream of the release is taken.
 */
export function redHatPlatformsOf(
  { id, versionId }: DistroName,
  build: RedHatBuild | undefined,
  maps: Maps,
): readonly string[] | undefined {
  if (build === undefined || id !== 'rhel' || versionId === undefined) return undefined;
  const { repositories, image } = build;
  const own = platformsOf(repositories, maps);
  const found = own.length > 0 || image === undefined ? own : platformsOf(maps.redHatRepositories?.(image) ?? [], maps);
  if (found.length === 0) return undefined;
  // Flaws without a fix are told of the release as a whole, whatever repository a package is from.
  const releases = [versionId.split('.')[0] ?? versionId, versionId].map(release => `enterprise_linux:${release}`);
  return [...new Set([...found, ...releases])].sort();
}

function platformsOf(repositories: readonly string[], maps: Maps): readonly string[] {
  return repositories
    .flatMap(repository => ecosystemsOf(repository, maps))
    .flatMap(ecosystem => (ecosystem.startsWith(PREFIX) ? [ecosystem.slice(PREFIX.length)] : []));
}

/** `…-rpms__8` is the repository for release 8; `…-eus-rpms__9_DOT_2` is that for 9.2, whose streams are among those of all EUS releases. */
function ecosystemsOf(repository: string, maps: Maps): readonly string[] {
  const known = maps.redHatEcosystems?.(repository) ?? [];
  if (known.length > 0) return known;
  const [, plain = '', major = '', minor] = /^(.{1,200})__(\d{1,3})(?:_DOT_(\d{1,3}))?$/.exec(repository) ?? [];
  const found = plain === '' ? [] : (maps.redHatEcosystems?.(plain) ?? []);
  if (minor === undefined) return found;
  const ofMinor = found.filter(ecosystem => `${ecosystem}:`.includes(`:${major}.${minor}:`));
  return ofMinor.length > 0 ? ofMinor : found;
}
