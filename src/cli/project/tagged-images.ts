/** Which images of a project a tag stands for. */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { ProjectImage } from './project-answer.ts';

/** Images that are published together. */
export type TaggedImages =
  | { readonly kind: 'index'; readonly listDigest: string; readonly images: readonly ProjectImage[] }
  | { readonly kind: 'images'; readonly images: readonly ProjectImage[] };

/**
 * Images that got the tag last: all of an index, or of images that came one by one the newest of each architecture. `text` is a tag, or
 * `REPOSITORY:TAG` where several repositories of a project have the tag; the last part of a repository's name is enough.
 * @throws {PlimsollError} `NOT_FOUND`; `USAGE` when several repositories have it.
 */
export function imagesOfTag(images: readonly ProjectImage[], text: string): TaggedImages {
  const colon = text.lastIndexOf(':');
  const [place, tag] = colon === -1 ? [undefined, text] : [text.slice(0, colon), text.slice(colon + 1)];
  const shown = `Cannot find tag "${printable(text)}"`;
  const tagged = images
    .filter(({ repository }) => place === undefined || isNamed(repository, place))
    .flatMap(image => {
      const addedAt = image.tags.find(({ name }) => name === tag)?.addedAt;
      return addedAt === undefined ? [] : [{ image, addedAt }];
    })
    .toSorted((a, b) => (a.addedAt < b.addedAt ? 1 : a.addedAt > b.addedAt ? -1 : 0));
  const [newest] = tagged;
  if (newest === undefined) throw new PlimsollError('NOT_FOUND', `${shown}: no image of the project has it`);
  const repositories = [...new Set(tagged.map(({ image }) => image.repository ?? ''))];
  if (repositories.length > 1) {
    const names = repositories.map(name => `${name}:${tag}`).join(', ');
    throw new PlimsollError('USAGE', `${shown}: several repositories have it; say which: ${printable(names, 1000)}`);
  }
  const { listDigest } = newest.image;
  if (listDigest !== null) {
    // All of the index are published, whether the tag is on each of them or not.
    return { kind: 'index', listDigest, images: images.filter(image => image.listDigest === listDigest) };
  }
  const single = new Map<string, ProjectImage>();
  for (const { image } of tagged) {
    if (image.listDigest === null && !single.has(image.architecture)) single.set(image.architecture, image);
  }
  return { kind: 'images', images: [...single.values()] };
}

function isNamed(repository: string | null, place: string): boolean {
  return repository === place || repository?.split('/').at(-1) === place;
}
