/**
 * `.plimsollignore.yaml`: findings that somebody has looked at and accepts, each with a reason.
 *
 * The file is the user's own word on what counts, so a mistake in it fails instead of being skipped: a misspelt `expires` would make a
 * waiver for ever.
 */
import { parse, YAMLError } from 'yaml';
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { findPurlPattern, type PurlPattern } from '../purl-pattern.ts';

/** One accepted finding. */
export interface Waiver {
  /** Any id of the weakness. */
  readonly id: string;
  /** Name of the package or of its source; missing: any. */
  readonly package?: string;
  /** What the package's purl must be; missing: any. */
  readonly purl?: PurlPattern;
  readonly reason: string;
  /** ISO date of the last day on which it counts; missing: for ever. */
  readonly expires?: string;
}

const MAX_BYTES = 1024 * 1024;
const MAX_WAIVERS = 10_000;

const date = z.iso.date('a date is written as 2026-01-31');
const entry = z.strictObject({
  id: z.string().trim().min(1, 'which weakness?').max(200),
  package: z.string().trim().min(1).max(300).optional(),
  purl: z
    .string()
    .trim()
    .transform((text, context) => {
      const pattern = findPurlPattern(text);
      if (pattern !== undefined) return pattern;
      context.addIssue({ code: 'custom', message: `"${printable(text)}" is no package URL` });
      return z.NEVER;
    })
    .optional(),
  reason: z.string().trim().min(1, 'why is it accepted?').max(2000),
  expires: date.optional(),
});
const document = z.strictObject({ waivers: z.array(entry).max(MAX_WAIVERS) });

/**
 * Reads the file; `source` names it to people. Nothing in it, or nothing but comments, is no waivers.
 *
 *     waivers:
 *       - id: CVE-2024-3094
 *         package: xz-utils          # or purl: pkg:deb/debian/xz-utils
 *         reason: the SSH server is not in this image
 *         expires: 2026-06-30
 *
 * @throws {PlimsollError} `WAIVERS_INVALID` with the place of the mistake, `LIMIT_EXCEEDED` over 1 MiB.
 */
export function parseWaivers(input: Uint8Array | string, source: string): readonly Waiver[] {
  if (input.length > MAX_BYTES) {
    throw new PlimsollError('LIMIT_EXCEEDED', `Cannot read "${printable(source)}": it is over ${MAX_BYTES} bytes`);
  }
  const value = parseYaml(typeof input === 'string' ? input : Buffer.from(input).toString('utf8'), source);
  if (value === null || value === undefined) return [];
  const parsed = document.safeParse(value);
  if (!parsed.success) throw invalid(source, describe(parsed.error), parsed.error);
  return parsed.data.waivers.map(({ id, package: name, purl, reason, expires }) => ({
    id,
    ...(name === undefined ? {} : { package: name }),
    ...(purl === undefined ? {} : { purl }),
    reason,
    ...(expires === undefined ? {} : { expires }),
  }));
}

function parseYaml(text: string, source: string): unknown {
  try {
    // A file of ten lines can mean ten million with aliases. Dates stay texts, as the schema wants them.
    return parse(text, { maxAliasCount: 0, schema: 'core', prettyErrors: true, logLevel: 'error' });
  } catch (error) {
    const [first = ''] = error instanceof Error ? error.message.split('\n') : [];
    const why = error instanceof YAMLError ? first.replace(/:$/, '') : 'aliases are not allowed';
    throw invalid(source, why, error);
  }
}

function describe(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return 'it is of another form';
  const [list, index, ...fields] = issue.path;
  const place =
    index === undefined
      ? String(list ?? '')
      : `waiver ${Number(index) + 1}${fields.length > 0 ? `, ${fields.join('.')}` : ''}`;
  return place === '' ? issue.message : `${place}: ${issue.message}`;
}

function invalid(source: string, why: string, cause: unknown): PlimsollError {
  return new PlimsollError('WAIVERS_INVALID', `Cannot read "${printable(source)}": ${printable(why)}`, { cause });
}
