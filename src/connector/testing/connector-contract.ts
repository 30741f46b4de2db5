/**
 * What every connector must do, whatever its product: run by the test of each against a server that speaks the product's protocol.
 *
 * ```ts
 * describeConnector('Example Registry', async () => {
 *   const world = contractRepositories();
 *   const server = await startRegistryServer({ api: exampleApi(world), maxPageSize: CONTRACT_PAGE_SIZE });
 *   return { server, world, digests: holdWorld(server, world), settings, credentials, … };
 * });
 * ```
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { openImage } from '#image/open-image.ts';
import { openRegistryWith } from '#image/registry/open-registry.ts';
import { verified } from '#image/verified.ts';
import { parsePlatform } from '#oci/platform.ts';
import { collect, IMPATIENT } from '../../../test/fixtures/open-from-registry.ts';
import { hangs, type RegistryServer, sends } from '../../../test/fixtures/registry-server.ts';
import type { Connector, ConnectorOptions, RegistrySettings } from '../connector.ts';
import type { RegistryCredentials } from '../credentials.ts';
import { openConnector } from '../open-connector.ts';
import { CONTRACT_PAGE_SIZE, type ContractRepository } from './contract-world.ts';

/** A product's server, filled with the contract's world, and how to reach it. */
export interface ConnectorHarness {
  /** Plays the registry and the product's API. Closed by the suite. */
  readonly server: RegistryServer;
  /** What it holds, names as the connector is to list them. The first repository has several pages of tags. */
  readonly world: readonly ContractRepository[];
  /** Digests by `repository:tag`. */
  readonly digests: ReadonlyMap<string, string>;
  readonly settings: RegistrySettings;
  readonly credentials: RegistryCredentials;
  /** Refused by the server; missing where nothing is asked for. */
  readonly wrongCredentials?: RegistryCredentials;
  /** Options of the connector besides: `serviceOrigins`, … */
  readonly options?: Partial<ConnectorOptions>;
  /** Requests (`METHOD path`) that bring a page of repositories, and of tags of the first repository. Bring neither log-ins nor pulls. */
  readonly listing: { readonly repositories: RegExp; readonly tags: RegExp };
  /** Whether the product gives lists whole, in one answer. */
  readonly isUnpaged?: boolean;
  /** Makes every token granted so far useless; missing where there are none. */
  expireTokens?(): void;
  /** Requests by POST that are log-ins or searches: `METHOD path`. */
  readonly posts?: RegExp;
  /** Texts that no error may hold. */
  readonly secrets: readonly string[];
  /** Where the source of dates is not `registry`. */
  readonly pushedAtSource?: string;
  /** What the product calls a repository that it does not know; `MANIFEST_UNKNOWN` unless told. */
  readonly unknownRepository?: { readonly name: string; readonly code: string };
  /** Called after each test, before the server is closed. */
  close?(): Promise<void>;
}

/** Requests that change nothing. */
const READS = /^(?:GET|HEAD) /;

