/**
 * Red Hat's VEX documents: one CSAF 2.0 file for each CVE, with what is fixed, what is affected and will or will not be fixed, and what is
 * not affected.
 *
 * Source: security.access.redhat.com/data/csaf/v2/vex; Red Hat, "CSAF/VEX documents". Errata alone (as in OSV) would leave out all that
 * is not fixed. An entry of the tally is one product id in one status.
 */
import { PlimsollError } from '#base/errors.ts';
import type { Advisory } from '../advisory.ts';
import { asList, asRecord, asText, type JsonLimits, type JsonRecord, parseFeedJson } from '../feed-json.ts';
import { References, toCwes, toDetails, toId, toTime, toTitle } from '../published-field.ts';
import type { ReadTally } from '../read-tally.ts';
import { ProductTree } from './product-tree.ts';
import { vexSchema } from './schema.ts';
import { readStatements } from './statements.ts';

/** Kernel weaknesses have the largest documents, some 30 MB. */
const LIMITS: JsonLimits = { maxBytes: 128 * 1024 * 1024, maxValues: 10_000_000 };

/**
 * Reads the document of one CVE. A file that is no such document is counted in `tally` as one entry skipped. One that says nothing of any
 * package is still an advisory: its ratings and words are Red Hat's. Never throws.
 */
export function parseRedHatVex(input: Uint8Array | string, tally: ReadTally): Advisory | undefined {
  let value: unknown;
  try {
    value = parseFeedJson(input, 'a VEX document', LIMITS);
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error;
    return skipped(tally, error.code === 'LIMIT_EXCEEDED' ? 'document over the size limit' : 'not JSON');
  }
  const parsed = vexSchema.safeParse(value);
  if (!parsed.success || !parsed.data.document.category.startsWith('csaf_')) {
    return skipped(tally, 'file that is no CSAF 2.0 document');
  }
  const { document, product_tree: tree, vulnerabilities } = parsed.data;
  const vulnerability = vulnerabilities?.[0];
  const id = toId(vulnerability?.['cve']) ?? toId(document.tracking.id);
  if (vulnerability === undefined || id === undefined) return skipped(tally, 'document without a weakness');
  if ((vulnerabilities?.length ?? 0) > 1) tally.lose('weakness beyond the first of a document');
  const { affected, ratings } = readStatements(
    vulnerability,
    new ProductTree(tree ?? {}),
    document.aggregate_severity?.text,
    tally,
  );
  const title = toTitle(vulnerability['title']);
  const details = detailsOf(vulnerability);
  const published = toTime(vulnerability['release_date']) ?? toTime(document.tracking.initial_release_date);
  const modified = toTime(document.tracking.current_release_date);
  return {
    id,
    source: 'redhat-vex',
    kind: 'weakness',
    aliases: [],
    upstream: [],
    ...(title !== undefined && { title }),
    ...(details !== undefined && { details }),
    ...(published !== undefined && { published }),
    ...(modified !== undefined && { modified }),
    ratings,
    references: referencesOf(vulnerability, id),
    cwes: toCwes([asRecord(vulnerability['cwe'])['id']]),
    affected,
  };
}

function skipped(tally: ReadTally, reason: string): undefined {
  tally.skip(reason);
  return undefined;
}

function detailsOf(vulnerability: JsonRecord): string | undefined {
  const notes = asList(vulnerability['notes']).map(asRecord);
  const note = notes.find(one => one['category'] === 'description') ?? notes.find(one => one['category'] === 'summary');
  return toDetails(note?.['text']);
}

/** The CVE's page first: the document has links to trackers before it. */
function referencesOf(vulnerability: JsonRecord, id: string): Advisory['references'] {
  const references = new References();
  references.add(`https://access.redhat.com/security/cve/${id}`, 'ADVISORY');
  for (const value of asList(vulnerability['references'])) references.add(asText(asRecord(value)['url']), 'WEB');
  return references.list();
}
