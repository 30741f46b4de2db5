/**
 * Reads the indexes of repositories, asking only whether they changed where they are known already.
 *
 * Debian's `InRelease` and RPM's `repomd.xml` lead to the index and give its hash, which is checked; their signatures are not: a repository that
 * lies can cause a build, and the package manager in the build then refuses what is not signed.
 */
import { hash } from 'node:crypto';
import { readXmlFeed, type XmlVisitor } from '#advisory/xml-feed.ts';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { FeedClient, Validators } from '#vulndb/fetch/feed-client.ts';
import { parseApkIndex, parseDebianPackages, parseRpmPrimary } from './parse-index.ts';
import type { PackageRepository } from './repositories.ts';

/** Version by name. */
export type PackageIndex = ReadonlyMap<string, string>;

const MAX_RELEASE_BYTES = 8 * 1024 * 1024;
const MAX_INDEX_BYTES = 256 * 1024 * 1024;
/** Indexes that are kept, some megabytes each. */
const MAX_KEPT = 16;
/** Parts of Debian's and Ubuntu's archives that images are made of. */
const COMPONENTS = ['main', 'universe'];

interface Kept {
  readonly validators: Validators;
  /** What the indexes were when they were read: their hashes. */
  readonly state: string;
  readonly index: PackageIndex;
}

/** An index file that a repository's first document leads to. */
interface IndexFile {
  readonly path: string;
  readonly sha256: string;
}

/** See above. One for a process; a repository is asked by one at a time. */
export class PackageIndexReader {
  readonly #client: FeedClient;
  readonly #kept = new Map<string, Kept>();
  readonly #reading = new Map<string, Promise<PackageIndex>>();

  constructor(client: FeedClient) {
    this.#client = client;
  }

  /**
   * The newest version of each package.
   * @throws {PlimsollError} `FEED_UNAVAILABLE`, `FEED_INVALID` when it is not there or not what it should be, `LIMIT_EXCEEDED`, …
   */
  async read(repository: PackageRepository, signal: AbortSignal): Promise<PackageIndex> {
    const key = JSON.stringify([repository.kind, repository.url.href, repository.suite, repository.arch]);
    const reading = this.#reading.get(key) ?? this.#read(key, repository, signal);
    this.#reading.set(key, reading);
    try {
      return await reading;
    } finally {
      this.#reading.delete(key);
    }
  }

  async #read(key: string, repository: PackageRepository, signal: AbortSignal): Promise<PackageIndex> {
    const known = this.#kept.get(key);
    const url = firstDocument(repository);
    const limitBytes = repository.kind === 'apk' ? MAX_INDEX_BYTES : MAX_RELEASE_BYTES;
    const { bytes, isUnchanged, validators } = await this.#client.read(url, {
      signal,
      limitBytes,
      known: known?.validators,
    });
    if (isUnchanged && known !== undefined) return this.#keep(key, known);
    if (bytes === undefined) throw missing(url);
    const kept = await this.#follow(repository, { bytes, known, signal });
    return this.#keep(key, { ...kept, validators });
  }

  async #follow(
    repository: PackageRepository,
    {
      bytes,
      known,
      signal,
    }: { readonly bytes: Uint8Array; readonly known: Kept | undefined; readonly signal: AbortSignal },
  ): Promise<Pick<Kept, 'state' | 'index'>> {
    const { kind, arch, url } = repository;
    const what = `the package index of ${url.host}${url.pathname}`;
    if (kind === 'apk') return { state: hash('sha256', bytes), index: await parseApkIndex(once(bytes), what) };
    const files = kind === 'deb' ? debianFiles(bytes, repository) : [await rpmFile(bytes, what)];
    const state = files.map(({ sha256 }) => sha256).join(' ');
    if (state === known?.state) return known;
    const merged = new Map<string, string>();
    for (const file of files) {
      const content = await this.#fetch(new URL(file.path, url), file.sha256, signal);
      const index =
        kind === 'deb'
          ? await parseDebianPackages(once(content), what)
          : await parseRpmPrimary(once(content), { what, arch });
      // Components have no name in common.
      for (const [name, version] of index) merged.set(name, version);
    }
    return { state, index: merged };
  }

  async #fetch(url: URL, sha256: string, signal: AbortSignal): Promise<Uint8Array> {
    const { bytes } = await this.#client.read(url, { signal, limitBytes: MAX_INDEX_BYTES });
    if (bytes === undefined) throw missing(url);
    if (hash('sha256', bytes) !== sha256) {
      throw invalid(url, 'its content has another hash than the repository says; it may be changing just now');
    }
    return bytes;
  }

  /** The newest are kept. */
  #keep(key: string, kept: Kept): PackageIndex {
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MAX_KEPT) break;
      this.#kept.delete(oldest);
    }
    return kept.index;
  }
}

