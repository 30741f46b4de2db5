/**
 * Whether a product of a statement is the image that was scanned.
 *
 * Source: package-url/purl-spec, type `oci`; OpenVEX "Image products" as other tools read them: purls, references with a tag or digest, and
 * bare digests.
 */
import type { InventoryImage } from '#inventory/inventory.ts';
import { findPurlPattern, type PurlPattern } from '../purl-pattern.ts';

const IMAGE_TYPES: ReadonlySet<string> = new Set(['oci', 'docker']);
/** Docker Hub under the names it goes by. */
const DOCKER_HUB = /^(?:index\.docker\.io|registry-1\.docker\.io|docker\.io)(?=\/|$)/;
const HEX_DIGEST = /^(?:sha256:)?[0-9a-f]{64}$/;

/** Names of one image, to hold products against. */
export class ImageNames {
  readonly #digests = new Set<string>();
  /** With the host, without tag and digest; missing when the image came from no registry. */
  readonly #repository: string | undefined;
  readonly #tag: string | undefined;

  constructor({ reference, digest }: Pick<InventoryImage, 'reference' | 'digest'>) {
    if (digest !== undefined) this.#digests.add(digest);
    const { repository, tag, digest: pinned } = splitReference(reference);
    // A reference may pin the index that the manifest was chosen from.
    if (pinned !== undefined) this.#digests.add(pinned);
    this.#repository = repository;
    this.#tag = tag;
  }

  /** Whether the id, a purl or a reference, names this image. A name that says nothing but `debian` names none. */
  isNamedBy(id: string): boolean {
    if (HEX_DIGEST.test(id)) return this.#digests.has(id.startsWith('sha256:') ? id : `sha256:${id}`);
    const purl = findPurlPattern(id);
    if (purl !== undefined) return IMAGE_TYPES.has(purl.type) && this.#isPurl(purl);
    const { repository, tag, digest } = splitReference(id);
    if (repository === undefined || repository !== this.#repository) return false;
    if (digest !== undefined) return this.#digests.has(digest);
    return tag === undefined || tag === this.#tag;
  }

  #isPurl({ type, name, version, qualifiers }: PurlPattern): boolean {
    const url = qualifiers.get('repository_url');
    const tag = qualifiers.get('tag') ?? (type === 'docker' && !version?.startsWith('sha256:') ? version : undefined);
    const digest = version?.startsWith('sha256:') ? version : undefined;
    if (digest !== undefined && !this.#digests.has(digest)) return false;
    if (tag !== undefined && digest === undefined && tag !== this.#tag) return false;
    // The digest says which image it is, so that it may have been copied to another repository.
    if (digest !== undefined) return true;
    if (this.#repository === undefined) return false;
    if (url !== undefined)
      return (
        this.#repository === normaliseRepository(url) || this.#repository === normaliseRepository(`${url}/${name}`)
      );
    return type === 'docker' && this.#repository === normaliseRepository(name);
  }
}

function splitReference(text: string): { repository?: string; tag?: string; digest?: string } {
  const [, name, tag, digest] =
    /^(?:docker:\/\/)?([^:@\s]+(?::\d{1,5}\/[^:@\s]+)?)(?::([\w][\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(
      text,
    ) ?? [];
  if (name === undefined || text.length > 1000) return {};
  return {
    repository: normaliseRepository(name),
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** `nginx`, `index.docker.io/library/nginx` and `docker.io/nginx` are all `docker.io/library/nginx`. */
function normaliseRepository(text: string): string {
  const path = text.replace(/^https?:\/\//, '').replace(/\/+$/, '');
  const onHub = path.replace(DOCKER_HUB, 'docker.io');
  const [host = ''] = onHub.split('/', 1);
  const isHost = onHub.includes('/') && (/[.:]/.test(host) || host === 'localhost');
  const withHost = isHost ? onHub : `docker.io/${onHub}`;
  return withHost.replace(/^docker\.io\/(?=[^/]+$)/, 'docker.io/library/');
}
