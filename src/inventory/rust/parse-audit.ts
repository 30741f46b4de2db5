/**
 * The audit data of cargo-auditable: zlib over JSON.
 *
 * Source: rust-secure-code/cargo-auditable, PARSING.md and its JSON schema.
 */
import { inflateSync } from 'node:zlib';
import { PlimsollError } from '#base/errors.ts';
import { declaredText } from '../declared.ts';
import { asList, asRecord, parseJsonText } from '../json-file.ts';

/** One crate that is part of the program when it runs. */
export interface Crate {
  readonly name: string;
  readonly version: string;
  /** `crates.io`, `git`, `local`, `registry`, or the URL of another registry. */
  readonly source: string;
  /** Whether it is the program itself. */
  readonly isRoot: boolean;
}

const MAX_JSON_BYTES = 8 * 1024 * 1024;
const MAX_CRATES = 50_000;

/**
 * Reads the section's bytes. Crates that only built the program (`kind` other than `runtime`) are left out; those without name
 * or version are told in `gaps`. @throws {PlimsollError} `FILE_INVALID`, `LIMIT_EXCEEDED`.
 */
export function parseAudit(bytes: Buffer): { crates: Crate[]; gaps: string[] } {
  const rows = asList(asRecord(parseJsonText(inflate(bytes).toString('utf8')))['packages']);
  const crates: Crate[] = [];
  let broken = 0;
  for (const row of rows.slice(0, MAX_CRATES)) {
    const fields = asRecord(row);
    const kind = fields['kind'];
    if (kind !== undefined && kind !== 'runtime') continue;
    const name = declaredText(fields['name']);
    const version = declaredText(fields['version']);
    if (name === undefined || version === undefined) broken += 1;
    else
      crates.push({
        name,
        version,
        source: declaredText(fields['source']) ?? 'unknown',
        isRoot: fields['root'] === true,
      });
  }
  const gaps: string[] = [];
  if (broken > 0) gaps.push(`${broken} crate(s) without name or version`);
  if (rows.length > MAX_CRATES) gaps.push(`It names ${rows.length} crates; only ${MAX_CRATES} were read`);
  return { crates, gaps };
}

function inflate(bytes: Buffer): Buffer {
  try {
    return inflateSync(bytes, { maxOutputLength: MAX_JSON_BYTES });
  } catch (cause) {
    if (cause instanceof RangeError) {
      throw new PlimsollError('LIMIT_EXCEEDED', `Its list of crates is over the limit of ${MAX_JSON_BYTES} bytes`);
    }
    throw new PlimsollError('FILE_INVALID', 'Its list of crates cannot be inflated', { cause });
  }
}
