/**
 * NVD's CVE records: vectors for what distributions leave unrated, and version ranges of programs that no package manager installed.
 *
 * Source: NVD CVE API 2.0 and the yearly feeds of the same form. An entry of the tally is a CVE record. Records that NVD has not analysed
 * ("Awaiting Analysis", "Deferred") often have a vector of whoever assigned the CVE, and are kept for it.
 */
import { PlimsollError } from '#base/errors.ts';
import type { Advisory, Rating } from '../advisory.ts';
import { findCvssRating } from '../cvss-rating.ts';
import { asRecord, type JsonLimits, parseFeedJson } from '../feed-json.ts';
import { References, toCwes, toDetails, toTime } from '../published-field.ts';
import type { ReadTally } from '../read-tally.ts';
import { readConfigurations } from './read-configurations.ts';
import { cveSchema, descriptionSchema, metricSchema, responseSchema } from './schema.ts';

/** A year's feed is up to 200 MB inflated. */
const LIMITS: JsonLimits = { maxBytes: 480 * 1024 * 1024, maxValues: 60_000_000 };

/**
 * The records of a page of the API or of a feed.
 * @throws {PlimsollError} while iterated: `ADVISORY_INVALID` when it is neither, `LIMIT_EXCEEDED`.
 */
export function* parseNvd(input: Uint8Array | string, tally: ReadTally): Generator<Advisory> {
  const parsed = responseSchema.safeParse(parseFeedJson(input, 'NVD’s records', LIMITS));
  if (!parsed.success) {
    throw new PlimsollError('ADVISORY_INVALID', 'Cannot read NVD’s records: there is no list of vulnerabilities', {
      cause: parsed.error,
    });
  }
  for (const value of parsed.data.vulnerabilities) {
    const advisory = readRecord(value, tally);
    if (advisory !== undefined) yield advisory;
  }
}

function readRecord(value: unknown, tally: ReadTally): Advisory | undefined {
  const parsed = cveSchema.safeParse(value);
  if (!parsed.success) {
    tally.skip('record without a CVE');
    return undefined;
  }
  const { cve } = parsed.data;
  if (cve.vulnStatus?.toLowerCase() === 'rejected') {
    tally.skip('rejected CVE');
    return undefined;
  }
  const details = toDetails(englishOf(cve.descriptions ?? []));
  const published = toTime(cve.published);
  const modified = toTime(cve.lastModified);
  tally.keep();
  return {
    id: cve.id,
    source: 'nvd',
    kind: 'weakness',
    aliases: [],
    upstream: [],
    ...(details !== undefined && { details }),
    ...(published !== undefined && { published }),
    ...(modified !== undefined && { modified }),
    ratings: ratingsOf(cve.metrics ?? {}, tally),
    references: referencesOf(cve.references ?? []),
    cwes: toCwes(
      (cve.weaknesses ?? []).flatMap(one => descriptionsOf(asRecord(one)['description'])).map(one => one.value),
    ),
    affected: readConfigurations(cve.configurations ?? [], tally),
  };
}

const MAX_METRICS = 50;

/** NVD's own first, then those of the assigner and of CISA; newer versions of CVSS first within each. */
function ratingsOf(metrics: Readonly<Record<string, unknown>>, tally: ReadTally): readonly Rating[] {
  const own: Rating[] = [];
  const others: Rating[] = [];
  for (const key of ['cvssMetricV40', 'cvssMetricV31', 'cvssMetricV30', 'cvssMetricV2']) {
    const list = metrics[key];
    for (const value of Array.isArray(list) ? list.slice(0, MAX_METRICS) : []) {
      const parsed = metricSchema.safeParse(value);
      const origin = parsed.success ? originOf(parsed.data) : 'nvd';
      const rating = parsed.success ? findCvssRating(parsed.data.cvssData.vectorString, origin) : undefined;
      if (rating === undefined) tally.lose('metric without a vector');
      else (origin === 'nvd' ? own : others).push(rating);
    }
  }
  return [...own, ...others];
}

/** CISA's enrichment of records that NVD left alone goes by an id of its own. */
const CISA_ADP = '134c704f-9b21-4f2e-91b3-4a467353bcc0';

function originOf(metric: {
  readonly type?: string | null | undefined;
  readonly source?: string | null | undefined;
}): string {
  if (metric.source === 'nvd@nist.gov') return 'nvd';
  if (metric.source === CISA_ADP) return 'cisa';
  return metric.type === 'Primary' && metric.source == null ? 'nvd' : 'cna';
}

function englishOf(values: readonly unknown[]): string | undefined {
  return descriptionsOf(values).find(one => one.lang === 'en' || one.lang.startsWith('en-'))?.value;
}

function descriptionsOf(values: unknown): readonly { readonly lang: string; readonly value: string }[] {
  return (Array.isArray(values) ? values : []).flatMap(value => descriptionSchema.safeParse(value).data ?? []);
}

function referencesOf(values: readonly unknown[]): Advisory['references'] {
  const references = new References();
  for (const value of values) references.add(asRecord(value)['url'], 'WEB');
  return references.list();
}
