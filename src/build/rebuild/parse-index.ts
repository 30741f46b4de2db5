/** The indexes of Debian's, Alpine's and RPM repositories, each to the newest version of each package. */
import { readXmlFeed, type XmlVisitor } from '#advisory/xml-feed.ts';
import { inflated } from '#oci/inflate.ts';
import { TarReader } from '#oci/tar-reader.ts';
import { type IndexBytes, NewestVersions } from './package-index.ts';

/** Lines of descriptions are long; none is this long. */
const MAX_LINE = 1024 * 1024;
/** What an index inflates to at most: Debian's main has 50 MB, Fedora's primary 300 MB. */
const LIMITS = { maxBytes: 2 * 1024 ** 3, maxRatio: 400 };

/** A `Packages` file of Debian, compressed or not. */
export async function parseDebianPackages(bytes: IndexBytes, what: string): Promise<ReadonlyMap<string, string>> {
  const newest = new NewestVersions('deb', what);
  let name: string | undefined;
  let version: string | undefined;
  for await (const line of linesOf(inflated(bytes, LIMITS))) {
    if (line === '') {
      newest.add(name, version);
      name = undefined;
      version = undefined;
    } else if (line.startsWith('Package:')) name = line.slice('Package:'.length).trim();
    else if (line.startsWith('Version:')) version = line.slice('Version:'.length).trim();
  }
  newest.add(name, version);
  return newest.toMap();
}

/** An `APKINDEX.tar.gz` of Alpine or Wolfi: a signature, then the index, each a member of its own. */
export async function parseApkIndex(bytes: IndexBytes, what: string): Promise<ReadonlyMap<string, string>> {
  const newest = new NewestVersions('apk', what);
  const fields = new Map<string, string>();
  const lines = new LineSplitter(line => {
    if (line !== '') {
      fields.set(line.slice(0, 2), line.slice(2));
      return;
    }
    newest.add(fields.get('P:'), fields.get('V:'));
    fields.clear();
  });
  const tar = new TarReader(({ name, type }) =>
    type === 'file' && name === 'APKINDEX' ? { write: chunk => lines.write(chunk), end: () => lines.end() } : undefined,
  );
  for await (const chunk of inflated(bytes, LIMITS)) tar.push(chunk);
  tar.end();
  return newest.toMap();
}

/**
 * A `primary.xml` of an RPM repository, compressed or not: packages for `arch` and for all. Builds of modules are left out, for which is
 * newest depends on the stream.
 */
export async function parseRpmPrimary(
  bytes: IndexBytes,
  { what, arch }: { readonly what: string; readonly arch: string },
): Promise<ReadonlyMap<string, string>> {
  const newest = new NewestVersions('rpm', what);
  let entry: { name?: string; arch?: string; version?: string } = {};
  const visitor: XmlVisitor<never> = {
    root: 'metadata',
    open(name, attributes, depth) {
      if (depth !== 3 || name !== 'version') return;
      const { epoch = '0', ver = '', rel = '' } = attributes;
      entry.version = `${/^0*$/.test(epoch) ? '' : `${epoch}:`}${ver}-${rel}`;
    },
    close(name, text, depth) {
      if (depth === 3 && name === 'name') entry.name = text;
      if (depth === 3 && name === 'arch') entry.arch = text;
      if (depth === 2) {
        const isOurs = entry.arch === arch || entry.arch === 'noarch';
        if (isOurs && !isModular(entry.version ?? '')) newest.add(entry.name, entry.version);
        entry = {};
      }
      return undefined;
    },
  };
  for await (const _ of readXmlFeed(inflated(bytes, LIMITS), what, visitor));
  return newest.toMap();
}

/** Whether a build is one of a module: `1.2-3.module_el8.6.0+2880+7d9e3703`, `1.2-3.module+el8…`. */
export function isModular(version: string): boolean {
  return /\.module[_+]/.test(version);
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let lines: string[] = [];
  const splitter = new LineSplitter(line => lines.push(line));
  for await (const chunk of chunks) {
    splitter.write(chunk);
    yield* lines;
    lines = [];
  }
  splitter.end();
  yield* lines;
}

/** Cuts bytes into lines; what is too long for one is cut off. */
class LineSplitter {
  readonly #decoder = new TextDecoder();
  readonly #onLine: (line: string) => void;
  #rest = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  write(chunk: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split('\n');
    this.#rest = (lines.pop() ?? '').slice(0, MAX_LINE);
    for (const line of lines) this.#onLine(line);
  }

  end(): void {
    if (this.#rest !== '') this.#onLine(this.#rest);
    this.#rest = '';
    // The last paragraph may have no empty line after it.
    this.#onLine('');
  }
}
