/** What the product of a registry is called. */
import { useQuery } from '@tanstack/react-query';
import type { Registry } from '../api/model.ts';
import { productsQuery } from './registry-queries.ts';

/** The registry within this server: nothing is connected to, and what is pushed there is scanned as it comes. */
export function isHosted({ type }: Pick<Registry, 'type'>): boolean {
  return type === 'hosted';
}

/** By its type; the type itself while products are not known. */
export function useProductLabel(): (registry: Pick<Registry, 'type'>) => string {
  const { data } = useQuery(productsQuery);
  return registry =>
    isHosted(registry)
      ? 'Registry of this server'
      : (data?.find(product => product.type === registry.type)?.label ?? registry.type);
}
