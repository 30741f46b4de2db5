/**
 * Searches in Artifactory's query language, AQL. What is searched for goes in as JSON, so nothing of it can become part of the query.
 *
 * Source: JFrog, "Artifactory Query Language". Users who are no administrators must include `repo`, `path` and `name`.
 */

/** What to search for. */
export interface ManifestSearch {
  /** Key of the repository as it is searched: `docker-local`, `hub-remote-cache`. */
  readonly repo: string;
  /** Path of the image in it; all images when missing. */
  readonly image?: string | undefined;
  /** Only these tags. */
  readonly tags?: readonly string[] | undefined;
  /** Only what was modified then or later. */
  readonly since?: Date | undefined;
}

/** Which of the rows. */
export interface AqlPage {
  readonly offset: number;
  readonly limit: number;
  /** Latest first; the free edition knows no order. */
  readonly isSorted: boolean;
}

const FIELDS = ['repo', 'path', 'name', 'created', 'modified', 'sha256'];

/** The query for the manifests of images: an image's tag is a folder with `manifest.json` in it, or `list.manifest.json` for an index. */
export function toAql(search: ManifestSearch, { offset, limit, isSorted }: AqlPage): string {
  const include = FIELDS.map(field => JSON.stringify(field)).join(',');
  const sort = isSorted ? '.sort({"$desc":["modified"]})' : '';
  const find = JSON.stringify({ $and: toCriteria(search) });
  return `items.find(${find}).include(${include})${sort}.offset(${Math.trunc(offset)}).limit(${Math.trunc(limit)})`;
}

function toCriteria({ repo, image, tags, since }: ManifestSearch): readonly object[] {
  const isManifest = { $or: [{ name: 'manifest.json' }, { name: 'list.manifest.json' }] };
  const criteria: object[] = [{ repo }, isManifest];
  if (image !== undefined) {
    // Names of images have no wildcards, which here are the asterisk and the question mark.
    if (tags === undefined) criteria.push({ path: { $match: `${image}/*` } });
    else criteria.push({ $or: tags.map(tag => ({ path: `${image}/${tag}` })) });
  }
  if (since !== undefined) criteria.push({ modified: { $gte: since.toISOString() } });
  return criteria;
}

/** Folders of the images of an index, and of images without a tag. */
const DIGEST_FOLDER = /^sha256(?::|__)[0-9a-f]{64}$/;

/** Image and tag of a folder: `team/app/1.0` is tag `1.0` of `team/app`; `undefined` for folders of digests. */
export function toImageAndTag(path: string): { readonly image: string; readonly tag: string } | undefined {
  const slash = path.lastIndexOf('/');
  const tag = path.slice(slash + 1);
  return slash < 1 || tag === '' || DIGEST_FOLDER.test(tag) ? undefined : { image: path.slice(0, slash), tag };
}
