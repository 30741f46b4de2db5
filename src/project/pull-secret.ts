/**
 * Pull secrets: what people paste, send and upload as one, and the single entry of it that is kept.
 *
 * Accepted are the config.json of docker and the auth.json of podman, such a text wrapped in a JSON string once more, its base64, and the
 * Kubernetes secrets that hold it, as JSON or YAML. No message repeats anything of a secret beyond the keys of its entries.
 */
import { hash } from 'node:crypto';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { inlineCredentials } from '#image/registry/auth-file.ts';
import { type CredentialStore, type Credentials, canonicalHost } from '#image/registry/credential-store.ts';
import { credentialKeysFor, normalCredentialKey } from '#image/registry/credentials.ts';
import type { PullSecretSummary } from '#store/project.ts';
import { isJsonObject, type JsonObject } from './merge-deep.ts';
import { ProjectError } from './situation.ts';

/** Where a project's image is, or will be. */
export interface SecretPlace {
  readonly registry: string | undefined;
  readonly repository: string | undefined;
}

/** What is kept of a pull secret. */
export interface KeptSecret {
  /** A config.json with the one entry; secret. */
  readonly text: string;
  readonly summary: Omit<PullSecretSummary, 'savedAt'>;
}

/** A file of a thousand log-ins is 200 kB. */
const MAX_TEXT = 1024 * 1024;
/** What messages call it. */
const SOURCE = 'the pull secret of the project';
const ENTRY_FIELDS = ['auth', 'username', 'password', 'identitytoken', 'registrytoken'] as const;
const KUBERNETES_KEYS = ['.dockerconfigjson', '.dockercfg'] as const;

/**
 * Reads a pull secret and keeps the one entry that fits the place; with a single entry that is it, wherever it is for, since a scan may
 * read from elsewhere.
 * @throws {ProjectError} `secret_malformed`, `secret_helper_only`, `secret_no_match`.
 */
export function readPullSecret(text: string, place: SecretPlace): KeptSecret {
  const { entries, helpers } = readEntries(text);
  const keys = Object.keys(entries).filter(key => !isEmptyEntry(entries[key]));
  if (keys.length === 0) {
    if (helpers.length > 0 || Object.keys(entries).length > 0) throw helperOnly(helpers, place);
    throw malformed('it has no entry under "auths"');
  }
  const key = chooseEntry(keys, place);
  const entry = cleanEntry(entries[key], key);
  const kept = JSON.stringify({ auths: { [key]: entry } });
  const credentials = open(kept, key);
  return {
    text: kept,
    summary: {
      entry: key,
      account: credentials.kind === 'password' ? credentials.username : undefined,
      fingerprint: hash('sha256', kept).slice(0, 16),
      dropped: keys.filter(one => one !== key).slice(0, 100),
    },
  };
}

/** The credentials of a kept secret for whoever asks for its registry, and nobody else. */
export function credentialsOf(text: string): { readonly store: CredentialStore; readonly secrets: readonly string[] } {
  const { entries } = readEntries(text);
  const [key = ''] = Object.keys(entries);
  const credentials = open(text, key);
  const secret = credentials.kind === 'password' ? credentials.password : credentials.token;
  return {
    store: {
      find: async scope =>
        credentialKeysFor(canonical(scope)).includes(normalCredentialKey(key)) ? credentials : undefined,
    },
    secrets: [secret, ...secretsIn(text)],
  };
}

/** Whether the secret whose entry has this key speaks for the repository. */
export function fits(key: string, place: { readonly registry: string; readonly repository: string }): boolean {
  return credentialKeysFor(canonical(place)).includes(normalCredentialKey(key));
}

