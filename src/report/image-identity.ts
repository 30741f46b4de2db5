/** How documents about an image name it. */
import type { InventoryImage } from '#inventory/inventory.ts';
import { parseReference } from '#oci/reference.ts';
import { imagePurl } from '#purl/image-purl.ts';

/** The purl of an image in a registry; `undefined` when it has no digest or lies on this machine, where no purl leads. */
export function purlOfImage(image: InventoryImage): string | undefined {
  if (image.digest === undefined) return undefined;
  try {
    const reference = parseReference(image.reference);
    if (reference.transport !== 'docker') return undefined;
    return imagePurl({
      repository: `${reference.registry}/${reference.repository}`,
      digest: image.digest,
      tag: reference.tag,
      architecture: image.platform?.architecture,
    });
  } catch {
    return undefined;
  }
}
