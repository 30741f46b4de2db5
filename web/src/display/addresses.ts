/** Where things are shown: addresses that can be sent to somebody. Names from registries are escaped, whatever they look like. */

/** Where an image was come upon; kept in its address, so that the way back leads there. */
export interface PlaceOf {
  readonly registryId: string;
  readonly repository: string;
  readonly tag?: string | null | undefined;
}

/** The tags of a repository. */
export function repositoryPath(registryId: string, repository: string): string {
  return `/repositories/${encodeURIComponent(registryId)}/${repository.split('/').map(encodeURIComponent).join('/')}`;
}

/** A manifest or index by its digest. */
export function manifestPath(
  digest: string,
  place?: PlaceOf | undefined,
  more: Readonly<Record<string, string>> = {},
): string {
  const query = new URLSearchParams(more);
  if (place !== undefined) {
    query.set('registry', place.registryId);
    query.set('repository', place.repository);
    if (place.tag != null) query.set('tag', place.tag);
  }
  const text = query.toString();
  return `/images/${digest}${text === '' ? '' : `?${text}`}`;
}

/** A weakness by any of its names. */
export function vulnerabilityPath(id: string): string {
  return `/vulnerabilities/${encodeURIComponent(id)}`;
}

/** A repository of the catalogue. */
export function cataloguePath(registry: string, repository: string): string {
  return `/catalogue/repository/${encodeURIComponent(registry)}/${repository.split('/').map(encodeURIComponent).join('/')}`;
}