function firstDocument({ kind, url, suite }: PackageRepository): URL {
  switch (kind) {
    case 'deb':
      return new URL(`dists/${suite}/InRelease`, url);
    case 'apk':
      return new URL('APKINDEX.tar.gz', url);
    case 'rpm':
      return new URL('repodata/repomd.xml', url);
    default:
      return kind satisfies never;
  }
}

/** What an `InRelease` says of the indexes of the repository's architecture. */
function debianFiles(bytes: Uint8Array, { url, suite, arch }: PackageRepository): readonly IndexFile[] {
  const lines = new TextDecoder().decode(bytes).split('\n');
  const byHash = lines.some(line => /^Acquire-By-Hash:\s*yes\s*$/.test(line));
  const start = lines.findIndex(line => /^SHA256:\s*$/.test(line));
  const sums = new Map<string, string>();
  for (const line of start === -1 ? [] : lines.slice(start + 1)) {
    const [, sum, path] = /^ ([0-9a-f]{64})\s+\d+\s+(\S{1,500})\s*$/.exec(line) ?? [];
    if (sum === undefined || path === undefined) break;
    sums.set(path, sum);
  }
  const files = COMPONENTS.flatMap(component => {
    const folder = `${component}/binary-${arch}`;
    const found = ['Packages.gz', 'Packages'].find(name => sums.has(`${folder}/${name}`));
    const sha256 = sums.get(`${folder}/${found}`);
    if (found === undefined || sha256 === undefined) return [];
    const name = byHash ? `by-hash/SHA256/${sha256}` : found;
    return [{ path: `dists/${suite}/${folder}/${name}`, sha256 }];
  });
  if (files.length > 0) return files;
  throw invalid(
    firstDocument({ kind: 'deb', url, suite, arch }),
    `it names no package index for ${arch} packed with gzip`,
  );
}

/** What a `repomd.xml` says of the list of packages. */
async function rpmFile(bytes: Uint8Array, what: string): Promise<IndexFile> {
  let type = '';
  let path: string | undefined;
  let sha256: string | undefined;
  let isOpen = false;
  const visitor: XmlVisitor<never> = {
    root: 'repomd',
    open(name, attributes, depth) {
      if (depth === 2) isOpen = attributes['type'] === 'primary';
      if (!isOpen || depth !== 3) return;
      if (name === 'location') path = attributes['href'];
      if (name === 'checksum') type = attributes['type'] ?? '';
    },
    close(name, text, depth) {
      if (isOpen && depth === 3 && name === 'checksum' && type === 'sha256') sha256 = text;
      if (depth === 2) isOpen = false;
      return undefined;
    },
  };
  for await (const _ of readXmlFeed(once(bytes), what, visitor));
  const isPlain = path !== undefined && /^[\w./+-]{1,500}$/.test(path) && !path.startsWith('/') && !path.includes('..');
  if (path === undefined || !isPlain || sha256 === undefined) {
    throw new PlimsollError('FEED_INVALID', `Cannot read ${printable(what)}: repomd.xml leads to no list of packages`);
  }
  return { path, sha256 };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

const missing = (url: URL) => invalid(url, 'there is nothing there');

function invalid(url: URL, why: string): PlimsollError {
  return new PlimsollError('FEED_INVALID', `Cannot read ${printable(url.href)}: ${why}`);
}
