/**
 * Errors of the registry protocol, which has codes of its own that its clients read.
 *
 * Source: OCI distribution-spec 1.1, "Error Codes".
 */
import { type ErrorCode, PlimsollError } from '#base/errors.ts';

interface Row {
  readonly status: number;
  /** The same in our words. */
  readonly ours: ErrorCode;
}

/** The protocol's codes, with the status that they come with here. */
export const DISTRIBUTION_CODES = {
  BLOB_UNKNOWN: { status: 404, ours: 'BLOB_UNKNOWN' },
  BLOB_UPLOAD_INVALID: { status: 400, ours: 'REQUEST_INVALID' },
  BLOB_UPLOAD_UNKNOWN: { status: 404, ours: 'NOT_FOUND' },
  DIGEST_INVALID: { status: 400, ours: 'DIGEST_INVALID' },
  MANIFEST_BLOB_UNKNOWN: { status: 404, ours: 'BLOB_UNKNOWN' },
  MANIFEST_INVALID: { status: 400, ours: 'MANIFEST_INVALID' },
  MANIFEST_UNKNOWN: { status: 404, ours: 'MANIFEST_UNKNOWN' },
  NAME_INVALID: { status: 400, ours: 'REQUEST_INVALID' },
  NAME_UNKNOWN: { status: 404, ours: 'NOT_FOUND' },
  SIZE_INVALID: { status: 413, ours: 'LIMIT_EXCEEDED' },
  UNAUTHORIZED: { status: 401, ours: 'UNAUTHENTICATED' },
  DENIED: { status: 403, ours: 'FORBIDDEN' },
  UNSUPPORTED: { status: 405, ours: 'CONFLICT' },
  TOOMANYREQUESTS: { status: 429, ours: 'TOO_MANY_REQUESTS' },
} as const satisfies Record<string, Row>;

/** A code of the protocol. */
export type DistributionCode = keyof typeof DISTRIBUTION_CODES;

/** An error that a registry's client is told in its own words. */
export class DistributionError extends PlimsollError {
  readonly distributionCode: DistributionCode;
  readonly status: number;
  /** For programs: what the message is about. */
  readonly detail: unknown;

  constructor(
    code: DistributionCode,
    message: string,
    options: ErrorOptions & { readonly status?: number; readonly detail?: unknown } = {},
  ) {
    super(DISTRIBUTION_CODES[code].ours, message, options);
    this.name = 'DistributionError';
    this.distributionCode = code;
    this.status = options.status ?? DISTRIBUTION_CODES[code].status;
    this.detail = options.detail;
  }
}

/** A chunk that does not begin where the upload ends; says where that is. */
export class OffsetError extends DistributionError {
  readonly sizeBytes: number;

  constructor(offset: number, sizeBytes: number) {
    super('BLOB_UPLOAD_INVALID', `Cannot take a chunk from byte ${offset}: the upload has ${sizeBytes} bytes`, {
      status: 416,
      detail: { sizeBytes },
    });
    this.name = 'OffsetError';
    this.sizeBytes = sizeBytes;
  }
}
