/**
 * The task `list`: the tags of one repository that are of interest, with digests and dates, and the manifests that the server lacks.
 *
 * Tags stream through in batches: a repository of 50,000 costs no more memory than one of 500. The filters are those that spare requests; the
 * server applies all of them again.
 */
import { countOf } from '#base/count-of.ts';
import { type ErrorCode, PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { Connector, TagEntry } from '#connector/connector.ts';
import { getProduct } from '#connector/products.ts';
import type { RootDocument } from '#image/content.ts';
import { openRegistryWith } from '#image/registry/open-registry.ts';
import type { Digest } from '#oci/digest.ts';
import { matches, type Pattern, parsePattern } from '../schedule/pattern.ts';
import { readDate } from '../schedule/pushed-filter.ts';
import type { FoundManifest, ListedTag, Work } from '../task/contract.ts';
import type { ConfigStore } from './config-store.ts';
import type { Meter } from './meter.ts';
import {
  fetchNamed,
  isAboutManifest,
  type ManifestReading,
  type ReadManifests,
  readManifests,
} from './read-manifests.ts';
import type { TaskReports } from './reports.ts';
import { severalAtOnce } from './several-at-once.ts';

type ListWork = Extract<Work, { kind: 'list' }>;

/** What a listing needs. */
export interface ListContext {
  readonly connector: Connector;
  readonly reports: TaskReports;
  readonly meter: Meter;
  /** Where configs are kept for scans. */
  readonly configs: ConfigStore;
  /** Platforms where the task names none. */
  readonly platforms: readonly string[];
  readonly signal: AbortSignal;
}

/** What a listing came to; its tags have been reported. */
export interface Listing {
  readonly tagsSeen: number;
  readonly tagsMatched: number;
  readonly problems: readonly { readonly tag: string; readonly code: ErrorCode; readonly message: string }[];
}

/** Tags resolved together; a page of the contract has at most 500. */
const BATCH = 100;
const AT_ONCE = 6;
const MAX_PROBLEMS = 100;
/** Of manifests reported together. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024;
const MAX_PAGE = 100;

/** Lists. @throws {PlimsollError} when the listing is not whole; what was reported so far then proves nothing. */
export async function listTags(work: ListWork, context: ListContext): Promise<Listing> {
  const listing = new TagListing(work, await readPatterns(work, context.connector), context);
  return await listing.run();
}

async function readPatterns({ tags, patternMode }: ListWork, connector: Connector): Promise<readonly Pattern[]> {
  const product = await getProduct(connector.type);
  return tags.map(text => {
    const result = parsePattern(text, { of: 'tag', mode: patternMode, product });
    if (result.ok) return result.pattern;
    throw new PlimsollError('SCHEDULE_INVALID', `Cannot list tags: ${result.problem.message}`);
  });
}

class TagListing {
  readonly #work: ListWork;
  readonly #patterns: readonly Pattern[];
  readonly #context: ListContext;
  readonly #reading: ManifestReading;
  readonly #sinceMs: number | undefined;
  /** Digests that the server has by now. */
  readonly #settled = new Set<string>();
  readonly #builtAt = new Map<string, string>();
  readonly #problems: Listing['problems'][number][] = [];
  #seen = 0;
  #matched = 0;

  constructor(work: ListWork, patterns: readonly Pattern[], context: ListContext) {
    const { connector, meter, configs, signal, reports, platforms } = context;
    this.#work = work;
    this.#patterns = patterns;
    this.#context = context;
    this.#sinceMs = work.since === undefined ? undefined : Date.parse(work.since);
    this.#reading = {
      connector,
      repository: work.repository,
      platforms: work.platforms.length === 0 ? platforms : work.platforms,
      meter,
      configs,
      findUnknown: async digests => new Set(await reports.findUnknownManifests(digests, signal)),
      signal,
    };
  }

  async run(): Promise<Listing> {
    const { connector, signal } = this.#context;
    const names = this.#patterns.flatMap(pattern => (pattern.kind === 'literal' ? [pattern.value] : []));
    const isNamed = names.length > 0 && names.length === this.#patterns.length;
    const query = {
      ...(isNamed ? { names } : {}),
      ...(this.#sinceMs === undefined ? {} : { since: new Date(this.#sinceMs) }),
    };
    let batch: TagEntry[] = [];
    for await (const tag of connector.listTags(this.#work.repository, query, { signal })) {
      this.#seen += 1;
      if (!this.#isWanted(tag)) continue;
      batch.push(tag);
      if (batch.length < BATCH) continue;
      await this.#report(batch);
      batch = [];
    }
    if (batch.length > 0) await this.#report(batch);
    return { tagsSeen: this.#seen, tagsMatched: this.#matched, problems: this.#problems };
  }

  #isWanted({ name, pushedAt, pushedAtSource }: TagEntry): boolean {
    const isNamed = this.#patterns.length === 0 || this.#patterns.some(pattern => matches(pattern, name));
    if (!isNamed) return false;
    // When an image was built says nothing of when it was pushed; and unknown dates are the server's to judge.
    if (this.#sinceMs === undefined || (pushedAtSource ?? 'registry') !== 'registry') return true;
    const instant = readDate(pushedAt);
    return instant === undefined || instant >= this.#sinceMs;
  }

  async #report(batch: readonly TagEntry[]): Promise<void> {
    const { reports, signal, meter } = this.#context;
    meter.detail = `${countOf(this.#seen, 'tag')} seen`;
    const resolved = (await severalAtOnce(batch, AT_ONCE, tag => this.#resolve(tag))).filter(one => one !== undefined);
    await this.#readUnknown(resolved);
    const readable = resolved.filter(({ digest }) => this.#settled.has(digest));
    if (readable.length === 0) return;
    await reports.tags(
      readable.map(one => this.#toListed(one)),
      signal,
    );
    this.#matched += readable.length;
  }

  /** The tag with its digest; undefined when it is gone or unreadable, which is noted. */
  async #resolve(tag: TagEntry): Promise<ResolvedTag | undefined> {
    if (tag.digest !== undefined) return { tag, digest: tag.digest };
    const { connector, signal } = this.#context;
    try {
      // Docker Hub does not count a HEAD as a pull.
      const reference = connector.toReference(this.#work.repository, tag.name);
      await using content = await openRegistryWith(connector.client, reference, { signal });
      const head = await content.headRoot?.({ signal });
      if (head !== undefined) return { tag, digest: head.digest };
      const fetched = await fetchNamed(tag.name, this.#reading);
      return { tag, digest: fetched.digest, fetched };
    } catch (error) {
      this.#note(tag.name, error);
      return undefined;
    }
  }

  /** Reports what the server lacks of the batch; digests that could be read are settled then. */
  async #readUnknown(resolved: readonly ResolvedTag[]): Promise<void> {
    const byDigest = new Map(resolved.filter(({ digest }) => !this.#settled.has(digest)).map(one => [one.digest, one]));
    if (byDigest.size === 0) return;
    const unknown = await this.#reading.findUnknown([...byDigest.keys()]);
    const missing = [...byDigest.values()].filter(({ digest }) => unknown.has(digest));
    for (const digest of byDigest.keys()) if (!unknown.has(digest)) this.#settled.add(digest);
    const read = await severalAtOnce(missing, AT_ONCE, one => this.#read(one));
    const found = new Map(read.flatMap(one => one?.found ?? []).map(one => [one.digest, one]));
    for (const page of pagesOf([...found.values()])) {
      await this.#context.reports.manifests(page, this.#context.signal);
      for (const { digest } of page) this.#settled.add(digest);
    }
  }

  async #read({ tag, digest, fetched }: ResolvedTag): Promise<ReadManifests | undefined> {
    try {
      const read = await readManifests({ digest, tag: tag.name, fetched }, this.#reading);
      if (read.builtAt !== undefined) this.#builtAt.set(digest, read.builtAt);
      return read;
    } catch (error) {
      this.#note(tag.name, error);
      return undefined;
    }
  }

  #toListed({ tag, digest }: ResolvedTag): ListedTag {
    const { name, mediaType } = tag;
    const base = { name, digest, ...(mediaType === undefined ? {} : { mediaType: mediaType.slice(0, 256) }) };
    const pushedAt = toTime(tag.pushedAt);
    if (pushedAt !== undefined) return { ...base, pushedAt, pushedAtSource: tag.pushedAtSource ?? 'registry' };
    const builtAt = this.#work.wantsBuiltAt ? toTime(this.#builtAt.get(digest)) : undefined;
    if (builtAt !== undefined) return { ...base, pushedAt: builtAt, pushedAtSource: 'config' };
    return { ...base, pushedAtSource: 'unknown' };
  }

  /** Notes that a tag is left out. @throws what is about more than this tag. */
  #note(tag: string, error: unknown): void {
    if (!isAboutManifest(error)) throw error;
    if (this.#problems.length >= MAX_PROBLEMS) return;
    this.#problems.push({ tag, code: error.code, message: printable(error.message, 1000) });
  }
}

interface ResolvedTag {
  readonly tag: TagEntry;
  readonly digest: Digest;
  /** The document, where it had to be read to know the digest. */
  readonly fetched?: RootDocument;
}

/** Children stay before their index. */
function* pagesOf(manifests: readonly FoundManifest[]): Generator<readonly FoundManifest[]> {
  let page: FoundManifest[] = [];
  let bytes = 0;
  for (const manifest of manifests) {
    const size = manifest.document.length + (manifest.config?.length ?? 0);
    if (page.length > 0 && (page.length >= MAX_PAGE || bytes + size > MAX_PAGE_BYTES)) {
      yield page;
      page = [];
      bytes = 0;
    }
    page.push(manifest);
    bytes += size;
  }
  if (page.length > 0) yield page;
}

/** A date as the contract wants it; undefined for none, 1970 and other ways to say "unknown". */
function toTime(text: string | undefined): string | undefined {
  const instant = readDate(text);
  return instant === undefined ? undefined : new Date(instant).toISOString();
}
