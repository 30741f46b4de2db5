/**
 * Alpine-style security databases: per origin package the version that fixed a weakness first in this branch and repository.
 *
 * There is no word of what is not fixed. An entry of the tally is one string of a `secfixes` list, or such a list that is empty.
 * Ids recur in every branch's file: each file gives one advisory for each id.
 */
import { PlimsollError } from '#base/errors.ts';
import { schemeFor } from '#version/schemes.ts';
import type { Advisory, AffectedPackage } from '../advisory.ts';
import { type JsonLimits, parseFeedJson } from '../feed-json.ts';
import { normaliseName } from '../normalise-name.ts';
import type { ReadTally } from '../read-tally.ts';
import { ALL_VERSIONS, below, newer, toVersion } from '../version-bounds.ts';
import { weaknessesOf } from './identifiers.ts';
import { packageSchema, secdbSchema } from './schema.ts';

/** Chainguard's is the largest, a few tens of MB. */
const LIMITS: JsonLimits = { maxBytes: 256 * 1024 * 1024, maxValues: 20_000_000 };
const MAX_STRING_LENGTH = 1000;

export interface SecdbContext {
  /** The OSV ecosystem, for files that do not say their release: `Wolfi`, `MinimOS`. Alpine's say it themselves. */
  readonly ecosystem?: string;
}

/**
 * The advisories of one file, one for each id in the order in which they come.
 * @throws {PlimsollError} while iterated: `ADVISORY_INVALID` when it is no such file or does not say of which release it is and the
 * context does not either, `LIMIT_EXCEEDED`.
 */
export function* parseSecdb(
  input: Uint8Array | string,
  tally: ReadTally,
  context: SecdbContext = {},
): Generator<Advisory> {
  const parsed = secdbSchema.safeParse(parseFeedJson(input, 'a security database', LIMITS));
  if (!parsed.success) {
    throw new PlimsollError('ADVISORY_INVALID', 'Cannot read a security database: it is not the form of Alpine’s', {
      cause: parsed.error,
    });
  }
  const file = parsed.data;
  const ecosystem = context.ecosystem ?? ecosystemOf(file);
  const weaknesses = new Map<string, Weakness>();
  for (const value of file.packages ?? []) {
    const entry = packageSchema.safeParse(value);
    if (entry.success) readPackage(entry.data.pkg, ecosystem, weaknesses, tally);
    else tally.skip('package of another form');
  }
  for (const [id, { aliases, upstream, packages }] of weaknesses) {
    yield {
      id,
      source: 'alpine-secdb',
      kind: 'weakness',
      aliases: [...aliases],
      upstream: [...upstream],
      ratings: [],
      references: [],
      cwes: [],
      affected: Array.from(packages, ([name, fixed]) => toAffected(name, fixed, ecosystem, file.reponame)),
    };
  }
}

interface Weakness {
  readonly aliases: Set<string>;
  readonly upstream: Set<string>;
  /** Name to fixed version. */
  readonly packages: Map<string, string>;
}

/** Everything but the release is in the name of the vendor where there is no release. */
function ecosystemOf(file: {
  distroversion?: string | null | undefined;
  urlprefix?: string | null | undefined;
}): string {
  const release = file.distroversion?.trim();
  if (release) return `Alpine:${/^[0-9]/.test(release) ? `v${release}` : release}`;
  if (file.urlprefix?.includes('wolfi')) return 'Wolfi';
  if (file.urlprefix?.includes('cgr.dev')) return 'Chainguard';
  throw new PlimsollError(
    'ADVISORY_INVALID',
    'Cannot read a security database: it does not say of which release it is',
  );
}

function readPackage(
  pkg: { readonly name: string; readonly secfixes?: Readonly<Record<string, unknown>> | null | undefined },
  ecosystem: string,
  weaknesses: Map<string, Weakness>,
  tally: ReadTally,
): void {
  const name = normaliseName(ecosystem, pkg.name);
  for (const [key, texts] of Object.entries(pkg.secfixes ?? {})) {
    const fixed = toVersion(key.trim());
    if (!Array.isArray(texts) || texts.length === 0) {
      tally.skip('fix that names no weakness');
      continue;
    }
    for (const text of texts as readonly unknown[]) {
      const named = typeof text === 'string' && text.length <= MAX_STRING_LENGTH ? weaknessesOf(text) : [];
      if (fixed === undefined) tally.skip('fix without a version');
      else if (named.length === 0) tally.skip('identifier that names nothing');
      else tally.keep();
      if (fixed === undefined) continue;
      for (const one of named) addFix(one.id, one, name, fixed, ecosystem, weaknesses);
    }
  }
}

function addFix(
  id: string,
  also: { readonly aliases: readonly string[]; readonly upstream: readonly string[] },
  name: string,
  fixed: string,
  ecosystem: string,
  weaknesses: Map<string, Weakness>,
): void {
  const weakness = weaknesses.get(id) ?? { aliases: new Set(), upstream: new Set(), packages: new Map() };
  weaknesses.set(id, weakness);
  for (const alias of also.aliases) weakness.aliases.add(alias);
  for (const other of also.upstream) weakness.upstream.add(other);
  const known = weakness.packages.get(name);
  weakness.packages.set(name, known === undefined ? fixed : lastFix(known, fixed, ecosystem));
}

/** Named again at a later version, the first fix was not whole. A version beats `0`: somebody found that it was affected after all. */
function lastFix(a: string, b: string, ecosystem: string): string {
  if (a === '0' || b === '0') return a === '0' ? b : a;
  const scheme = schemeFor(ecosystem);
  return scheme === undefined ? a : newer(a, b, scheme);
}

function toAffected(
  name: string,
  fixed: string,
  ecosystem: string,
  repository: string | null | undefined,
): AffectedPackage {
  return {
    ecosystem,
    name,
    nameKind: 'source',
    ...(fixed === '0' ? { range: ALL_VERSIONS, isNotAffected: true } : { range: below(fixed) }),
    ...(repository && { repository }),
  };
}
