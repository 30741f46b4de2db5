/**
 * JFrog Artifactory in this process: its repositories, its searches, and its registry by path.
 *
 * Oddities: totals of a search count the page; an administrator may limit the rows; the free edition knows no order; remote repositories are
 * searched by the key of their cache; virtual ones not at all; the images of an index have folders of their own.
 */
import type { ServerResponse } from 'node:http';
import { type SeenRequest, sendJson } from '../../../../test/fixtures/registry-server.ts';
import { type HeldImages, holdImages } from '../../testing/held-images.ts';

/** A user that the server knows. */
export const JFROG_LOGIN = { username: 'scanner', password: 'password-of-the-scanner' } as const;
const BASIC = `Basic ${Buffer.from(`${JFROG_LOGIN.username}:${JFROG_LOGIN.password}`).toString('base64')}`;
/** An access token of the same user. */
export const JFROG_TOKEN = 'reference-token-of-the-scanner';

/** A repository of Artifactory: images of `searched` are pulled by `key`. */
interface ServedRepository {
  readonly key: string;
  readonly type: 'LOCAL' | 'REMOTE' | 'VIRTUAL' | 'FEDERATED';
  readonly members?: readonly string[];
}

/** See above. */
export class JfrogServer implements AsyncDisposable {
  readonly images: HeldImages;
  readonly repositories: ServedRepository[] = [];
  /** Searches so far. */
  readonly searches: string[] = [];
  /** Rows that a search gives at most. */
  rowLimit = 1_000_000;
  isFreeEdition = false;
  /** Folders besides those of tags: `image/sha256:…`. */
  readonly otherFolders: { repo: string; path: string }[] = [];

  constructor(images: HeldImages) {
    this.images = images;
  }

  answer(request: SeenRequest, url: URL, response: ServerResponse): boolean {
    const [, path] = /^\/artifactory\/(.*)$/.exec(url.pathname) ?? [];
    if (path === undefined) return false;
    const shown = request.headers.authorization;
    if (shown !== BASIC && shown !== `Bearer ${JFROG_TOKEN}`) {
      sendJson(response, 401, { errors: [{ status: 401, message: 'Bad credentials' }] });
      return true;
    }
    if (path === 'api/repositories') {
      const list = this.repositories.map(({ key, type }) => ({ key, type, url: '', packageType: 'Docker' }));
      sendJson(response, 200, list);
      return true;
    }
    const [, key] = /^api\/repositories\/([^/]+)$/.exec(path) ?? [];
    if (key !== undefined) {
      const found = this.repositories.find(repository => repository.key === key);
      sendJson(response, 200, { key, rclass: found?.type.toLowerCase(), repositories: found?.members ?? [] });
      return true;
    }
    if (path === 'api/search/aql') return this.#search(request.body, response);
    sendJson(response, 404, { errors: [{ status: 404, message: 'File not found.' }] });
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.images[Symbol.asyncDispose]();
  }

  #search(query: string, response: ServerResponse): boolean {
    this.searches.push(query);
    const [, find = '', sort, offset, limit] =
      /^items\.find\((.*)\)\.include\([^)]*\)(\.sort\([^)]*\))?\.offset\((\d+)\)\.limit\((\d+)\)$/.exec(query) ?? [];
    if (sort !== undefined && this.isFreeEdition) {
      const message = 'Sorting is not supported by AQL in the open source version';
      sendJson(response, 400, { errors: [{ status: 400, message }] });
      return true;
    }
    const criteria = (JSON.parse(find) as { $and: Criterion[] }).$and;
    const rows = this.#rows().filter(row => criteria.every(criterion => fits(criterion, row)));
    const sorted = sort === undefined ? rows : rows.toSorted((a, b) => b.modified.localeCompare(a.modified));
    const start = Number(offset);
    const results = sorted.slice(start, start + Math.min(Number(limit), this.rowLimit));
    const range = { start_pos: start, end_pos: start + results.length, total: results.length, limit: Number(limit) };
    sendJson(response, 200, { results, range });
    return true;
  }

  #rows() {
    const tags = this.images.all().map(({ repository, tag, digest, pushedAt }) => {
      const [pulled = '', ...image] = repository.split('/');
      const isRemote = this.repositories.some(({ key, type }) => key === pulled && type === 'REMOTE');
      return {
        repo: isRemote ? `${pulled}-cache` : pulled,
        path: `${image.join('/')}/${tag}`,
        name: 'manifest.json',
        created: '2020-01-01T00:00:00.000Z',
        modified: pushedAt.toISOString(),
        sha256: digest.replace('sha256:', ''),
      };
    });
    const others = this.otherFolders.map(folder => ({
      ...folder,
      name: 'manifest.json',
      created: '2020-01-01T00:00:00.000Z',
      modified: '2026-01-01T00:00:00.000Z',
      sha256: '',
    }));
    return [...tags, ...others];
  }
}

type Row = Readonly<Record<string, string>>;
type Criterion = { readonly $or?: readonly Criterion[] } & Readonly<Record<string, unknown>>;

function fits(criterion: Criterion, row: Row): boolean {
  if (criterion.$or !== undefined) return criterion.$or.some(one => fits(one, row));
  return Object.entries(criterion).every(([field, wanted]) => {
    const value = row[field] ?? '';
    if (typeof wanted === 'string') return value === wanted;
    const { $match, $gte } = wanted as { $match?: string; $gte?: string };
    if ($match !== undefined) return value.startsWith($match.replace(/\*$/, ''));
    return $gte === undefined || value >= $gte;
  });
}

/** Starts the server. */
export async function startJfrogServer(): Promise<JfrogServer> {
  let server: JfrogServer | undefined;
  const images = await holdImages((request, url, response) => server?.answer(request, url, response) ?? false, {
    auth: 'basic',
    login: JFROG_LOGIN,
  });
  server = new JfrogServer(images);
  return server;
}