/** Texts of a kept secret that may stand nowhere. */
export function secretsIn(text: string): readonly string[] {
  const { entries } = readEntries(text);
  return Object.values(entries).flatMap(entry => {
    if (!isJsonObject(entry)) return [];
    const texts = ['auth', 'password', 'identitytoken', 'registrytoken'].map(name => entry[name]);
    const { auth } = entry;
    const decoded = typeof auth === 'string' ? Buffer.from(auth, 'base64').toString('utf8') : '';
    const password = decoded.slice(decoded.indexOf(':') + 1);
    return [...texts, password].filter((one): one is string => typeof one === 'string' && one.length >= 4);
  });
}

/** The key that an entry for a registry should have, for messages. */
export function expectedKey({ registry }: SecretPlace): string {
  if (registry === undefined) return 'the registry of the image';
  return canonicalHost(registry) === 'docker.io'
    ? '"https://index.docker.io/v1/", "index.docker.io" or "docker.io"'
    : `"${printable(registry)}"`;
}

interface Entries {
  readonly entries: JsonObject;
  /** Names of credential helpers. */
  readonly helpers: readonly string[];
}

const secretSchema = z.object({
  auths: z.record(z.string(), z.unknown()).nullish(),
  credHelpers: z.record(z.string(), z.unknown()).nullish(),
  credsStore: z.unknown().optional(),
});

function readEntries(text: string): Entries {
  if (text.length > MAX_TEXT) throw malformed(`it is longer than ${MAX_TEXT} characters`);
  const document = unwrap(text.replace(/^\uFEFF/, '').trim(), 0);
  const result = secretSchema.safeParse(document);
  if (!result.success)
    throw malformed(`"${printable(String(result.error.issues[0]?.path[0] ?? ''))}" is not an object`);
  const { auths, credHelpers, credsStore } = result.data;
  const helpers = [
    ...Object.values(credHelpers ?? {}),
    ...(typeof credsStore === 'string' && credsStore !== '' ? [credsStore] : []),
  ].filter(one => typeof one === 'string');
  if (auths !== null && auths !== undefined) return { entries: auths, helpers };
  // The old .dockercfg is the content of "auths" itself.
  const isOld = helpers.length === 0 && Object.values(document).some(entry => isJsonObject(entry) && 'auth' in entry);
  return { entries: isOld ? document : {}, helpers };
}