/** Runs the suite. `start` is called for each test anew. */
export function describeConnector(title: string, start: () => Promise<ConnectorHarness>): void {
  describe(`${title} as a connector`, () => {
    let harness: ConnectorHarness;
    const opened: AsyncDisposable[] = [];
    const { signal } = new AbortController();

    const open = async (options: Partial<ConnectorOptions> = {}): Promise<Connector> => {
      const connector = await openConnector({
        settings: harness.settings,
        credentials: harness.credentials,
        env: {},
        allowsPrivateAddresses: false,
        patience: IMPATIENT,
        ...harness.options,
        ...options,
      });
      opened.push(connector);
      return connector;
    };
    const main = () => at(harness.world, 0);
    const isListed = (connector: Connector) => connector.capabilities.catalog;

    beforeEach(async () => {
      harness = await start();
    });

    afterEach(async () => {
      await Promise.all(opened.splice(0).map(one => one[Symbol.asyncDispose]()));
      await harness.close?.();
      await harness.server[Symbol.asyncDispose]();
      const writes = harness.server.requests
        .map(({ method, path }) => `${method} ${path}`)
        .filter(request => !READS.test(request) && harness.posts?.test(request) !== true);
      expect(writes, 'a connector only reads').toEqual([]);
    });

    test('every repository is listed once, across pages', async () => {
      const connector = await open();
      if (!isListed(connector)) {
        await expect(all(connector.listRepositories({ signal }))).rejects.toMatchObject({
          code: 'CATALOG_UNSUPPORTED',
        });
        return;
      }
      const listed = (await all(connector.listRepositories({ signal }))).map(({ name }) => name);
      expect(listed.toSorted()).toEqual(harness.world.map(({ name }) => name).toSorted());
      const pages = harness.isUnpaged === true ? 1 : Math.ceil(harness.world.length / CONTRACT_PAGE_SIZE);
      expect(harness.server.count(harness.listing.repositories)).toBeGreaterThanOrEqual(pages);
    });

    test('every tag is listed once, across pages, with the date the registry knows', async () => {
      const connector = await open();
      const { name, tags } = main();
      const listed = await all(connector.listTags(name, {}, { signal }));
      expect(listed.map(tag => tag.name).toSorted()).toEqual(tags.map(tag => tag.name).toSorted());
      expect(harness.server.count(harness.listing.tags)).toBeGreaterThanOrEqual(
        harness.isUnpaged === true ? 1 : Math.ceil(tags.length / CONTRACT_PAGE_SIZE),
      );
      for (const tag of listed) {
        const known = tags.find(one => one.name === tag.name);
        expect(tag.pushedAt, `date of ${tag.name}`).toBe(
          connector.capabilities.pushedDate ? known?.pushedAt : undefined,
        );
        expect(tag.pushedAtSource ?? 'registry').toBe(harness.pushedAtSource ?? 'registry');
        if (tag.digest !== undefined) expect(tag.digest).toBe(harness.digests.get(`${name}:${tag.name}`));
      }
      if (connector.capabilities.newestFirst) {
        expect(listed.map(tag => tag.pushedAt)).toEqual(
          listed
            .map(tag => tag.pushedAt)
            .toSorted()
            .toReversed(),
        );
      }
    });

    test('a listing since a date leaves out nothing that is newer', async () => {
      const connector = await open();
      const { name, tags } = main();
      const since = new Date(at(tags, tags.length - 2).pushedAt);
      const listed = (await all(connector.listTags(name, { since }, { signal }))).map(tag => tag.name);
      const wanted = tags.filter(tag => new Date(tag.pushedAt) >= since).map(tag => tag.name);
      expect(listed).toEqual(expect.arrayContaining(wanted));
      const { newestFirst, dateFilter } = connector.capabilities;
      if (newestFirst || dateFilter) expect(listed.length).toBeLessThan(tags.length);
    });

    test('a listing of named tags brings those that are there, and no other', async () => {
      const connector = await open();
      const { name, tags } = main();
      const names = [at(tags, 1).name, 'not-there', at(tags, 5).name];
      const listed = await all(connector.listTags(name, { names }, { signal }));
      expect(listed.map(tag => tag.name).toSorted()).toEqual([at(tags, 1).name, at(tags, 5).name].toSorted());
    });

    test('a repository that is not there is said to be unknown', async () => {
      const connector = await open();
      const { name, code } = harness.unknownRepository ?? { name: `${main().name}-none`, code: 'MANIFEST_UNKNOWN' };
      const error = await errorOf(all(connector.listTags(name, {}, { signal })));
      expect(error).toMatchObject({ code });
      expect(error.message).toContain(name.split('/').at(-1));
    });

    test('what is no name of a repository is not asked for', async () => {
      const connector = await open();
      for (const name of ['Team/App', '../../etc', 'a//b', 'a b', '']) {
        await expect(all(connector.listTags(name, {}, { signal })), name).rejects.toMatchObject({
          code: 'REFERENCE_INVALID',
        });
        expect(() => connector.toReference(name, 'latest')).toThrow(PlimsollError);
      }
      expect(harness.server.requests).toEqual([]);
    });

    test('wrong credentials are called wrong, and not repeated', async () => {
      const { wrongCredentials } = harness;
      if (wrongCredentials === undefined) return;
      const connector = await open({ credentials: wrongCredentials });
      const secrets = [...harness.secrets, ...secretsIn(wrongCredentials)];
      const listings: (() => Promise<unknown>)[] = [() => all(connector.listTags(main().name, {}, { signal }))];
      if (isListed(connector)) listings.push(() => all(connector.listRepositories({ signal })));
      for (const listing of listings) {
        const error = await errorOf(listing());
        expect(error).toMatchObject({ code: 'REGISTRY_DENIED' });
        expectNoSecret(error, secrets);
      }
    });

    test('a token that ends in the middle of a listing is renewed', async () => {
      if (harness.expireTokens === undefined) return;
      const connector = await open();
      const { name, tags } = main();
      const listed: string[] = [];
      for await (const tag of connector.listTags(name, {}, { signal })) {
        if (listed.length === 0) harness.expireTokens();
        listed.push(tag.name);
      }
      expect(listed.length).toBe(tags.length);
      harness.expireTokens();
      if (isListed(connector))
        expect((await all(connector.listRepositories({ signal }))).length).toBe(harness.world.length);
    });

    test('a rate limit is waited for when it is short, and told when it is long', async () => {
      const notices: number[] = [];
      const connector = await open({ onRetry: ({ delayMs }) => notices.push(delayMs) });
      harness.server.play(harness.listing.tags, sends(429, { 'retry-after': '0' }));
      expect((await all(connector.listTags(main().name, {}, { signal }))).length).toBe(main().tags.length);
      expect(notices.length).toBeGreaterThanOrEqual(1);
      harness.server.playAlways(harness.listing.tags, sends(429, { 'retry-after': '7200' }));
      const error = await errorOf(all(connector.listTags(main().name, {}, { signal })));
      expect(error).toMatchObject({ code: 'RATE_LIMITED' });
    });

    test('a list that breaks off in the middle fails as a whole', async () => {
      const connector = await open();
      if (harness.isUnpaged !== true) harness.server.play(harness.listing.tags, (_, __, proceed) => proceed());
      harness.server.playAlways(harness.listing.tags, sends(500));
      const error = await errorOf(all(connector.listTags(main().name, {}, { signal })));
      expect(error).toMatchObject({ code: 'REGISTRY_UNAVAILABLE' });
    });

    test('a web page in place of a list is named', async () => {
      const connector = await open();
      const page = '<!DOCTYPE html><html><title>Log in</title></html>';
      harness.server.playAlways(harness.listing.tags, sends(200, { 'content-type': 'text/html' }, page));
      const error = await errorOf(all(connector.listTags(main().name, {}, { signal })));
      expect(error).toMatchObject({ code: 'REGISTRY_INVALID', message: expect.stringContaining('web page') });
    });

    test.each([400, 403, 500])(
      'a registry that answers %i and repeats what it was told gives no secret away',
      async status => {
        const connector = await open();
        harness.server.playAlways(harness.listing.tags, (request, response) => {
          const echo = `${JSON.stringify(request.headers)} ${harness.secrets.join(' ')}`;
          response.writeHead(status, { 'content-type': 'application/json' });
          response.end(JSON.stringify({ message: echo, errors: [{ code: 'X', message: echo }] }));
        });
        expectNoSecret(await errorOf(all(connector.listTags(main().name, {}, { signal }))), harness.secrets);
      },
    );

    test.each(['the caller aborts', 'the connector is closed'])('a listing that hangs ends when %s', async how => {
      const connector = await open();
      const controller = new AbortController();
      const asked = Promise.withResolvers<void>();
      harness.server.playAlways(harness.listing.tags, (...act) => {
        asked.resolve();
        hangs(...act);
      });
      const failure = errorOf(all(connector.listTags(main().name, {}, { signal: controller.signal })));
      await asked.promise;
      if (how === 'the caller aborts') controller.abort();
      else await connector[Symbol.asyncDispose]();
      expect(await failure).toMatchObject({ code: 'CANCELLED' });
    });

    test('an image is pulled with its client, by tag and by digest', async () => {
      const connector = await open();
      const { name } = main();
      const digest = harness.digests.get(`${name}:latest`) ?? '';
      for (const wanted of ['latest', digest]) {
        const content = await openRegistryWith(connector.client, connector.toReference(name, wanted), { signal });
        await using image = await openImage(content, { signal, platform: parsePlatform('linux/amd64') });
        expect(image.digest).toBe(digest);
        const layer = at(image.layers, 0);
        if (layer.kind !== 'tar') throw new Error('expected a tar');
        const bytes = await collect(verified(await layer.open({ signal }), layer));
        expect(bytes.toString()).toBe(`${name}:latest`);
      }
    });

    test('the test of the connection finds nothing to mend', async () => {
      const connector = await open();
      const steps = await all(connector.probe({ signal, repository: main().name }));
      expect(steps.filter(({ result }) => result === 'failed')).toEqual([]);
      const done = steps.filter(({ result }) => result === 'ok').map(({ step }) => step);
      expect(done).toEqual(expect.arrayContaining(['ping', 'tags', 'manifest']));
      const texts = steps.map(({ detail, remedy }) => `${detail} ${remedy}`).join(' ');
      for (const secret of harness.secrets) expect(texts).not.toContain(secret);
    });

    test('a repository may be written with its host', async () => {
      const connector = await open();
      const { name } = main();
      const { registry } = connector.toReference(name, 'latest');
      for (const text of [name, `${registry}/${name}`, `https://${registry}/${name}`, ` /${name}/ `]) {
        expect(connector.normaliseRepository(text), text).toBe(name);
      }
    });
  });
}

/** Everything a list brings. */
export async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const entries: T[] = [];
  for await (const entry of source) entries.push(entry);
  return entries;
}

/** The error that a promise ends with. */
export async function errorOf(promise: Promise<unknown>): Promise<PlimsollError> {
  const error = await promise.then(
    () => new Error('it succeeded'),
    (caught: unknown) => caught,
  );
  if (!(error instanceof PlimsollError)) throw error;
  return error;
}

/** Fails when the error, or what caused it, holds one of `secrets`. */
export function expectNoSecret(error: unknown, secrets: readonly string[]): void {
  const texts: string[] = [];
  for (let next: unknown = error; next instanceof Error; next = next.cause)
    texts.push(String(next), JSON.stringify(next));
  for (const secret of secrets) {
    for (const shape of [secret, Buffer.from(secret).toString('base64')]) expect(texts.join('\n')).not.toContain(shape);
  }
}

function secretsIn(credentials: RegistryCredentials): readonly string[] {
  return Object.entries(credentials)
    .filter(([name, value]) => name !== 'kind' && typeof value === 'string' && /password|token|secret|key/i.test(name))
    .map(([, value]) => String(value));
}

function at<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new Error(`there is no entry ${index}`);
  return found;
}
