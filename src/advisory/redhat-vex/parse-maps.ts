/**
 * Red Hat's maps from what an image knows of itself to the CPEs that VEX documents speak of.
 *
 * Source: security.access.redhat.com/data/metrics: `repository-to-cpe.json`, `container-name-repos-map.json`.
 */
import { PlimsollError } from '#base/errors.ts';
import { asList, type JsonLimits, parseFeedJson } from '../feed-json.ts';
import type { ReadTally } from '../read-tally.ts';
import { findRedHatEcosystem } from './product-tree.ts';
import { repositoryMapSchema, repositorySchema } from './schema.ts';

/** Both are under 10 MB. */
const LIMITS: JsonLimits = { maxBytes: 64 * 1024 * 1024, maxValues: 5_000_000 };

/**
 * Repository id (`rhel-9-for-x86_64-appstream-rpms`, as in an image's content sets) to the ecosystems whose advisories cover it.
 * An entry of the tally is a repository. @throws {PlimsollError} `ADVISORY_INVALID`, `LIMIT_EXCEEDED`.
 */
export function parseRepositoryMap(
  input: Uint8Array | string,
  tally: ReadTally,
): ReadonlyMap<string, readonly string[]> {
  const map = new Map<string, readonly string[]>();
  for (const [repository, value] of entriesOf(input, 'the map of Red Hat’s repositories')) {
    const parsed = repositorySchema.safeParse(value);
    const ecosystems = parsed.success ? parsed.data.cpes.flatMap(cpe => findRedHatEcosystem(cpe) ?? []) : [];
    if (ecosystems.length === 0) tally.skip('repository without a CPE of Red Hat');
    else {
      tally.keep();
      map.set(repository, [...new Set(ecosystems)]);
    }
  }
  return map;
}

/**
 * Image repository (`ubi9/ubi-minimal`) to the ids of the package repositories that it may be built from, for images without content
 * sets. An entry of the tally is an image repository. @throws as `parseRepositoryMap`.
 */
export function parseContainerMap(
  input: Uint8Array | string,
  tally: ReadTally,
): ReadonlyMap<string, readonly string[]> {
  const map = new Map<string, readonly string[]>();
  for (const [image, value] of entriesOf(input, 'the map of Red Hat’s container names')) {
    const repositories = asList(value).filter(one => typeof one === 'string' && one !== '' && one.length <= 300);
    if (repositories.length === 0) tally.skip('image without repositories');
    else {
      tally.keep();
      map.set(image, repositories as readonly string[]);
    }
  }
  return map;
}

function entriesOf(input: Uint8Array | string, what: string): readonly (readonly [string, unknown])[] {
  const parsed = repositoryMapSchema.safeParse(parseFeedJson(input, what, LIMITS));
  if (!parsed.success) {
    throw new PlimsollError('ADVISORY_INVALID', `Cannot read ${what}: it has no "data"`, { cause: parsed.error });
  }
  return Object.entries(parsed.data.data);
}
