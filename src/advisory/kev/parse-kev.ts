/**
 * CISA's catalogue of known exploited vulnerabilities. An entry of the tally is a vulnerability of the catalogue.
 */
import { PlimsollError } from '#base/errors.ts';
import type { KnownExploited } from '../advisory.ts';
import { type JsonLimits, parseFeedJson } from '../feed-json.ts';
import { toDetails } from '../published-field.ts';
import type { ReadTally } from '../read-tally.ts';
import { catalogueSchema, exploitedSchema } from './schema.ts';

/** 1.3 MB in 2025. */
const LIMITS: JsonLimits = { maxBytes: 64 * 1024 * 1024, maxValues: 2_000_000 };

export interface Catalogue {
  /** `2025.08.25`. */
  readonly version: string;
  readonly released?: string;
  readonly exploited: readonly KnownExploited[];
}

/** Reads the catalogue. @throws {PlimsollError} `ADVISORY_INVALID` when it is none, `LIMIT_EXCEEDED` over 64 MiB. */
export function parseKev(input: Uint8Array | string, tally: ReadTally): Catalogue {
  const parsed = catalogueSchema.safeParse(
    parseFeedJson(input, 'the catalogue of known exploited vulnerabilities', LIMITS),
  );
  if (!parsed.success) {
    throw new PlimsollError(
      'ADVISORY_INVALID',
      'Cannot read the catalogue of known exploited vulnerabilities: it has no version or no list',
      { cause: parsed.error },
    );
  }
  const { catalogVersion, dateReleased, vulnerabilities } = parsed.data;
  const exploited = vulnerabilities.flatMap(value => readEntry(value, tally) ?? []);
  return { version: catalogVersion, ...(dateReleased && { released: dateReleased }), exploited };
}

function readEntry(value: unknown, tally: ReadTally): KnownExploited | undefined {
  const parsed = exploitedSchema.safeParse(value);
  if (!parsed.success) {
    tally.skip('entry without a CVE or date');
    return undefined;
  }
  tally.keep();
  const { cveID, dateAdded, dueDate, knownRansomwareCampaignUse, requiredAction } = parsed.data;
  const action = toDetails(requiredAction);
  return {
    cve: cveID,
    added: dateAdded,
    ...(dueDate && { due: dueDate }),
    isRansomware: knownRansomwareCampaignUse === 'Known',
    ...(action !== undefined && { action }),
  };
}
