/**
 * The one table of errors: what a caller may act on, and how each protocol says it.
 *
 * A row drives the HTTP status, the exit status of the command line, whether a retry can help, and docs/errors.md
 * (`node src/base/errors-page.ts` writes it; a test keeps the two in step).
 */

/** What kind of trouble it is; decides the exit status and whether trying again can help. */
export type Family = 'input' | 'access' | 'missing' | 'conflict' | 'limit' | 'remote' | 'bug';

interface Row {
  readonly family: Family;
  readonly status: number;
  readonly meaning: string;
}

/** Every error code. Codes are stable: callers branch on them, never on the message. */
export const ERRORS = {
  USAGE: {
    family: 'input',
    status: 400,
    meaning: 'The command line or request asks for something that does not exist',
  },
  REFERENCE_INVALID: { family: 'input', status: 400, meaning: 'An image reference cannot be read' },
  DIGEST_INVALID: { family: 'input', status: 400, meaning: 'A digest is not sha256 or sha512 and its hex' },
  PLATFORM_INVALID: { family: 'input', status: 400, meaning: 'A platform is not os/architecture[/variant]' },
  MANIFEST_INVALID: {
    family: 'input',
    status: 422,
    meaning: 'A manifest, index or config is not what the image specification says',
  },
  MANIFEST_UNSUPPORTED: {
    family: 'input',
    status: 422,
    meaning: 'The reference names something that is not a container image Plimsoll can read',
  },
  ARCHIVE_INVALID: {
    family: 'input',
    status: 422,
    meaning: 'An image archive or layout on disk is damaged or of another kind',
  },
  LAYER_INVALID: { family: 'input', status: 422, meaning: 'A layer cannot be inflated or walked' },
  FILE_INVALID: { family: 'input', status: 422, meaning: 'A file inside an image is malformed; reported as a gap' },
  ADVISORY_INVALID: { family: 'input', status: 422, meaning: 'An advisory source is not what its format says' },
  VEX_INVALID: { family: 'input', status: 422, meaning: 'A VEX document is in none of the formats we read' },
  SBOM_INVALID: { family: 'input', status: 422, meaning: 'An SBOM is in none of the formats we read' },
  BASES_INVALID: { family: 'input', status: 422, meaning: 'A catalogue of base images has a mistake in it' },
  WAIVERS_INVALID: { family: 'input', status: 422, meaning: 'A file of waivers has a mistake in it' },
  VERSION_INVALID: { family: 'input', status: 422, meaning: 'A version cannot be read by its ecosystem’s rules' },
  DATABASE_INVALID: {
    family: 'input',
    status: 422,
    meaning: 'The vulnerability database is damaged, of another version of Plimsoll, or something else altogether',
  },
  CREDENTIALS_INVALID: { family: 'input', status: 400, meaning: 'A credentials file or helper cannot be read' },
  REQUEST_INVALID: {
    family: 'input',
    status: 422,
    meaning: 'A request has a field that is missing, malformed or contradicts another',
  },
  REGISTRY_SETTINGS_INVALID: {
    family: 'input',
    status: 422,
    meaning: 'The settings of a registry do not fit its product, or its address cannot be read',
  },
  SCHEDULE_INVALID: {
    family: 'input',
    status: 422,
    meaning: 'The settings of a scan job contradict its rules; each violation has a code of its own',
  },
  CATALOG_UNSUPPORTED: {
    family: 'input',
    status: 422,
    meaning: 'This registry does not list its repositories, or not to these credentials; name them instead',
  },
  CONFIGURATION_INVALID: { family: 'input', status: 400, meaning: 'A setting of the server cannot be used' },
  SSH_KEY_INVALID: {
    family: 'input',
    status: 422,
    meaning: 'The private key for Git is of another kind, protected by a passphrase, or damaged',
  },
  SOURCE_INVALID: {
    family: 'input',
    status: 422,
    meaning: 'A Git source, or a Dockerfile in it, cannot be used as it is',
  },
  BUILD_FAILED: {
    family: 'input',
    status: 422,
    meaning: 'An instruction of the Dockerfile failed; its line and the last lines of output are told',
  },
  UNAUTHENTICATED: { family: 'access', status: 401, meaning: 'Sign in, or show an API key, to do this' },
  FORBIDDEN: { family: 'access', status: 403, meaning: 'Your role does not allow this' },
  REGISTRY_DENIED: {
    family: 'access',
    status: 403,
    meaning: 'The registry refused the credentials, or none were given',
  },
  SOURCE_DENIED: {
    family: 'access',
    status: 403,
    meaning: 'The Git server refused the token or key, or wants one',
  },
  FILE_DENIED: {
    family: 'access',
    status: 403,
    meaning: 'The operating system does not let us read a file or folder, or use a socket',
  },
  MANIFEST_UNKNOWN: { family: 'missing', status: 404, meaning: 'No such repository, tag, manifest or platform' },
  BLOB_UNKNOWN: { family: 'missing', status: 404, meaning: 'A layer or config that the manifest names is not there' },
  FILE_UNKNOWN: { family: 'missing', status: 404, meaning: 'No such file or folder' },
  DATABASE_UNKNOWN: {
    family: 'missing',
    status: 404,
    meaning: 'There is no vulnerability database where one should be',
  },
  SOURCE_UNKNOWN: {
    family: 'missing',
    status: 404,
    meaning: 'The Git server has no such repository, branch, tag or commit, or there is no such Dockerfile in it',
  },
  ADVISORY_UNKNOWN: {
    family: 'missing',
    status: 404,
    meaning: 'The vulnerability database knows no advisory of that name',
  },
  NOT_FOUND: { family: 'missing', status: 404, meaning: 'No such thing, or none that you may see' },
  CONFLICT: { family: 'conflict', status: 409, meaning: 'It exists already, or its state does not allow this now' },
  VERSION_CONFLICT: { family: 'conflict', status: 412, meaning: 'It was changed since you read it; read it again' },
  DATABASE_BUSY: { family: 'conflict', status: 409, meaning: 'Another process is changing the vulnerability database' },
  LIMIT_EXCEEDED: {
    family: 'limit',
    status: 413,
    meaning: 'Something is larger, deeper or more numerous than the limit allows',
  },
  RATE_LIMITED: { family: 'limit', status: 429, meaning: 'The registry’s rate limit is used up' },
  TOO_MANY_REQUESTS: { family: 'limit', status: 429, meaning: 'Too many attempts; wait as long as Retry-After says' },
  SOURCE_UNAVAILABLE: {
    family: 'remote',
    status: 503,
    meaning: 'The Git server cannot be reached, or failed',
  },
  HOST_KEY_CHANGED: {
    family: 'remote',
    status: 502,
    meaning: 'The Git server shows another host key than the one that was pinned: ask its operator before trusting it',
  },
  BUILDER_UNABLE: {
    family: 'remote',
    status: 503,
    meaning: 'This machine cannot run builds: a program is missing, or the kernel forbids containing them',
  },
  STORE_UNAVAILABLE: {
    family: 'remote',
    status: 503,
    meaning: 'PostgreSQL cannot be reached, or the data folder cannot be opened',
  },
  SERVER_UNAVAILABLE: {
    family: 'remote',
    status: 503,
    meaning: 'The Plimsoll server cannot be reached, or is stopping',
  },
  SENSOR_LOST: {
    family: 'remote',
    status: 503,
    meaning: 'A sensor went silent in the middle of a task, more often than is tried again',
  },
  TIMED_OUT: { family: 'remote', status: 503, meaning: 'Another system did not answer in time' },
  REGISTRY_UNAVAILABLE: { family: 'remote', status: 503, meaning: 'A registry or daemon cannot be reached, or failed' },
  FEED_UNAVAILABLE: { family: 'remote', status: 503, meaning: 'A source of advisories cannot be reached, or failed' },
  FEED_INVALID: {
    family: 'remote',
    status: 502,
    meaning: 'A source of advisories answered something that it should not',
  },
  REGISTRY_INVALID: {
    family: 'remote',
    status: 502,
    meaning: 'A registry or daemon answered something that the protocol does not allow',
  },
  SIGN_IN_PROVIDER_FAILED: {
    family: 'remote',
    status: 502,
    meaning: 'The OpenID provider cannot be reached, or answered something that it should not',
  },
  DIGEST_MISMATCH: {
    family: 'remote',
    status: 502,
    meaning: 'The bytes received are not the ones that the digest or size names',
  },
  CANCELLED: { family: 'limit', status: 499, meaning: 'The work was cancelled by whoever asked for it' },
  BUG: { family: 'bug', status: 500, meaning: 'Plimsoll itself failed; please report it' },
} as const satisfies Record<string, Row>;

