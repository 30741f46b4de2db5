/**
 * Listing tags and repositories of a registry, page after page.
 *
 * Source: OCI distribution-spec, "Listing Tags" (`n`, `last`, `Link`); `_catalog` is of the older distribution API and no part of it. Pages
 * may be longer or shorter than asked for, and only a missing link ends a list. What registries get wrong about links is mended as far as
 * the list stays whole; else it fails, for half a list looks like a whole one.
 */
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { isRepositoryName, isTag } from '#oci/reference.ts';
import type { WaitOptions } from '../content.ts';
import { isWebPage, webPage } from './answer-failure.ts';
import type { OpenAnswer, Registry, RegistryRequest } from './client.ts';
import { nextUrl, readNextLink } from './page-link.ts';
import { readAll } from './read-body.ts';

/** Bounds of one list. */
export interface ListLimits {
  /** Names asked for at a time; the registry decides. */
  readonly pageSize: number;
  readonly maxPages: number;
  readonly maxPageBytes: number;
  /** Names in all: each is kept until the end, so that none comes twice. */
  readonly maxNames: number;
}

/** A page may hold a whole repository, since old registries know no pages: 200,000 tags of the greatest length fit. */
export const LIST_LIMITS: ListLimits = {
  pageSize: 1000,
  maxPages: 10_000,
  maxPageBytes: 32 * 1024 * 1024,
  maxNames: 500_000,
};

/** A list of names as it is asked for. */
export interface ListOptions extends WaitOptions {
  readonly limits?: Partial<ListLimits> | undefined;
  /** Told once, at the end, of names that are none by the specification; they are left out. */
  readonly onIllegal?: ((names: { readonly count: number; readonly example: string }) => void) | undefined;
}

/** Empty pages in a row that a registry may send, for example where it leaves out what we may not see. */
const MAX_EMPTY_PAGES = 100;
/** What registries answer to more names per page than they give: distribution 400, ECR 405. */
const TOO_MANY = [400, 405];
const SMALLER_PAGE = 100;

const tagsSchema = z.object({ tags: z.array(z.string()).nullish() });
const catalogSchema = z.object({ repositories: z.array(z.string()).nullish() });

/**
 * The tags of a repository in the registry's order, each once.
 * @throws {PlimsollError} `MANIFEST_UNKNOWN` when there is no such repository, `REGISTRY_DENIED`, `LIMIT_EXCEEDED`, `REGISTRY_INVALID`, …
 */
export function listTagNames(registry: Registry, repository: string, options: ListOptions): AsyncGenerator<string> {
  const task = `Cannot list the tags of "${printable(`${registry.host}/${repository}`)}"`;
  const request = { ...LIST_REQUEST, repository, wanted: 'tags', task } as const;
  return listNames(registry, request, {
    ...options,
    isLegal: isTag,
    namesOf: text => tagsSchema.parse(text).tags ?? [],
  });
}

/**
 * The repositories that the registry lists, each once. @throws {PlimsollError} `REGISTRY_DENIED`, `REGISTRY_INVALID`, … also when it has no
 * catalogue: which of them means that is for the caller to find out, who knows the product.
 */
export function listCatalog(registry: Registry, options: ListOptions): AsyncGenerator<string> {
  const task = `Cannot list the repositories of ${registry.host}`;
  const request = { ...LIST_REQUEST, repository: '', wanted: 'catalog', task } as const;
  const namesOf = (text: unknown) => catalogSchema.parse(text).repositories ?? [];
  return listNames(registry, request, { ...options, isLegal: isRepositoryName, namesOf });
}

/** Asks whether a registry is there and lets us in: `GET /v2/`. @throws {PlimsollError} `REGISTRY_DENIED`, `REGISTRY_INVALID`, … */
export async function ping(registry: Registry, options: WaitOptions): Promise<void> {
  const task = `Cannot use ${registry.host}`;
  const request = { ...LIST_REQUEST, repository: '', wanted: 'ping', task } as const;
  await registry.ask(
    request,
    async ({ answer }) => {
      if (isWebPage(answer)) throw webPage(answer, task);
    },
    options,
  );
}

/** The body of an answer as JSON. @throws {PlimsollError} `REGISTRY_INVALID` for a web page or no JSON, `LIMIT_EXCEEDED`. */
export async function readJson(
  open: OpenAnswer,
  options: WaitOptions & { readonly task: string; readonly limitBytes: number },
): Promise<unknown> {
  const { answer, transport } = open;
  if (isWebPage(answer)) throw webPage(answer, options.task);
  const text = Buffer.from(await readAll(answer, transport, options)).toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    if (isWebPage(answer, text.slice(0, 200))) throw webPage(answer, options.task);
    throw notList(options.task, answer.url.host, 'answers with something that is no JSON');
  }
}

