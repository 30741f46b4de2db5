/**
 * Oracle Linux's advisories: OVAL definitions of class `patch`.
 *
 * Source: linux.oracle.com/security/oval, `com.oracle.elsa-all.xml`; OVAL 5. It names binary packages and knows fixes only. An entry of the
 * tally is a definition.
 */
import type { Advisory } from '../advisory.ts';
import { toAffectedBuilds } from '../fixed-build.ts';
import { References, toDetails, toId, toIds, toTime, toTitle } from '../published-field.ts';
import type { ReadTally } from '../read-tally.ts';
import { findWordRating } from '../severity-word.ts';
import { type ByteChunks, readXmlFeed, type XmlVisitor } from '../xml-feed.ts';
import { type Criteria, readBuilds } from './criteria.ts';
import { mendLines } from './mend-lines.ts';

/** Kernel errata have about 3,000. */
const MAX_CRITERIA = 100_000;

/**
 * The advisories of a file, in its order, as a stream.
 * @throws {PlimsollError} while iterated: as `readXmlFeed`.
 */
export function parseOracleOval(source: ByteChunks, tally: ReadTally): AsyncGenerator<Advisory> {
  return readXmlFeed(mendLines(source), 'Oracle’s OVAL definitions', new DefinitionVisitor(tally));
}

/** What is known of a definition while it is read. */
interface Definition {
  readonly class: string;
  readonly texts: Map<string, string>;
  readonly cves: string[];
  readonly references: References;
  readonly root: Criteria;
  /** The criteria that are open, outermost first. */
  readonly open: Criteria[];
  criteriaCount: number;
}

class DefinitionVisitor implements XmlVisitor<Advisory> {
  readonly root = 'oval_definitions';
  readonly #tally: ReadTally;
  #definition: Definition | undefined;

  constructor(tally: ReadTally) {
    this.#tally = tally;
  }

  open(name: string, attributes: Readonly<Record<string, string>>, depth: number): void {
    if (depth === 3 && name === 'definition') {
      const root: Criteria = { operator: 'AND', comments: [], children: [] };
      this.#definition = {
        class: attributes['class'] ?? '',
        texts: new Map(),
        cves: [],
        references: new References(),
        root,
        open: [root],
        criteriaCount: 0,
      };
      return;
    }
    const definition = this.#definition;
    if (definition === undefined) return;
    if (name === 'criteria' || name === 'criterion') this.#addCriterion(definition, name, attributes);
    else if (name === 'reference') addReference(definition, attributes);
    else if (name === 'issued') definition.texts.set('issued', attributes['date'] ?? '');
  }

  close(name: string, text: string, depth: number): readonly Advisory[] | undefined {
    const definition = this.#definition;
    if (definition === undefined) return undefined;
    if (name === 'criteria') definition.open.pop();
    else if (TEXTS.has(name) && !definition.texts.has(name)) definition.texts.set(name, text);
    if (depth !== 3) return undefined;
    this.#definition = undefined;
    const advisory = this.#finish(definition);
    return advisory === undefined ? undefined : [advisory];
  }

  #addCriterion(definition: Definition, name: string, attributes: Readonly<Record<string, string>>): void {
    const parent = definition.open.at(-1) ?? definition.root;
    definition.criteriaCount += 1;
    const isOverLimit = definition.criteriaCount > MAX_CRITERIA;
    if (isOverLimit) this.#tally.lose('criteria beyond the limit');
    if (name === 'criterion') {
      if (!isOverLimit) parent.comments.push((attributes['comment'] ?? '').trim());
      return;
    }
    const child: Criteria = { operator: attributes['operator'] ?? 'AND', comments: [], children: [] };
    if (!isOverLimit) parent.children.push(child);
    definition.open.push(child);
  }

  #finish(definition: Definition): Advisory | undefined {
    const { texts } = definition;
    const title = toTitle(texts.get('title'));
    const [found] = /EL[SBE]A-[0-9]{4}-[0-9]{1,7}/.exec(texts.get('id') ?? title ?? '') ?? [];
    const id = toId(found);
    if (definition.class !== 'patch') return this.#skip('definition of another class');
    if (id === undefined) return this.#skip('definition without the id of an erratum');
    const affected = toAffectedBuilds(readBuilds(definition.root, this.#tally), this.#tally);
    if (affected.length === 0) return this.#skip('definition that names no package');
    const upstream = toIds(definition.cves, id);
    if (!id.startsWith('ELSA') && upstream.length === 0) {
      return this.#skip('bug fix or enhancement that names no weakness');
    }
    const details = toDetails(texts.get('description'));
    const published = toTime(texts.get('issued'));
    const rating = findWordRating(texts.get('severity'), 'errata', 'oracle');
    this.#tally.keep();
    return {
      id,
      source: 'oracle',
      kind: 'weakness',
      aliases: [],
      upstream,
      ...(title !== undefined && { title }),
      ...(details !== undefined && { details }),
      ...(published !== undefined && { published }),
      ratings: rating === undefined ? [] : [rating],
      references: definition.references.list(),
      cwes: [],
      affected,
    };
  }

  #skip(reason: string): undefined {
    this.#tally.skip(reason);
    return undefined;
  }
}

function addReference(definition: Definition, attributes: Readonly<Record<string, string>>): void {
  const { source = '', ref_id: id, ref_url: url } = attributes;
  const kind = source.toLowerCase();
  if (kind === 'cve' && id !== undefined) definition.cves.push(id);
  else if (kind === 'elsa' && id !== undefined) definition.texts.set('id', id);
  definition.references.add(url, 'ADVISORY');
}

const TEXTS: ReadonlySet<string> = new Set(['title', 'description', 'severity']);
