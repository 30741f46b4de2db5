/**
 * VEX documents in any of the formats that people write: OpenVEX, CSAF, CycloneDX; alone or as an attestation.
 */

import { asRecord, asText, type JsonLimits, parseFeedJson } from '#advisory/feed-json.ts';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { findCsafVex } from './parse-csaf.ts';
import { findCycloneDxVex } from './parse-cyclonedx.ts';
import { findOpenVex } from './parse-openvex.ts';
import type { VexDocument } from './statement.ts';

/** Red Hat's largest documents are some 20 MB. */
const LIMITS: JsonLimits = { maxBytes: 64 * 1024 * 1024, maxValues: 5_000_000 };

/**
 * Reads a document; `source` names it to people. An in-toto statement, the envelope around it (DSSE) and the bundle around that (Sigstore) are
 * opened, **their signatures are not checked**: whether to trust a document is for the caller to say.
 * @throws {PlimsollError} `VEX_INVALID` when it is none of the formats, `LIMIT_EXCEEDED` over 64 MiB.
 */
export function parseVex(input: Uint8Array | string, source: string): VexDocument {
  const value = parseJson(input, source);
  const content = findOpenVexDocument(value) ?? findCsafVex(value) ?? findCycloneDxVex(value);
  if (content === undefined) {
    throw new PlimsollError(
      'VEX_INVALID',
      `Cannot read "${printable(source)}": it is none of OpenVEX, CSAF and CycloneDX in JSON`,
    );
  }
  return { source, ...content };
}

function parseJson(input: Uint8Array | string, source: string): unknown {
  try {
    return unwrap(parseFeedJson(input, `"${source}"`, LIMITS));
  } catch (error) {
    if (!(error instanceof PlimsollError) || error.code !== 'ADVISORY_INVALID') throw error;
    throw new PlimsollError('VEX_INVALID', error.message, { cause: error });
  }
}

/** The innermost document of an attestation. */
function unwrap(value: unknown): unknown {
  const { payload, payloadType, predicate, predicateType, dsseEnvelope } = asRecord(value);
  // A bundle of Sigstore's: the envelope with what is needed to check its signature.
  if (dsseEnvelope !== undefined) return unwrap(dsseEnvelope);
  const encoded = asText(payload);
  if (encoded !== undefined && asText(payloadType) !== undefined) {
    return unwrap(parseFeedJson(Buffer.from(encoded, 'base64'), 'the payload of an attestation', LIMITS));
  }
  return asText(predicateType) === undefined ? value : predicate;
}

/** Both OpenVEX and other things have `statements`; its context tells. */
function findOpenVexDocument(value: unknown) {
  const context = asText(asRecord(value)['@context']);
  return context?.startsWith('https://openvex.dev/ns') ? findOpenVex(value) : undefined;
}
