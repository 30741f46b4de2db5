/** Failures of S3 in our words. */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';

/** What the AWS library threw, as an error that says what was tried; aborts and our own errors pass. */
export function s3Failure(error: unknown, verb: string, place: string): unknown {
  if (error instanceof PlimsollError || !(error instanceof Error) || error.name === 'AbortError') return error;
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  const what = `Cannot ${verb} ${place}`;
  const why = printable(`${error.name}: ${error.message}`.slice(0, 300));
  if (status === 403 || status === 401 || error.name === 'CredentialsProviderError') {
    const hint = 'check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the role of the machine, and its rights there';
    return new PlimsollError('FILE_DENIED', `${what}: ${why}; ${hint}`, { cause: error });
  }
  if (error.name === 'NoSuchBucket') {
    return new PlimsollError('CONFIGURATION_INVALID', `${what}: there is no such bucket; make it first`, {
      cause: error,
    });
  }
  return new PlimsollError('STORE_UNAVAILABLE', `${what}: ${why}`, { cause: error });
}
