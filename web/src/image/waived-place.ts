/** Where an image lies, as far as waiving what is found in it goes. */
import { useQuery } from '@tanstack/react-query';
import { registryQuery } from '../registry/registry-queries.ts';
import { hasRole, useSession } from '../session/session.tsx';
import { useNamespaces } from '../shell/namespace.ts';
import type { WaivedPlace } from '../waiver/waive-dialog.tsx';
import { placesQuery } from './image-queries.ts';

/** The place that the address names, else the first where the image is; `undefined` while it is not known, and where there is none. */
export function useWaivedPlace(
  digest: string,
  registryId: string | undefined,
  repository: string | undefined,
): WaivedPlace | undefined {
  const session = useSession();
  const { all } = useNamespaces();
  const places = useQuery(placesQuery(digest));
  const first = registryId === undefined || repository === undefined ? places.data?.[0] : { registryId, repository };
  const registry = useQuery({ ...registryQuery(first?.registryId ?? ''), enabled: first !== undefined });
  const nameOf = (id: string) => all.find(namespace => namespace.id === id)?.displayName ?? 'the namespace';
  if (first === undefined) {
    // The image of a project: of whose namespace it is can be known where there is no choice.
    const mine = all.filter(({ id }) => hasRole(session, 'operator', id));
    const [only] = mine;
    if (places.data === undefined || only === undefined || mine.length > 1) return undefined;
    const { id, displayName } = only;
    return {
      digest,
      namespaceId: id,
      namespaceName: displayName,
      registry: undefined,
      repository: undefined,
      others: 0,
    };
  }
  if (registry.data === undefined) return undefined;
  const { id, name, namespaceId } = registry.data;
  return {
    digest,
    namespaceId,
    namespaceName: nameOf(namespaceId),
    registry: { id, name },
    repository: first.repository,
    others: (places.data ?? []).filter(
      one => one.registryId !== first.registryId || one.repository !== first.repository,
    ).length,
  };
}