/** A stable error code, for example `DIGEST_MISMATCH`. */
export type ErrorCode = keyof typeof ERRORS;

/** Exit status of the command line by family; 0 and 1 are for results, not for errors. */
export const EXIT_STATUS: Readonly<Record<Family, number>> = {
  input: 2,
  access: 3,
  missing: 4,
  conflict: 5,
  limit: 6,
  remote: 7,
  bug: 70,
};

/** An error that a caller may act on: a stable code and one sentence saying what was tried, on what, and what was found. */
export class PlimsollError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PlimsollError';
    this.code = code;
  }
}

/** The error as a `PlimsollError`: itself if it is one, `CANCELLED` for an abort, else `BUG` with the original as cause. */
export function toPlimsollError(error: unknown): PlimsollError {
  if (error instanceof PlimsollError) return error;
  if (error instanceof Error && error.name === 'AbortError')
    return new PlimsollError('CANCELLED', 'Cancelled', { cause: error });
  if (error instanceof Error && error.name === 'TimeoutError') {
    return new PlimsollError('TIMED_OUT', 'Gave up: the time allowed is over', { cause: error });
  }
  const text = error instanceof Error ? error.message : String(error);
  return new PlimsollError('BUG', `Unexpected failure: ${text}`, { cause: error });
}

/** The exit status for an error: its family's. */
export function exitStatusOf(error: unknown): number {
  return EXIT_STATUS[ERRORS[toPlimsollError(error).code].family];
}
