/**
 * JSON files of an image that must fit a schema to be of any use.
 */
import type { ZodType } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import { bodyText, type FileBody } from './file-body.ts';

/** The document, checked. @throws {PlimsollError} `FILE_INVALID` when it is no JSON or does not fit, `LIMIT_EXCEEDED` when it is too long. */
export function readJson<T>(body: FileBody, limitBytes: number, schema: ZodType<T>): T {
  const text = bodyText(body, limitBytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new PlimsollError('FILE_INVALID', 'It is no JSON', { cause });
  }
  const checked = schema.safeParse(value);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  throw new PlimsollError(
    'FILE_INVALID',
    `It is not of the expected form: ${issue?.path.join('.')}: ${issue?.message}`,
    {
      cause: checked.error,
    },
  );
}