/** The document in the text, out of what people wrap around it. */
function unwrap(text: string, depth: number): JsonObject {
  if (depth > 3) throw malformed('it is wrapped in itself more than three times');
  if (text === '') throw malformed('it is empty');
  let value: unknown;
  if (/^[{["]/.test(text)) {
    value = parseJson(text);
  } else if (/^(?:---|apiVersion:|kind:|data:|stringData:|metadata:|type:|\.dockerc)/m.test(text)) {
    value = parseYaml(text);
  } else if (/^[A-Za-z0-9+/=\s]{16,}$/.test(text)) {
    return unwrap(Buffer.from(text, 'base64').toString('utf8').trim(), depth + 1);
  } else {
    throw malformed(`it is not JSON: at line 1, column 1 there is ${describeStart(text)}`);
  }
  if (typeof value === 'string') return unwrap(value.trim(), depth + 1);
  if (!isJsonObject(value)) throw malformed('it is a list, not an object');
  const inner = findInSecret(value);
  return inner === undefined ? value : unwrap(inner, depth + 1);
}

/** The config in a secret of Kubernetes. */
function findInSecret(value: JsonObject): string | undefined {
  const { data, stringData } = value;
  for (const name of KUBERNETES_KEYS) {
    const plain = isJsonObject(stringData) ? stringData[name] : undefined;
    if (typeof plain === 'string') return plain;
    const encoded = isJsonObject(data) ? data[name] : value[name];
    if (typeof encoded === 'string') {
      const decoded = Buffer.from(encoded, 'base64').toString('utf8').trim();
      if (!decoded.startsWith('{')) throw malformed(`"${name}" of the Kubernetes secret is not base64 of JSON`);
      return decoded;
    }
  }
  if (value['kind'] === 'Secret') throw malformed('the Kubernetes secret has no ".dockerconfigjson"');
  return undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // The engine's own message quotes the text around the fault, and that is a secret.
    const at = /position (\d+)/.exec((error as Error).message)?.[1];
    throw malformed(`it is not JSON: ${at === undefined ? 'it ends too early' : describePlace(text, Number(at))}`);
  }
}

function parseYaml(text: string): unknown {
  const document = parseDocument(text, { logLevel: 'silent' });
  const [error] = document.errors;
  if (error !== undefined) throw malformed(`it is not YAML: at line ${error.linePos?.[0].line ?? 1}`);
  try {
    return document.toJS({ maxAliasCount: 10 });
  } catch {
    throw malformed('its YAML has too many aliases');
  }
}

function describePlace(text: string, at: number): string {
  const before = text.slice(0, at).split('\n');
  return `at line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}

function describeStart(text: string): string {
  return /^</.test(text) ? 'a web page or XML' : 'something that begins no JSON document';
}

function chooseEntry(keys: readonly string[], place: SecretPlace): string {
  const [only] = keys;
  if (place.registry !== undefined) {
    const wanted = credentialKeysFor(canonical({ registry: place.registry, repository: place.repository ?? '' }));
    for (const key of wanted) {
      const found = keys.find(one => normalCredentialKey(one) === key);
      if (found !== undefined) return found;
    }
  }
  if (keys.length === 1 && only !== undefined) return only;
  const present = keys
    .slice(0, 20)
    .map(key => `"${printable(key, 100)}"`)
    .join(', ');
  const advice =
    place.registry === undefined
      ? 'set the registry of the project first, or send a file with the one entry that is meant'
      : `expected ${expectedKey(place)}`;
  throw new ProjectError(
    'secret_no_match',
    `Cannot use the pull secret: none of its ${keys.length} entries is for the registry of the project; it has ${present}; ${advice}`,
    { problems: [{ field: 'pullSecret', message: `has no entry for the registry; ${advice}` }] },
  );
}

function cleanEntry(entry: unknown, key: string): JsonObject {
  if (!isJsonObject(entry)) throw malformed(`the entry "${printable(key, 100)}" is not an object`);
  return Object.fromEntries(
    ENTRY_FIELDS.flatMap(name => (typeof entry[name] === 'string' && entry[name] !== '' ? [[name, entry[name]]] : [])),
  );
}

function isEmptyEntry(entry: unknown): boolean {
  return isJsonObject(entry) && !ENTRY_FIELDS.some(name => typeof entry[name] === 'string' && entry[name] !== '');
}

function open(kept: string, key: string): Credentials {
  const { entries } = readEntries(kept);
  try {
    const credentials = inlineCredentials(entries[key], key, SOURCE);
    if (credentials !== undefined) return credentials;
  } catch (error) {
    if (error instanceof PlimsollError) {
      throw malformed(`the entry "${printable(key, 100)}" has no "auth" of user:password in base64`);
    }
    throw error;
  }
  throw malformed(`the entry "${printable(key, 100)}" has neither user and password nor a token`);
}

function canonical({ registry, repository }: { readonly registry: string; readonly repository: string }) {
  return { registry: canonicalHost(registry), repository };
}

function helperOnly(helpers: readonly string[], place: SecretPlace): ProjectError {
  const [name] = helpers;
  const why =
    name === undefined
      ? 'its entries are empty: the passwords are kept elsewhere on your machine'
      : `it only names the credential helper "${printable(name, 60)}", and the passwords stay on your machine`;
  const registry = place.registry ?? 'REGISTRY';
  return new ProjectError(
    'secret_helper_only',
    `Cannot use the pull secret: ${why}; make a file that holds them: podman login --authfile ./temp-authfile.json ${printable(registry)}`,
    { problems: [{ field: 'pullSecret', message: why }] },
  );
}

function malformed(why: string): ProjectError {
  return new ProjectError(
    'secret_malformed',
    `Cannot read the pull secret: ${why}; expected the config.json that "podman login --authfile" writes`,
    { problems: [{ field: 'pullSecret', message: why }] },
  );
}
