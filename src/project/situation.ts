/**
 * Situations that users of projects meet, each with a code that stays: forms, scripts and support go by it, people by the sentence.
 */
import { type ErrorCode, PlimsollError } from '#base/errors.ts';

/** Every situation, and the error code it comes with where it is an error. */
export const SITUATIONS = {
  /** The registry wants credentials, and there are none. */
  auth_required: 'REGISTRY_DENIED',
  /** The registry refuses those of the pull secret. */
  auth_failed: 'REGISTRY_DENIED',
  /** The pull secret has no entry for the registry. */
  secret_no_match: 'REQUEST_INVALID',
  /** It names credential helpers and has no entries. */
  secret_helper_only: 'REQUEST_INVALID',
  secret_malformed: 'REQUEST_INVALID',
  rate_limited: 'RATE_LIMITED',
  not_found: 'MANIFEST_UNKNOWN',
  digest_missing: 'REQUEST_INVALID',
  /** A warning: scanned here, catalogued there. */
  location_mismatch: 'REQUEST_INVALID',
  unsupported_arch: 'MANIFEST_UNSUPPORTED',
  wrong_project_key: 'FORBIDDEN',
  no_registry_key: 'NOT_FOUND',
  tag_invalid: 'REQUEST_INVALID',
  tag_exists: 'CONFLICT',
  bundle_project: 'REQUEST_INVALID',
  immutable_field: 'CONFLICT',
  tool_unsupported: 'REQUEST_INVALID',
  not_certified: 'CONFLICT',
  no_rpmdb: 'REQUEST_INVALID',
  api_key_invalid: 'UNAUTHENTICATED',
  legacy_id: 'REQUEST_INVALID',
  /** Beyond those of the certification API: */
  pull_spec_invalid: 'REQUEST_INVALID',
  field_invalid: 'REQUEST_INVALID',
  status_refused: 'CONFLICT',
  duplicate: 'CONFLICT',
  hub_account_required: 'REGISTRY_DENIED',
  registry_failed: 'REGISTRY_UNAVAILABLE',
  not_scanned: 'CONFLICT',
  /** Not all images of an index are there, or have passed. */
  index_incomplete: 'CONFLICT',
  published: 'CONFLICT',
  scan_failed: 'CONFLICT',
} as const satisfies Record<string, ErrorCode>;

export type Situation = keyof typeof SITUATIONS;

/** What is wrong with one field. */
export interface FieldProblem {
  /** As in `ProjectSettings`, or the name of another input: `containerType`, `pullSpec`. */
  readonly field: string;
  readonly message: string;
}

/** An error that names its situation, and the fields it is about. */
export class ProjectError extends PlimsollError {
  readonly situation: Situation;
  readonly problems: readonly FieldProblem[];

  constructor(
    situation: Situation,
    message: string,
    options: ErrorOptions & { readonly problems?: readonly FieldProblem[]; readonly code?: ErrorCode } = {},
  ) {
    const { problems = [], code = SITUATIONS[situation], ...rest } = options;
    super(code, message, rest);
    this.situation = situation;
    this.problems = problems;
  }
}

/** The refusal of one field, said as a whole too. */
export function fieldError(field: string, message: string, situation: Situation = 'field_invalid'): ProjectError {
  return new ProjectError(situation, `Cannot take ${field}: ${message}`, { problems: [{ field, message }] });
}
