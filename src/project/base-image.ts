/**
 * Base images that are approved on this server: an operator adds one by its reference, and its layers are remembered.
 */
import { type Caller, toActor } from '#access/caller.ts';
import { requireRole } from '#access/principal.ts';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { EMPTY_LAYER } from '#certification/base-image.ts';
import { openAllImages } from '#image/open-image.ts';
import { RegistryClient } from '#image/registry/client.ts';
import { openCredentialStore } from '#image/registry/credentials.ts';
import { openRegistryWith } from '#image/registry/open-registry.ts';
import { parseReference } from '#oci/reference.ts';
import { CERTIFIED_ARCHITECTURES } from '#scan/certify-image.ts';
import { recordAudit } from '#store/audit.ts';
import { type BaseImage, insertBaseImage, removeBaseImage as removeStored } from '#store/project-base-image.ts';
import { isObjectId, newObjectId } from './object-id.ts';
import type { ProjectContext } from './project-context.ts';

/**
 * Adds an image, for all its architectures that can be certified; for whoever runs the server. Only manifests and configs are read.
 * @throws {PlimsollError} `REFERENCE_INVALID`, `MANIFEST_UNKNOWN`, `REGISTRY_DENIED`, …
 */
export async function addBaseImages(
  context: ProjectContext,
  caller: Caller,
  text: string,
  signal: AbortSignal,
): Promise<readonly BaseImage[]> {
  requireRole(caller.principal, 'admin', undefined);
  const reference = parseReference(text.trim());
  if (reference.transport !== 'docker') {
    throw new PlimsollError('REFERENCE_INVALID', `Cannot add "${printable(text)}": expected an image in a registry`);
  }
  const { world, now, store } = context;
  await using client = new RegistryClient({
    credentials: openCredentialStore({ env: world.env }),
    tlsVerify: true,
    env: world.env,
    advice: 'settings',
    allowsPrivate: world.allowsPrivateAddresses,
    userAgent: world.userAgent,
    serviceOrigins: world.serviceOrigins,
  });
  await using content = await openRegistryWith(client, reference, { signal });
  const images = await openAllImages(content, { signal });
  const at = now();
  const { registry, repository, tag } = reference;
  const added: BaseImage[] = [];
  for (const { digest, config, platform } of images) {
    const diffIds = config?.diffIds ?? [];
    const topLayer = diffIds.findLast(id => id !== EMPTY_LAYER);
    const architecture = platform?.architecture ?? '';
    if (digest === undefined || topLayer === undefined || !CERTIFIED_ARCHITECTURES.has(architecture)) continue;
    const image = { id: newObjectId(at), registry, repository, tag, digest, architecture, diffIds, topLayer };
    added.push(await insertBaseImage(store.db, { ...image, addedBy: caller.principal.name, at }));
  }
  if (added.length === 0) {
    throw new PlimsollError(
      'MANIFEST_UNSUPPORTED',
      `Cannot add "${printable(text)}": it has no image with layers for ${[...CERTIFIED_ARCHITECTURES].join(', ')}`,
    );
  }
  await recordAudit(store.db, {
    at,
    actor: toActor(caller),
    action: 'base-image.add',
    subjectKind: 'base-image',
    subjectId: added[0]?.id ?? '',
    detail: { reference: text.trim(), digests: added.map(({ digest }) => digest) },
  });
  return added;
}

/** Takes an image off the list; for whoever runs the server. @throws {PlimsollError} `NOT_FOUND`. */
export async function removeBaseImage(context: ProjectContext, caller: Caller, id: string): Promise<void> {
  requireRole(caller.principal, 'admin', undefined);
  const at = context.now();
  if (!isObjectId(id)) {
    throw new PlimsollError('REQUEST_INVALID', `Cannot remove the base image: "${printable(id)}" is no id`);
  }
  if (!(await removeStored(context.store.db, id, at))) {
    throw new PlimsollError('NOT_FOUND', 'Cannot remove the base image: there is none of that id');
  }
  const actor = toActor(caller);
  await recordAudit(context.store.db, {
    at,
    actor,
    action: 'base-image.remove',
    subjectKind: 'base-image',
    subjectId: id,
  });
}
