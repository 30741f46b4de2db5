/**
 * Log-ins for base images, cut down to what is safe to hand to programs: entries only, since a credential helper is a program to run.
 */
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';

const schema = z.object({ auths: z.record(z.string(), z.record(z.string(), z.unknown())).nullish() });
const SECRET_FIELDS = ['auth', 'password', 'identitytoken', 'registrytoken'];

/** A file for `--authfile`, and what must not be shown of it. */
export interface PullAuth {
  readonly text: string;
  readonly secrets: readonly string[];
}

/** Reads the text of a config.json; none is an empty one. @throws {PlimsollError} `CREDENTIALS_INVALID`. */
export function readPullAuth(text: string | undefined): PullAuth {
  let json: unknown;
  try {
    json = JSON.parse(text?.trim() || '{}');
  } catch {
    // What a parser says quotes the text.
    throw invalid();
  }
  const result = schema.safeParse(json);
  if (!result.success) throw invalid();
  const auths = result.data.auths ?? {};
  const secrets = Object.values(auths).flatMap(entry => SECRET_FIELDS.flatMap(field => secretsIn(field, entry[field])));
  return { text: JSON.stringify({ auths }), secrets };
}

/** The text of an `--authfile` for one place. */
export function authFileFor(place: string, username: string, password: string): string {
  return JSON.stringify({ auths: { [place]: { auth: Buffer.from(`${username}:${password}`).toString('base64') } } });
}

function secretsIn(field: string, value: unknown): readonly string[] {
  if (typeof value !== 'string' || value === '') return [];
  if (field !== 'auth') return [value];
  const [, ...password] = Buffer.from(value, 'base64').toString().split(':');
  return [value, password.join(':')];
}

function invalid(): PlimsollError {
  return new PlimsollError(
    'CREDENTIALS_INVALID',
    'Cannot read the log-ins for base images: expected the text of a config.json, as "podman login --authfile" writes it',
  );
}
