/** Registry keys in memory, for tests. */
import { randomUUID } from 'node:crypto';
import { REGISTRY_KEY_PREFIX, type RegistryKey, type RegistryKeyAuthority } from '../registry-key.ts';

/** See above. */
export class MemoryKeys implements RegistryKeyAuthority {
  readonly #keys = new Map<string, RegistryKey>();

  /** Makes a key for a project; the one that it had ends. */
  rotate(project: Omit<RegistryKey, 'id'>): string {
    for (const [text, { projectId }] of this.#keys) if (projectId === project.projectId) this.#keys.delete(text);
    const text = `${REGISTRY_KEY_PREFIX}${randomUUID()}`;
    this.#keys.set(text, { ...project, id: randomUUID() });
    return text;
  }

  async findByText(text: string): Promise<RegistryKey | undefined> {
    return this.#keys.get(text);
  }

  async findById(id: string): Promise<RegistryKey | undefined> {
    return this.#keys.values().find(key => key.id === id);
  }

  async findProjectOf(space: string): Promise<RegistryKey | undefined> {
    return this.#keys.values().find(key => key.space === space);
  }
}
