/**
 * Image references as a user writes them: a name in a registry, or a transport and a place on this machine.
 *
 * Source: the grammar of distribution/reference; transports as in containers-transports(5); names and tags as in the OCI
 * distribution-spec, "Pulling manifests".
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { type Digest, parseDigest } from './digest.ts';

/** An image in a registry. At least one of `tag` and `digest` is set; with both, the digest decides and the tag is a label. */
export interface RegistryReference {
  readonly transport: 'docker';
  /** Host and optional port, as written, for example `localhost:5000`; `docker.io` when none is written. */
  readonly registry: string;
  /** Path in the registry, for example `library/alpine`. */
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

/** An image on this machine. `name` picks one of several images in an archive or layout. */
export interface LocalReference {
  readonly transport: 'oci' | 'oci-archive' | 'docker-archive' | 'dir';
  readonly path: string;
  readonly name?: string;
}

/** An image in the store of a Docker Engine, or of podman through its Docker-compatible socket. */
export interface DaemonReference {
  readonly transport: 'docker-daemon';
  /** Name, name:tag or image id, as the engine knows it. */
  readonly name: string;
}

export type Reference = RegistryReference | LocalReference | DaemonReference;

const MAX_LENGTH = 4096;
const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const REPOSITORY = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const HOST =
  /^(?:\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*)(?::[0-9]{1,5})?$/;
const LOCAL_TRANSPORTS = ['oci', 'oci-archive', 'docker-archive', 'dir'] as const;
const TRANSPORTS = ['docker-daemon', ...LOCAL_TRANSPORTS] as const;

/** Whether `text` is the legal name of a repository, host not included: `team/app_x.y/back--end`. At most 255 characters. */
export function isRepositoryName(text: string): boolean {
  return text.length <= 255 && REPOSITORY.test(text);
}

/** Whether `text` is a legal tag: up to 128 letters, digits, dots, dashes and underscores. */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** Whether `text` is a legal host with an optional port: `registry.example:5000`, `[::1]:5000`. */
export function isRegistryHost(text: string): boolean {
  return text.length <= 255 && HOST.test(text);
}

/**
 * Reads a reference: `registry/repo:tag@digest` (also after `docker://`), `oci:DIR[:REF]`, `oci-archive:FILE[:REF]`,
 * `docker-archive:FILE[:REF]`, `docker-daemon:NAME`, `dir:ROOTFS`.
 *
 * A name without a host is in `docker.io`, one without a slash in `docker.io/library`; no tag and no digest means `latest`.
 * @throws {PlimsollError} `REFERENCE_INVALID`.
 */
export function parseReference(text: string): Reference {
  if (text.length === 0) throw invalid(text, 'it is empty');
  if (text.length > MAX_LENGTH) throw invalid(text, `it is longer than ${MAX_LENGTH} characters`);
  if (text.includes('\0')) throw invalid(text, 'it contains a NUL character');
  if (text.startsWith('docker://')) return parseRegistryReference(text.slice('docker://'.length), text);
  if (text.startsWith('docker-daemon:')) {
    const name = text.slice('docker-daemon:'.length);
    if (name === '') throw invalid(text, 'the name of the image is missing after "docker-daemon:"');
    return { transport: 'docker-daemon', name };
  }
  for (const transport of LOCAL_TRANSPORTS) {
    if (text.startsWith(`${transport}:`)) return parseLocalReference(transport, text.slice(transport.length + 1), text);
  }
  return parseRegistryReference(text, text);
}

/** The reference as text, in full: `docker.io/library/alpine:3.20`, `oci:dir:ref`. `parseReference` reads it back to the same value. */
export function formatReference(reference: Reference): string {
  switch (reference.transport) {
    case 'docker': {
      const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
      const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
      // A host called like a transport would be read as one.
      const isClear = !TRANSPORTS.some(transport => reference.registry.startsWith(`${transport}:`));
      return `${isClear ? '' : 'docker://'}${reference.registry}/${reference.repository}${tag}${digest}`;
    }
    case 'docker-daemon':
      return `docker-daemon:${reference.name}`;
    default:
      return `${reference.transport}:${reference.path}${reference.name === undefined ? '' : `:${reference.name}`}`;
  }
}

function parseLocalReference(transport: LocalReference['transport'], rest: string, text: string): LocalReference {
  // As in containers-transports(5), the path ends at the first colon; a root folder has no name, so it may hold colons.
  const colon = transport === 'dir' ? -1 : rest.indexOf(':');
  const path = colon === -1 ? rest : rest.slice(0, colon);
  const name = colon === -1 ? '' : rest.slice(colon + 1);
  if (path === '') throw invalid(text, `the path is missing after "${transport}:"`);
  return name === '' ? { transport, path } : { transport, path, name };
}

function parseRegistryReference(name: string, text: string): RegistryReference {
  if (name === '') throw invalid(text, 'the name is missing');
  const at = name.indexOf('@');
  const digest = at === -1 ? undefined : parseReferenceDigest(name.slice(at + 1), text);
  const beforeDigest = at === -1 ? name : name.slice(0, at);
  const slash = beforeDigest.indexOf('/');
  const first = slash === -1 ? '' : beforeDigest.slice(0, slash);
  const hasHost = first.includes('.') || first.includes(':') || first === 'localhost' || first !== first.toLowerCase();
  const registry = hasHost ? first : 'docker.io';
  if (!HOST.test(registry)) throw invalid(text, `"${printable(registry)}" is not a registry host`);
  const path = hasHost ? beforeDigest.slice(slash + 1) : beforeDigest;
  const colon = path.lastIndexOf(':');
  const tag = colon === -1 ? undefined : path.slice(colon + 1);
  const written = colon === -1 ? path : path.slice(0, colon);
  if (tag !== undefined && !TAG.test(tag)) throw invalid(text, `"${printable(tag)}" is not a tag`);
  const canonical = registry === 'index.docker.io' ? 'docker.io' : registry;
  const repository = canonical === 'docker.io' && !written.includes('/') ? `library/${written}` : written;
  if (written === '') throw invalid(text, 'the name of the repository is missing');
  if (!REPOSITORY.test(repository)) {
    const hint = repository === repository.toLowerCase() ? '' : ': letters are lower case';
    throw invalid(text, `"${printable(written)}" is not a repository name${hint}`);
  }
  if (registry.length + repository.length + 1 > 255)
    throw invalid(text, 'registry and repository are longer than 255 characters');
  const label = tag ?? (digest === undefined ? 'latest' : undefined);
  return {
    transport: 'docker',
    registry: canonical,
    repository,
    ...(label === undefined ? {} : { tag: label }),
    ...(digest === undefined ? {} : { digest }),
  };
}

function parseReferenceDigest(digest: string, text: string): Digest {
  try {
    return parseDigest(digest);
  } catch (cause) {
    throw new PlimsollError(
      'REFERENCE_INVALID',
      `Cannot read reference "${printable(text)}": "${printable(digest)}" after "@" is not a digest`,
      { cause },
    );
  }
}

function invalid(text: string, why: string): PlimsollError {
  return new PlimsollError('REFERENCE_INVALID', `Cannot read reference "${printable(text)}": ${why}`);
}
