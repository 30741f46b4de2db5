/**
 * The package URL of a container image.
 *
 * Source: package-url/purl-spec, type `oci`: the name is the last part of the repository, the version is the digest.
 */
import { formatPurl } from './format-purl.ts';

/** An image as its purl names it. */
export interface ImagePurlSubject {
  /** With the host, without tag and digest: `docker.io/library/debian`. */
  readonly repository: string;
  /** Of the manifest. */
  readonly digest: string;
  readonly tag?: string | undefined;
  /** For example `amd64`. */
  readonly architecture?: string | undefined;
}

/** `pkg:oci/debian@sha256:…?arch=amd64&repository_url=docker.io%2Flibrary%2Fdebian&tag=12` for an image in a registry. */
export function imagePurl({ repository, digest, tag, architecture }: ImagePurlSubject): string {
  return formatPurl({
    type: 'oci',
    name: repository.slice(repository.lastIndexOf('/') + 1).toLowerCase(),
    version: digest,
    qualifiers: { arch: architecture, repository_url: repository, tag },
  });
}
