/**
 * The images of a product's server in a test: a registry that serves them, and what the product's own API tells about each tag.
 */
import type { ServerResponse } from 'node:http';
import type { Digest } from '#oci/digest.ts';
import {
  type RegistryServer,
  type RegistryServerOptions,
  type SeenRequest,
  startRegistryServer,
} from '../../../test/fixtures/registry-server.ts';
import type { ContractRepository } from './contract-world.ts';

/** A tag as a product knows it. */
export interface HeldTag {
  readonly repository: string;
  readonly tag: string;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly pushedAt: Date;
}

/** Answers a request of the product's API and returns true; false leaves it to the registry. */
export type ProductApi = (request: SeenRequest, url: URL, response: ServerResponse) => boolean;

/** A registry with a product around it. */
export class HeldImages implements AsyncDisposable {
  readonly registry: RegistryServer;
  readonly #tags: HeldTag[] = [];

  constructor(registry: RegistryServer) {
    this.registry = registry;
  }

  /** Pushes an image with one layer, which holds `text`; pushing a tag again moves it. */
  push(repository: string, tag: string, pushedAt: string, text = `${repository}:${tag}`): HeldTag {
    const content = Buffer.from(text);
    const { manifest } = this.registry.addImage(repository, tag, [content]);
    const { digest, mediaType } = manifest;
    const before = this.#tags.findIndex(held => held.repository === repository && held.tag === tag);
    if (before !== -1) this.#tags.splice(before, 1);
    const held = { repository, tag, digest, mediaType, sizeBytes: content.byteLength, pushedAt: new Date(pushedAt) };
    this.#tags.push(held);
    return held;
  }

  /** Pushes what the contract's world has. `toName` gives names as the registry knows them, where those differ from what is listed. */
  hold(world: readonly ContractRepository[], toName = (name: string) => name): ReadonlyMap<string, string> {
    const held = world.flatMap(({ name, tags }) =>
      tags.map(
        tag => [`${name}:${tag.name}`, this.push(toName(name), tag.name, tag.pushedAt, `${name}:${tag.name}`)] as const,
      ),
    );
    return new Map(held.map(([key, { digest }]) => [key, digest]));
  }

  /** Names of all repositories, in order. */
  repositories(): readonly string[] {
    return [...new Set(this.#tags.map(({ repository }) => repository))].sort();
  }

  /** Tags of a repository in the order they were pushed; `undefined` when there is no such repository. */
  tagsOf(repository: string): readonly HeldTag[] | undefined {
    const tags = this.#tags.filter(held => held.repository === repository);
    return tags.length === 0 ? undefined : tags;
  }

  /** The same, latest first. */
  newestOf(repository: string): readonly HeldTag[] | undefined {
    return this.tagsOf(repository)?.toSorted((a, b) => b.pushedAt.getTime() - a.pushedAt.getTime());
  }

  all(): readonly HeldTag[] {
    return this.#tags;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.registry[Symbol.asyncDispose]();
  }
}

/** Starts a registry with `api` in front of it. */
export async function holdImages(api: ProductApi, options: RegistryServerOptions = {}): Promise<HeldImages> {
  const registry = await startRegistryServer({
    ...options,
    api: (request, response) => api(request, new URL(request.path, `http://${request.headers.host}`), response),
  });
  return new HeldImages(registry);
}

/** A page of a list, by where it starts and how long it may be; `next` is where the following one starts. */
export function pageOf<T>(
  list: readonly T[],
  start: number,
  size: number,
): { readonly page: readonly T[]; readonly next: number | undefined } {
  const end = start + size;
  return { page: list.slice(start, end), next: end < list.length ? end : undefined };
}
