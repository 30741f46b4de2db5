/**
 * Amazon Linux's advisories: the `updateinfo.xml` of a repository.
 *
 * Source: `updateinfo.xml.gz` in the repositories behind cdn.amazonlinux.com's mirror lists; the form is that of createrepo. It names
 * binary packages and knows fixes only. An entry of the tally is an update.
 */
import type { Advisory } from '../advisory.ts';
import { type FixedBuild, toAffectedBuilds } from '../fixed-build.ts';
import { References, toDetails, toId, toIds, toTime, toTitle } from '../published-field.ts';
import type { ReadTally } from '../read-tally.ts';
import { findWordRating } from '../severity-word.ts';
import { toVersion } from '../version-bounds.ts';
import { type ByteChunks, readXmlFeed, type XmlVisitor } from '../xml-feed.ts';
import { topicOf } from './topic.ts';

export interface UpdateinfoContext {
  /** Release as in the ecosystem's name: `2023`, `2`, and `1` for the first, whose last was 2018.03. */
  readonly release: string;
  /** The repository the file is of, `core` or an extras topic; by default what the id of each advisory says. */
  readonly repository?: string;
}

/** Kernel updates list about 100 packages for two architectures. */
const MAX_PACKAGES = 20_000;

/**
 * The advisories of a file, in its order, as a stream.
 * @throws {PlimsollError} while iterated: as `readXmlFeed`.
 */
export function parseUpdateinfo(
  source: ByteChunks,
  tally: ReadTally,
  context: UpdateinfoContext,
): AsyncGenerator<Advisory> {
  return readXmlFeed(source, 'an updateinfo.xml', new UpdateVisitor(tally, context));
}

/** What is known of an update while it is read. */
interface Update {
  readonly type: string;
  readonly texts: Map<string, string>;
  readonly cves: string[];
  readonly references: References;
  readonly builds: FixedBuild[];
}

class UpdateVisitor implements XmlVisitor<Advisory> {
  readonly root = 'updates';
  readonly #tally: ReadTally;
  readonly #context: UpdateinfoContext;
  #update: Update | undefined;

  constructor(tally: ReadTally, context: UpdateinfoContext) {
    this.#tally = tally;
    this.#context = context;
  }

  open(name: string, attributes: Readonly<Record<string, string>>, depth: number): void {
    if (depth === 2 && name === 'update') {
      const type = attributes['type'] ?? '';
      this.#update = { type, texts: new Map(), cves: [], references: new References(), builds: [] };
      return;
    }
    const update = this.#update;
    if (update === undefined) return;
    if (depth === 3 && (name === 'issued' || name === 'updated')) update.texts.set(name, attributes['date'] ?? '');
    else if (name === 'reference') this.#addReference(update, attributes);
    else if (name === 'package') this.#addPackage(update, attributes);
  }

  close(name: string, text: string, depth: number): readonly Advisory[] | undefined {
    const update = this.#update;
    if (update === undefined) return undefined;
    if (depth === 3 && TEXTS.has(name) && !update.texts.has(name)) update.texts.set(name, text);
    if (depth !== 2) return undefined;
    this.#update = undefined;
    const advisory = this.#finish(update);
    return advisory === undefined ? undefined : [advisory];
  }

  #addReference(update: Update, { type, id, href }: Readonly<Record<string, string>>): void {
    if (type === 'cve' && id !== undefined) update.cves.push(id);
    if (href !== undefined && !update.references.add(href, 'ADVISORY')) {
      this.#tally.lose('reference that is no link');
    }
  }

  #addPackage(update: Update, attributes: Readonly<Record<string, string>>): void {
    const { name = '', arch = '', epoch = '', version = '', release = '' } = attributes;
    // Sources are listed too, and are not installed.
    if (arch === 'src' || arch === 'nosrc') return;
    const build = toVersion(`${/^0*$/.test(epoch) ? '' : `${epoch}:`}${version}-${release}`);
    if (name === '' || name.length > 300 || version === '' || release === '' || build === undefined) {
      this.#tally.lose('package without a name or version');
    } else if (update.builds.length >= MAX_PACKAGES) this.#tally.lose('packages beyond the limit');
    else update.builds.push({ ecosystem: `Amazon Linux:${this.#context.release}`, name, version: build, arch });
  }

  #finish(update: Update): Advisory | undefined {
    const { texts } = update;
    const id = toId(texts.get('id'));
    if (id === undefined) return this.#skip('update without an id');
    if (update.type !== 'security') return this.#skip('update for another reason than a weakness');
    const repository = this.#context.repository ?? topicOf(id);
    const builds = update.builds.map(build => ({ ...build, repository }));
    const affected = toAffectedBuilds(builds, this.#tally);
    if (affected.length === 0) return this.#skip('update that names no package');
    const title = toTitle(texts.get('title'));
    const details = toDetails(texts.get('description'));
    const published = toTime(texts.get('issued'));
    const modified = toTime(texts.get('updated'));
    const rating = findWordRating(texts.get('severity'), 'errata', 'amazon');
    this.#tally.keep();
    return {
      id,
      source: 'amazon',
      kind: 'weakness',
      aliases: [],
      upstream: toIds(update.cves, id),
      ...(title !== undefined && { title }),
      ...(details !== undefined && { details }),
      ...(published !== undefined && { published }),
      ...(modified !== undefined && { modified }),
      ratings: rating === undefined ? [] : [rating],
      references: update.references.list(),
      cwes: [],
      affected,
    };
  }

  #skip(reason: string): undefined {
    this.#tally.skip(reason);
    return undefined;
  }
}

const TEXTS: ReadonlySet<string> = new Set(['id', 'title', 'severity', 'description']);
