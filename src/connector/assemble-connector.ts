/**
 * Makes a connector of what a product brings: how it lists. Everything else, and what every product must hold to, is the same for all.
 */
import { PlimsollError, toPlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { isDigest } from '#oci/digest.ts';
import { isRepositoryName, isTag, type RegistryReference } from '#oci/reference.ts';
import type { Connection } from './connection.ts';
import type { CallOptions, Connector, RegistryProduct, RepositoryEntry, TagEntry, TagQuery } from './connector.ts';
import { eachOnce } from './paging.ts';
import { probeConnection } from './probe/probe.ts';

/** What a product brings. Its lists may repeat entries and name what is not legal: that is mended here. */
export interface ConnectorParts {
  readonly product: Pick<RegistryProduct, 'type' | 'capabilities'>;
  readonly connection: Connection;
  listRepositories(options: CallOptions): AsyncIterable<RepositoryEntry>;
  /** `repository` is a legal name. `query.names` need not be applied, nor `query.since`. */
  listTags(repository: string, query: TagQuery, options: CallOptions): AsyncIterable<TagEntry>;
  /** What a test of the connection looks into when nothing else is known to be there. */
  readonly probeRepository?: string;
  /** Beyond dropping scheme, host and slashes, which is done before; wildcards may be in it. */
  normaliseRepository?(text: string): string;
}

/** See above. Closing the connector closes the connection. */
export function assembleConnector(parts: ConnectorParts): Connector {
  const { product, connection, normaliseRepository = text => text } = parts;
  const { host } = connection.place;
  const toOurs = (repository: string, name: string) => toReference(host, repository, name);
  // Generators, so that whatever is wrong is heard of where the list is read.
  async function* listRepositories(options: CallOptions): AsyncGenerator<RepositoryEntry> {
    const call = connection.until(options);
    const task = `Cannot list the repositories of ${host}`;
    const source = eachOnce(parts.listRepositories(call), ({ name }) => name, { task });
    yield* untilEnd(onlyLegal(source, isRepositoryName, connection, 'repositories'), call);
  }
  async function* listTags(repository: string, query: TagQuery, options: CallOptions): AsyncGenerator<TagEntry> {
    const call = connection.until(options);
    const task = `Cannot list the tags of "${printable(`${host}/${repository}`)}"`;
    checkRepository(repository, host);
    const names = query.names === undefined ? undefined : new Set(query.names);
    const source = eachOnce(parts.listTags(repository, query, call), ({ name }) => name, { task });
    yield* untilEnd(onlyNamed(onlyLegal(source, isTag, connection, 'tags'), names), call);
  }
  return {
    type: product.type,
    capabilities: product.capabilities,
    client: connection.client,
    listRepositories,
    listTags,
    toReference: toOurs,
    normaliseRepository: text => normaliseRepository(withoutHost(text, connection.place)),
    probe: options =>
      probeConnection(
        {
          product,
          connection,
          client: connection.client,
          listRepositories,
          listTags,
          toReference: toOurs,
          fallbackRepository: parts.probeRepository,
        },
        options,
      ),
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

/** @throws {PlimsollError} `REFERENCE_INVALID` for what is no name of a repository, tag or digest. */
function toReference(host: string, repository: string, name: string): RegistryReference {
  checkRepository(repository, host);
  const where = { transport: 'docker', registry: host, repository } as const;
  if (isDigest(name)) return { ...where, digest: name };
  if (isTag(name)) return { ...where, tag: name };
  throw new PlimsollError(
    'REFERENCE_INVALID',
    `Cannot pull from ${host}: "${printable(name)}" is neither a tag nor a digest`,
  );
}

function checkRepository(repository: string, host: string): void {
  if (isRepositoryName(repository)) return;
  throw new PlimsollError(
    'REFERENCE_INVALID',
    `Cannot ask ${host} for "${printable(repository)}": that is not the name of a repository; names are lower case, such as team/app`,
  );
}

/** `https://host/prefix/team/app`, `host/team/app` and `/team/app` all mean `team/app`. */
function withoutHost(text: string, { host, base }: Connection['place']): string {
  let name = text.trim().replace(/^(?:docker|https?):\/\//i, '');
  const prefix = base.pathname.replace(/^\/|\/$/g, '');
  for (const start of [`${host}/${prefix}/`, `${host}/`]) {
    if (start !== '/' && name.toLowerCase().startsWith(start.toLowerCase())) {
      name = name.slice(start.length);
      break;
    }
  }
  let start = 0;
  let end = name.length;
  while (name[start] === '/') start += 1;
  while (end > start && name[end - 1] === '/') end -= 1;
  return name.slice(start, end);
}

/** What is not legal cannot be pulled: it is left out, and told of once. */
async function* onlyLegal<T extends { readonly name: string }>(
  source: AsyncIterable<T>,
  isLegal: (name: string) => boolean,
  connection: Connection,
  what: string,
): AsyncGenerator<T> {
  let count = 0;
  let example = '';
  for await (const entry of source) {
    if (isLegal(entry.name)) yield entry;
    else if (count++ === 0) example = printable(entry.name, 100);
  }
  if (count === 0) return;
  const { host } = connection.place;
  connection.warn(`${host} lists ${count} ${what} whose names are not legal, such as "${example}"; they are left out`);
}

async function* onlyNamed(source: AsyncIterable<TagEntry>, names: Set<string> | undefined): AsyncGenerator<TagEntry> {
  for await (const entry of source) {
    if (names !== undefined && !names.delete(entry.name)) continue;
    yield entry;
    if (names?.size === 0) return;
  }
}

/** Ends with the caller's signal or the connection, whichever comes first, also between two pages. */
async function* untilEnd<T>(source: AsyncIterable<T>, { signal }: CallOptions): AsyncGenerator<T> {
  try {
    for await (const entry of source) {
      if (signal.aborted) break;
      yield entry;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  if (signal.aborted) throw toPlimsollError(signal.reason);
}