const LIST_REQUEST = { method: 'GET', name: '', headers: { accept: 'application/json' } } as const;

interface NameListOptions extends ListOptions {
  readonly isLegal: (name: string) => boolean;
  /** @throws when `document` is no such list. */
  readonly namesOf: (document: unknown) => readonly string[];
}

interface Page {
  readonly names: readonly string[];
  readonly url: URL;
  readonly link: string | undefined;
}

async function* listNames(
  registry: Registry,
  request: RegistryRequest,
  options: NameListOptions,
): AsyncGenerator<string> {
  const limits = { ...LIST_LIMITS, ...options.limits };
  const { task } = request;
  const limit = (what: string) =>
    new PlimsollError('LIMIT_EXCEEDED', `${task}: over ${what}; name what is wanted instead`);
  const seenNames = new Set<string>();
  const seenQueries = new Set<string>();
  let illegal = 0;
  let example = '';
  let emptyPages = 0;
  let [query, page] = await firstPage(registry, request, limits, options);
  for (let pages = 1; ; pages += 1) {
    seenQueries.add(query);
    const before = seenNames.size;
    for (const name of page.names) {
      if (seenNames.has(name)) continue;
      seenNames.add(name);
      if (seenNames.size > limits.maxNames) throw limit(`${limits.maxNames} names`);
      if (options.isLegal(name)) yield name;
      else if (illegal++ === 0) example = printable(name, 100);
    }
    const next = nextQuery(page, limits.pageSize);
    if (next === undefined) break;
    emptyPages = seenNames.size === before ? emptyPages + 1 : 0;
    if (seenQueries.has(next) || emptyPages > MAX_EMPTY_PAGES) {
      throw notList(task, registry.host, `sends pages that go in a circle, after ${seenNames.size} names`);
    }
    if (pages >= limits.maxPages) throw limit(`${limits.maxPages} pages`);
    query = next;
    page = await readPage(registry, { ...request, query }, limits, options);
  }
  if (illegal > 0) options.onIllegal?.({ count: illegal, example });
}

/** The first page, as large as the registry allows. */
async function firstPage(
  registry: Registry,
  request: RegistryRequest,
  limits: ListLimits,
  options: NameListOptions,
): Promise<[query: string, page: Page]> {
  const sizes = [limits.pageSize, Math.min(SMALLER_PAGE, limits.pageSize)];
  for (const size of new Set(sizes)) {
    const query = `?n=${size}`;
    const page = await registry.ask(
      { ...request, query, expected: TOO_MANY },
      async open =>
        TOO_MANY.includes(open.answer.status) ? undefined : await toPage(open, request.task, limits, options),
      options,
    );
    if (page !== undefined) return [query, page];
  }
  return ['', await readPage(registry, request, limits, options)];
}

async function readPage(
  registry: Registry,
  request: RegistryRequest,
  limits: ListLimits,
  options: NameListOptions,
): Promise<Page> {
  return await registry.ask(request, open => toPage(open, request.task, limits, options), options);
}

async function toPage(open: OpenAnswer, task: string, limits: ListLimits, options: NameListOptions): Promise<Page> {
  const { answer } = open;
  const document = await readJson(open, { task, signal: options.signal, limitBytes: limits.maxPageBytes });
  const names = toNames(document, options.namesOf, task, answer.url.host);
  return { names, url: answer.url, link: answer.header('link') };
}

function toNames(
  document: unknown,
  namesOf: NameListOptions['namesOf'],
  task: string,
  host: string,
): readonly string[] {
  try {
    return namesOf(document);
  } catch {
    throw notList(task, host, 'answers with something that is no list of names');
  }
}

/**
 * The query of the next page. A link to the path that was asked is taken for its query, whatever host it names; one to another path is
 * of a registry that does not know where it is, and the page is asked for by the last name instead.
 */
function nextQuery({ names, url, link }: Page, pageSize: number): string | undefined {
  if (readNextLink(link) === undefined) return undefined;
  const next = nextUrl(link, url);
  if (next?.pathname === url.pathname) return next.search;
  const last = names.at(-1);
  return last === undefined ? next?.search : `?${new URLSearchParams({ n: String(pageSize), last })}`;
}

function notList(task: string, host: string, why: string): PlimsollError {
  return new PlimsollError('REGISTRY_INVALID', `${task}: ${host} ${why}`);
}
