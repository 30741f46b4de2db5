/** Secrets of build configurations: sealed, opened for the one build that needs them, and shown to nobody. */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { findBuildSecrets } from '#store/build-configuration.ts';
import type { Db } from '#store/database.ts';
import type { Sealer } from '#store/seal.ts';
import type { GitLogin } from './build-request.ts';

/** What the parts of a configuration are sealed for. */
export function buildSecretPurpose(projectId: string, part: 'login' | 'arguments' | 'pull-secret'): string {
  return `project/${projectId}/build/${part}`;
}

/** Secrets as a build needs them. */
export interface OpenedBuildSecrets {
  readonly login: GitLogin;
  readonly args: Readonly<Record<string, string>>;
  /** A config.json. */
  readonly pullAuth: string | undefined;
}

/** Opens the secrets of a project's configuration. @throws {PlimsollError} `CONFIGURATION_INVALID` when the server's key is another now. */
export async function openBuildSecrets(db: Db, sealer: Sealer, projectId: string): Promise<OpenedBuildSecrets> {
  const sealed = await findBuildSecrets(db, projectId);
  const open = (part: 'login' | 'arguments' | 'pull-secret', bytes: Uint8Array | null) =>
    bytes === null ? undefined : sealer.open(bytes, buildSecretPurpose(projectId, part));
  const login = open('login', sealed.login);
  const args = open('arguments', sealed.arguments);
  return {
    login: login === undefined ? { kind: 'none' } : (JSON.parse(login) as GitLogin),
    args: args === undefined ? {} : (JSON.parse(args) as Record<string, string>),
    pullAuth: open('pull-secret', sealed.pullSecret),
  };
}

/** A pull secret that was read: a config.json with entries that hold passwords or tokens, and the places they are for. */
export interface PullSecret {
  readonly text: string;
  readonly hosts: readonly string[];
}

const MAX_TEXT = 256 * 1024;
const FIELDS = ['auth', 'username', 'password', 'identitytoken', 'registrytoken'];

/** Reads log-ins for base images: config.json as `podman login --authfile` writes it, for any number of registries. @throws {PlimsollError} `REQUEST_INVALID`. */
export function readBuildPullSecret(text: string): PullSecret {
  if (text.length > MAX_TEXT) throw unreadable(`it has over ${MAX_TEXT} characters`);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw unreadable('it is no JSON');
  }
  const auths = isObject(document) ? document['auths'] : undefined;
  if (!isObject(auths)) throw unreadable('it has no "auths"');
  const kept = new Map<string, object>();
  for (const [host, entry] of Object.entries(auths).slice(0, 1000)) {
    if (!isObject(entry)) throw unreadable(`the entry "${printable(host, 100)}" is not an object`);
    const fields = FIELDS.flatMap(name =>
      typeof entry[name] === 'string' && entry[name] !== '' ? [[name, entry[name]] as const] : [],
    );
    if (fields.length > 0) kept.set(host, Object.fromEntries(fields));
  }
  if (kept.size === 0)
    throw unreadable('none of its entries has a password or token: they are kept elsewhere on your machine');
  return { text: JSON.stringify({ auths: Object.fromEntries(kept) }), hosts: [...kept.keys()] };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unreadable(why: string): PlimsollError {
  return new PlimsollError(
    'REQUEST_INVALID',
    `Cannot read the pull secret for base images: ${why}; expected is the config.json that "podman login --authfile" writes`,
  );
}
