/**
 * From the builder's storage to a registry: everything else first, the tag last.
 */
import { join } from 'node:path';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { fixedCredentials } from '#image/registry/credential-store.ts';
import { openRegistry } from '#image/registry/open-registry.ts';
import { type Digest, parseDigest } from '#oci/digest.ts';
import { parseManifest } from '#oci/manifest.ts';
import { formatPlatform } from '#oci/platform.ts';
import { parseReference, type RegistryReference } from '#oci/reference.ts';
import type { BuiltImages } from './build-image.ts';
import type { BuiltManifest, PushTarget } from './build-request.ts';
import type { Buildah } from './buildah.ts';
import type { Cell } from './cell/cell.ts';
import type { BuildProxies } from './proxies.ts';
import { authFileFor } from './pull-auth.ts';

const DIGEST_FILE = 'tmp/digest';

/** Checks where an image is to go. @throws {PlimsollError} `REFERENCE_INVALID`. */
export function readPushTarget({ repository, tag }: PushTarget): RegistryReference {
  const reference = parseReference(`${repository}:${tag}`);
  if (reference.transport === 'docker' && reference.digest === undefined && reference.tag === tag) return reference;
  throw new PlimsollError(
    'REFERENCE_INVALID',
    `Cannot push to "${printable(repository)}": expected host/path without a tag`,
  );
}

/**
 * Pushes; one image as it is, several as an index. Returns what the tag names.
 * @throws {PlimsollError} `REGISTRY_DENIED`, `REGISTRY_UNAVAILABLE`, `REFERENCE_INVALID`.
 */
export async function pushImages(options: {
  readonly push: PushTarget;
  readonly images: BuiltImages['images'];
  readonly cell: Cell;
  readonly buildah: Buildah;
  readonly proxies: BuildProxies;
  readonly tailOf: () => readonly string[];
  readonly signal: AbortSignal;
}): Promise<{ readonly digest: string; readonly manifests: readonly BuiltManifest[] }> {
  const { push, images, cell, buildah, proxies, tailOf, signal } = options;
  const target = readPushTarget(push);
  await using auth = await cell.secret('push.json', authFileFor(target.registry, push.username, push.password));
  const digestFile = join(cell.work, DIGEST_FILE);
  const to = [
    ...['--authfile', auth.path, `--tls-verify=${!push.isInsecure}`, '--digestfile', digestFile],
    ...(await certificates(cell, push.caPem)),
  ];
  const place = `docker://${target.registry}/${target.repository}:${push.tag}`;
  const must = async (args: readonly string[]) => {
    if ((await buildah.run(args, { isQuiet: args[0] !== 'push', env: proxies.env })) !== 0)
      throw toPushFailure(push, tailOf());
  };
  const [only] = images;
  if (only !== undefined && images.length === 1) {
    await must(['push', '--quiet', '--format', 'oci', ...to, only.name, place]);
    const digest = await readDigest(cell);
    return { digest, manifests: [{ platform: only.platform, digest }] };
  }
  const list = 'localhost/plimsoll-build:list';
  await must(['manifest', 'create', list]);
  for (const { name } of images) await must(['manifest', 'add', list, `containers-storage:${name}`]);
  await must(['manifest', 'push', '--quiet', '--all', '--format', 'oci', ...to, list, place]);
  const digest = await readDigest(cell);
  return { digest, manifests: await readIndex({ ...target, digest }, push, proxies, signal) };
}

async function certificates(cell: Cell, caPem: string | undefined): Promise<readonly string[]> {
  if (caPem === undefined) return [];
  const folder = await cell.folder('certificates');
  await cell.write('certificates/ca.crt', caPem);
  return ['--cert-dir', folder];
}

async function readDigest(cell: Cell): Promise<Digest> {
  return parseDigest((await cell.read(DIGEST_FILE)).trim());
}

/** The images of the index as the registry has it: their digests come about when layers are compressed on the way. */
async function readIndex(
  reference: RegistryReference,
  push: PushTarget,
  proxies: BuildProxies,
  signal: AbortSignal,
): Promise<readonly BuiltManifest[]> {
  const { username, password, isInsecure, caPem } = push;
  await using source = await openRegistry(reference, {
    credentials: fixedCredentials(reference.registry, { kind: 'password', username, password, source: 'the build' }),
    tlsVerify: !isInsecure,
    authorities: caPem === undefined ? [] : [caPem],
    secrets: [password, ...proxies.secrets],
    env: proxies.env,
    signal,
  });
  const { bytes, mediaType } = await source.root({ signal });
  const index = parseManifest(bytes, mediaType, 'the pushed index');
  const entries = 'manifests' in index ? index.manifests : [];
  return entries.map(({ digest, platform }) => ({
    platform: platform === undefined ? 'unknown' : formatPlatform(platform),
    digest,
  }));
}

function toPushFailure({ repository }: PushTarget, tail: readonly string[]): PlimsollError {
  const said = tail.findLast(line => /\bError: |level=error/.test(line)) ?? tail.at(-1) ?? '';
  const isDenied = /\b(?:unauthorized|authentication required|denied|invalid username\/password|40[13])\b/i.test(said);
  const code = isDenied ? 'REGISTRY_DENIED' : 'REGISTRY_UNAVAILABLE';
  const why = isDenied ? 'the registry refuses the log-in' : 'the registry cannot be reached, or failed';
  return new PlimsollError(code, `Cannot push to "${printable(repository)}": ${why}; buildah says: ${printable(said)}`);
}
