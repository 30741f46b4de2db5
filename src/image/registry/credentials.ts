/**
 * Credentials for registries: where docker, podman and their log-in commands keep them.
 *
 * Source: containers-auth.json(5), and Docker's "docker login", "Credential stores". Nothing here ever puts a secret in a message.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type AuthFile, inlineCredentials, readAuthFile } from './auth-file.ts';
import { askCredentialHelper } from './credential-helper.ts';
import { type CredentialScope, type CredentialStore, type Credentials, canonicalHost } from './credential-store.ts';

/** Options of `openCredentialStore`. */
export interface CredentialStoreOptions {
  /** `--authfile`: this file and no other. */
  readonly authFile?: string | undefined;
  /** The environment: names the files to look in, and is what credential helpers run with. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How long a credential helper may take; some ask another service, some a person. */
  readonly helperTimeoutMs?: number;
}

/**
 * The credentials that `podman login` and `docker login` have left on this machine. Files are read at each look-up, so a log-in
 * takes effect at once.
 *
 * With `authFile` or `REGISTRY_AUTH_FILE` only that file counts, and it must be there; else the first of these that knows the
 * registry: `$XDG_RUNTIME_DIR/containers/auth.json`, `~/.config/containers/auth.json`, `~/.docker/config.json`.
 */
export function openCredentialStore(options: CredentialStoreOptions): CredentialStore {
  const { authFile, env, helperTimeoutMs = 60_000 } = options;
  const named = authFile ?? (env['REGISTRY_AUTH_FILE'] || undefined);
  const paths = named === undefined ? defaultPaths(env) : [named];
  return {
    async find(scope, { signal }) {
      for (const path of paths) {
        const file = await readAuthFile(path, { mustExist: named !== undefined, signal });
        const found =
          file === undefined ? undefined : await findInFile(file, scope, { env, timeoutMs: helperTimeoutMs, signal });
        if (found !== undefined) return found;
      }
      return undefined;
    },
  };
}

/** Docker's order: the helper for this registry, else the general one; entries in the file itself when the helper has none. */
async function findInFile(
  file: AuthFile,
  scope: CredentialScope,
  options: { env: CredentialStoreOptions['env']; timeoutMs: number; signal: AbortSignal },
): Promise<Credentials | undefined> {
  const registry = canonicalHost(scope.registry);
  const [key, own] = Object.entries(file.helpers).find(([name]) => hostOfKey(name) === registry) ?? [];
  const helper = own || file.store;
  if (helper) {
    // docker stores Docker Hub under this URL, podman under its name.
    const asDocker = registry === 'docker.io' ? 'https://index.docker.io/v1/' : registry;
    for (const server of new Set([asDocker, key ?? registry, registry])) {
      const found = await askCredentialHelper(helper, server, { ...options, path: file.path });
      if (found !== undefined) return found;
    }
  }
  for (const wanted of credentialKeysFor({ registry, repository: scope.repository })) {
    for (const [name, entry] of Object.entries(file.entries)) {
      if (normalCredentialKey(name) !== wanted) continue;
      const found = inlineCredentials(entry, name, file.path);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** The keys that speak for a repository, the most specific first: `quay.io/org/app`, `quay.io/org`, `quay.io`. */
export function credentialKeysFor({ registry, repository }: CredentialScope): readonly string[] {
  const parts = repository.split('/');
  return [...parts.map((_, at) => [registry, ...parts.slice(0, parts.length - at)].join('/')), registry];
}

/** A key as a host and perhaps a namespace. One that is a URL, or ends in an API version, is a host and nothing more. */
export function normalCredentialKey(key: string): string {
  const isUrl = /^https?:\/\//i.test(key);
  const [host = '', ...path] = key.replace(/^https?:\/\//i, '').split('/');
  const names = path.filter(part => part !== '');
  const isHost = isUrl || (names.length === 1 && /^v[0-9]$/.test(names[0] ?? ''));
  return [canonicalHost(host), ...(isHost ? [] : names)].join('/');
}

function hostOfKey(key: string): string {
  return normalCredentialKey(key).split('/')[0] ?? '';
}

function defaultPaths(env: CredentialStoreOptions['env']): readonly string[] {
  const home = env['HOME'] || homedir();
  const runtime = env['XDG_RUNTIME_DIR'] || `/run/containers/${process.getuid?.() ?? 0}`;
  // With XDG_RUNTIME_DIR the folder is shared, without it podman has one of its own.
  const podman = env['XDG_RUNTIME_DIR'] ? join(runtime, 'containers/auth.json') : join(runtime, 'auth.json');
  return [
    podman,
    join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'containers/auth.json'),
    join(env['DOCKER_CONFIG'] || join(home, '.docker'), 'config.json'),
  ];
}
