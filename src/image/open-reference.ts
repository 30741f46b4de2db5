/**
 * From a parsed reference to the place it names, and on to the image or images there.
 */
import type { Platform } from '#oci/platform.ts';
import type { Reference, RegistryReference } from '#oci/reference.ts';
import type { ContentSource } from './content.ts';
import { openDockerArchive } from './docker-archive.ts';
import { type DaemonOptions, openDockerDaemon } from './docker-daemon.ts';
import type { Image } from './image.ts';
import { openOciArchive } from './oci-archive.ts';
import { openOciLayout } from './oci-layout.ts';
import { openAllImages, openImage } from './open-image.ts';
import type { RegistryClient, RegistryClientOptions } from './registry/client.ts';
import { openRootFolder } from './root-folder.ts';

/** What the places need; each takes its part. */
export interface OpenReferenceOptions extends DaemonOptions {
  /** A client that serves other images too and outlives this one, or how to make one that is closed with the image. */
  readonly registry: RegistryClient | RegistryClientOptions;
}

/** Images that share the place they come from. Held with `await using`; closing it closes the place. */
export interface OpenedImages extends AsyncDisposable {
  /** In the order of the index. */
  readonly images: readonly Image[];
}

/**
 * Opens the place that `reference` names; a root folder is an image at once. Held with `await using`.
 *
 * @throws {PlimsollError} What the adapter of the transport throws: `FILE_UNKNOWN`, `ARCHIVE_INVALID`, `REGISTRY_UNAVAILABLE`, …
 */
export async function openReference(
  reference: Reference,
  options: OpenReferenceOptions,
): Promise<ContentSource | Image> {
  switch (reference.transport) {
    case 'docker':
      return await openFromRegistry(reference, options);
    case 'docker-daemon':
      return await openDockerDaemon(reference, options);
    case 'oci':
      return await openOciLayout(reference, options);
    case 'oci-archive':
      return await openOciArchive(reference, options);
    case 'docker-archive':
      return await openDockerArchive(reference, options);
    case 'dir':
      return await openRootFolder(reference, options);
    default:
      return reference satisfies never;
  }
}

/** Opens the one image for `platform`, see `openImage`; a root folder has no platform to choose. Held with `await using`. */
export async function openReferencedImage(
  reference: Reference,
  options: OpenReferenceOptions & { readonly platform?: Platform | undefined },
): Promise<Image> {
  const opened = await openReference(reference, options);
  return isImage(opened) ? opened : await openImage(opened, options);
}

/** Opens the image for every platform, see `openAllImages`. */
export async function openReferencedImages(reference: Reference, options: OpenReferenceOptions): Promise<OpenedImages> {
  const opened = await openReference(reference, options);
  const close = () => opened[Symbol.asyncDispose]();
  if (isImage(opened)) return { images: [opened], [Symbol.asyncDispose]: close };
  try {
    return { images: await openAllImages(opened, options), [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Whether `openReference` gave an image already, which only a root folder does. */
export function isImage(opened: ContentSource | Image): opened is Image {
  return 'layers' in opened;
}

async function openFromRegistry(reference: RegistryReference, options: OpenReferenceOptions): Promise<ContentSource> {
  const { registry, signal } = options;
  // Loading the HTTP client takes longer than reading a small image from disk: only who needs it waits for it.
  const { openRegistry, openRegistryWith } = await import('./registry/open-registry.ts');
  const { RegistryClient } = await import('./registry/client.ts');
  return registry instanceof RegistryClient
    ? await openRegistryWith(registry, reference, { signal })
    : await openRegistry(reference, { ...registry, signal });
}
