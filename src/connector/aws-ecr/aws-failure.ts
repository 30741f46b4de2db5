/**
 * What an exception of AWS's services means, and what to do about it.
 *
 * Source: AWS, "Common errors" of ECR and STS. Their messages name identities and actions, never secrets.
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { AttemptError, parseRetryAfter } from '#image/registry/attempt.ts';
import { redact } from '../api-failure.ts';

/** What was asked, for the message. */
export interface AwsTask {
  /** Beginning of the sentence. */
  readonly task: string;
  /** The right that it takes: `ecr:DescribeImages`. */
  readonly action: string;
  /** The managed policy that has it: `AmazonEC2ContainerRegistryReadOnly`. */
  readonly policy: string;
  /** Texts that no message may repeat. */
  readonly secrets: readonly string[];
}

const THROTTLED = new Set([
  'ThrottlingException',
  'Throttling',
  'ThrottledException',
  'RequestThrottled',
  'RequestThrottledException',
  'RequestLimitExceeded',
  'TooManyRequestsException',
  'SlowDown',
  'LimitExceededException',
]);
const DENIED = new Set(['AccessDeniedException', 'AccessDenied', 'UnauthorizedException', 'UnauthorizedOperation']);
const EXPIRED = new Set(['ExpiredToken', 'ExpiredTokenException', 'RequestExpired']);
const UNKNOWN_IDENTITY = new Set([
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'IncompleteSignature',
  'IncompleteSignatureException',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'AuthFailure',
]);
const DISABLED = new Set(['OptInRequired', 'SubscriptionRequiredException', 'RegionDisabledException']);

/** Whether the temporary keys in use have run out, so that new ones may help. */
export function isExpired(error: unknown): boolean {
  return error instanceof Error && EXPIRED.has(error.name);
}

/** The error to report for one that the SDK threw. Throttling and failures of the service are transient. */
export function toAwsFailure(error: unknown, { task, action, policy, secrets }: AwsTask): PlimsollError {
  if (error instanceof PlimsollError) return error;
  if (!(error instanceof Error)) return new AttemptError('REGISTRY_INVALID', `${task}: AWS fails without a word`);
  const own = causeOf(error);
  if (own !== undefined) return own;
  const { name } = error;
  const quote = `${printable(name, 60)}: "${printable(redact(error.message, secrets), 300)}"`;
  const status = statusOf(error);
  if (THROTTLED.has(name) || status === 429) {
    return new AttemptError('RATE_LIMITED', `${task}: AWS says that we ask too often (${quote})`, {
      isTransient: true,
      retryAfterMs: retryAfter(error),
    });
  }
  if (name === 'RepositoryNotFoundException' || name === 'ImageNotFoundException') {
    return new AttemptError('MANIFEST_UNKNOWN', `${task}: there is no such repository or image (${quote})`);
  }
  const denied = whyDenied(name, error.message, { action, policy });
  if (denied !== undefined) return new AttemptError('REGISTRY_DENIED', `${task}: ${denied} (${quote})`);
  if (status >= 500) {
    return new AttemptError('REGISTRY_UNAVAILABLE', `${task}: AWS fails (${quote})`, { isTransient: true });
  }
  return new AttemptError('REGISTRY_INVALID', `${task}: AWS refuses the request (${quote})`);
}

function whyDenied(
  name: string,
  message: string,
  { action, policy }: Pick<AwsTask, 'action' | 'policy'>,
): string | undefined {
  if (DENIED.has(name) && message.includes('sts:AssumeRole')) {
    return 'the role may not be taken on; its trust policy must allow sts:AssumeRole to the identity that the sensor runs as, with the external ID of this registry';
  }
  if (DENIED.has(name)) {
    return `the identity lacks the right ${action}; attach the managed policy ${policy}, or a policy with that action, to its user or role`;
  }
  if (EXPIRED.has(name)) {
    return 'the session token has run out; give a new one, or a role that is taken on anew each time';
  }
  if (UNKNOWN_IDENTITY.has(name)) {
    return 'AWS does not know the access key, or the secret does not belong to it; keys are of one partition, so those of GovCloud and China work only there';
  }
  if (DISABLED.has(name)) return 'the region or the service is not enabled for this account';
  if (name === 'CredentialsProviderError' || name === 'TokenProviderError') {
    return 'this machine has no identity with AWS; give it an instance profile, a web identity or AWS_ACCESS_KEY_ID, or the registry an access key';
  }
  return undefined;
}

/** Our own error inside: the SDK wraps what its network throws when it fetches credentials. */
function causeOf(error: Error): PlimsollError | undefined {
  for (let at: unknown = error.cause, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    if (at instanceof PlimsollError) return at;
  }
  return undefined;
}

function statusOf(error: Error): number {
  const metadata: unknown = '$metadata' in error ? error.$metadata : undefined;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return 0;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : 0;
}

/** AWS seldom says how long to wait; what stands in front of it may. */
function retryAfter(error: Error): number | undefined {
  const response: unknown = '$response' in error ? error.$response : undefined;
  if (typeof response !== 'object' || response === null || !('headers' in response)) return undefined;
  const { headers } = response;
  const value = typeof headers === 'object' && headers !== null ? Object.entries(headers) : [];
  return parseRetryAfter(value.find(([name]) => name.toLowerCase() === 'retry-after')?.[1], Date.now());
}
