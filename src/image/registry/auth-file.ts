/**
 * The file in which registry credentials lie: auth.json of podman and skopeo, config.json of docker. They are one format.
 *
 * Source: containers-auth.json(5). Its text is a secret, so neither messages nor causes repeat any of it.
 */
import { createReadStream } from 'node:fs';
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { Credentials } from './credential-store.ts';

/** The parts of a file that matter here. */
export interface AuthFile {
  readonly path: string;
  /** By registry, namespace or URL; an entry is read only when it is the one wanted, so a bad one hurts nobody else. */
  readonly entries: Readonly<Record<string, unknown>>;
  /** Names of credential helpers by registry. */
  readonly helpers: Readonly<Record<string, string>>;
  /** The helper for all other registries; empty when there is none. */
  readonly store: string;
}

/** A file of a thousand log-ins is 200 kB. */
const MAX_BYTES = 4 * 1024 * 1024;

const fileSchema = z.object({
  auths: z.record(z.string(), z.unknown()).nullish(),
  credHelpers: z.record(z.string(), z.string()).nullish(),
  credsStore: z.string().nullish(),
});

const entrySchema = z.object({
  auth: z.string().nullish(),
  username: z.string().nullish(),
  password: z.string().nullish(),
  identitytoken: z.string().nullish(),
  registrytoken: z.string().nullish(),
});

/**
 * Reads a credentials file; `undefined` when there is none and `mustExist` is false.
 * @throws {PlimsollError} `CREDENTIALS_INVALID` when it is missing, unreadable, over 4 MiB, or not in the format.
 */
export async function readAuthFile(
  path: string,
  options: { readonly mustExist: boolean; readonly signal: AbortSignal },
): Promise<AuthFile | undefined> {
  const { mustExist, signal } = options;
  const text = await readText(path, mustExist, signal);
  if (text === undefined) return undefined;
  let json: unknown;
  try {
    // Logging out of everything leaves an empty file behind, and that is a file without credentials.
    json = text.trim() === '' ? {} : JSON.parse(text);
  } catch {
    throw invalid(path, 'it is not JSON');
  }
  const result = fileSchema.safeParse(json);
  if (!result.success) {
    const where = result.error.issues[0]?.path.slice(0, 1).join('') ?? '';
    throw invalid(path, `${where === '' ? 'it' : `"${printable(where)}"`} is not what a credentials file has there`);
  }
  const { auths, credHelpers, credsStore } = result.data;
  return { path, entries: auths ?? {}, helpers: credHelpers ?? {}, store: credsStore ?? '' };
}

/**
 * The credentials in an entry of `auths`; `undefined` for an empty one, which only marks that a helper has them.
 * @throws {PlimsollError} `CREDENTIALS_INVALID`.
 */
export function inlineCredentials(entry: unknown, name: string, path: string): Credentials | undefined {
  const result = entrySchema.safeParse(entry);
  if (!result.success) throw invalid(path, `the entry "${printable(name)}" is malformed`);
  const { auth, username, password, identitytoken, registrytoken } = result.data;
  const source = path;
  if (identitytoken) return { kind: 'identity-token', token: identitytoken, source };
  if (registrytoken) {
    const isSendable = /^[\x21-\x7e]+$/.test(registrytoken);
    if (!isSendable) throw invalid(path, `"registrytoken" of "${printable(name)}" cannot be sent in a header`);
    return { kind: 'registry-token', token: registrytoken, source };
  }
  if (auth) {
    const text = Buffer.from(auth, 'base64').toString('utf8');
    const colon = text.indexOf(':');
    if (colon < 1) throw invalid(path, `"auth" of "${printable(name)}" is not user:password in base64`);
    // Old versions of docker padded the password with NULs.
    return {
      kind: 'password',
      username: text.slice(0, colon),
      password: text.slice(colon + 1).replace(/\0+$/, ''),
      source,
    };
  }
  if (username && password !== undefined && password !== null) return { kind: 'password', username, password, source };
  return undefined;
}

async function readText(path: string, mustExist: boolean, signal: AbortSignal): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let seenBytes = 0;
  try {
    // As a stream, so that a pipe such as <(pass show registry) can be named, and no device fills the memory.
    for await (const chunk of createReadStream(path, { signal })) {
      seenBytes += (chunk as Buffer).byteLength;
      if (seenBytes > MAX_BYTES) throw invalid(path, `it is larger than ${MAX_BYTES} bytes`);
      chunks.push(chunk as Buffer);
    }
  } catch (cause) {
    if (cause instanceof PlimsollError || signal.aborted) throw cause;
    const { code = '' } = cause as NodeJS.ErrnoException;
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
    if (isMissing && !mustExist) return undefined;
    const why = isMissing ? 'there is no such file' : code === 'EACCES' ? 'it may not be read by this user' : code;
    throw new PlimsollError('CREDENTIALS_INVALID', `Cannot read credentials from "${printable(path)}": ${why}`, {
      cause,
    });
  }
  return Buffer.concat(chunks).toString('utf8');
}

function invalid(path: string, why: string): PlimsollError {
  return new PlimsollError('CREDENTIALS_INVALID', `Cannot read credentials from "${printable(path)}": ${why}`);
}
