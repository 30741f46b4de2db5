/**
 * A catalogue of base images as a file: JSON, `{"bases": [{"name": "…", "layers": ["sha256:…"]}]}`.
 */
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { isDigest } from '#oci/digest.ts';
import type { BaseImage } from './base-image.ts';

const text = z.string().min(1).max(1000);
const digest = z.string().refine(isDigest, 'expected a sha256 or sha512 digest');
const schema = z.object({
  bases: z
    .array(
      z.strictObject({
        name: text,
        digest: digest.optional(),
        layers: z.array(digest).min(1).max(1000),
        approved: z.boolean().default(true),
        note: text.optional(),
      }),
    )
    .max(100_000),
});

/** The base images of a file; `source` names it in messages. @throws {PlimsollError} `BASES_INVALID`. */
export function parseBaseCatalogue(bytes: Uint8Array, source: string): readonly BaseImage[] {
  const refuse = (why: string) =>
    new PlimsollError('BASES_INVALID', `Cannot read base images "${printable(source)}": ${why}`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw refuse('it is not JSON');
  }
  const result = schema.safeParse(json);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw refuse(`${printable(issue?.path.join('.') ?? '')}: ${printable(issue?.message ?? '')}`);
  }
  return result.data.bases.map(({ name, digest: named, layers, approved, note }) => ({
    name,
    layers,
    isApproved: approved,
    ...(named === undefined ? {} : { digest: named }),
    ...(note === undefined ? {} : { note }),
  }));
}
