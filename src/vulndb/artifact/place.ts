/** Where a database is exported to or pulled from: a registry, an OCI layout in a folder or a tar. */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { type LocalReference, parseReference, type RegistryReference } from '#oci/reference.ts';

/** A place for artifacts. */
export type ArtifactPlace = RegistryReference | (LocalReference & { readonly transport: 'oci' | 'oci-archive' });

/**
 * Reads a place: a reference, or the path of a file, which is an OCI archive. A path begins with `/`, `./`, `../` or has no slash at all, a
 * repository in a registry has its host before it.
 * @throws {PlimsollError} `REFERENCE_INVALID`; `USAGE` for transports that hold images only.
 */
export function parsePlace(text: string): ArtifactPlace {
  const isPath = /^\.{0,2}\//.test(text) || !/[/:]/.test(text);
  if (isPath) return { transport: 'oci-archive', path: text };
  const reference = parseReference(text);
  switch (reference.transport) {
    case 'docker':
      return reference;
    case 'oci':
    case 'oci-archive':
      return { ...reference, transport: reference.transport };
    default:
      throw new PlimsollError(
        'USAGE',
        `Cannot use "${printable(text)}": a database is kept in a registry, "oci:DIR", "oci-archive:FILE" or a file`,
      );
  }
}
