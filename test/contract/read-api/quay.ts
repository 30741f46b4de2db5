/**
 * Quay's API as its clients know it: repositories, tags, manifests, and the security of a manifest in every state. The documents were written
 * from Quay's description of them, not taken from it.
 */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MISSING } from './content.ts';
import type { Person, ReadWorld } from './world.ts';

interface Security {
  readonly status: string;
  readonly data: {
    readonly Layer: {
      readonly Features: readonly {
        readonly Name: string;
        readonly BaseScores: readonly number[];
        readonly CVEIds: readonly string[];
        readonly Vulnerabilities: readonly Readonly<Record<string, unknown>>[];
      }[];
    };
  } | null;
}
interface Tag {
  readonly name: string;
  readonly manifest_digest: string;
  readonly is_manifest_list: boolean;
}

const STATUSES: readonly { readonly name: string; readonly status: string; readonly why: string }[] = [
  { name: 'bad', status: 'scanned', why: 'it has a report' },
  { name: 'empty', status: 'scanned', why: 'it has a report without packages' },
  { name: 'low', status: 'scanned', why: 'the last report stays when a later scan fails' },
  { name: 'gone', status: 'scanned', why: 'its tag has ended' },
  { name: 'waiting', status: 'queued', why: 'nobody has scanned it yet' },
  { name: 'queued', status: 'queued', why: 'its scan waits' },
  { name: 'broken', status: 'failed', why: 'its scan failed' },
  { name: 'huge', status: 'manifest_layer_too_large', why: 'a layer was too large' },
  { name: 'chart', status: 'unsupported', why: 'its layers are no file systems' },
  { name: 'index', status: 'unsupported', why: 'the children of an index are asked for one by one' },
];

const REFUSED: readonly {
  readonly path: string;
  readonly status: number;
  readonly type: string;
  readonly why: string;
}[] = [
  { path: '', status: 400, type: 'invalid_request', why: 'no namespace, starred or public' },
  { path: '?starred=false', status: 400, type: 'invalid_request', why: 'what is false does not count' },
  { path: '?namespace=team&next_page=garbage', status: 400, type: 'invalid_request', why: 'a page that is none' },
  { path: '/team/none', status: 404, type: 'not_found', why: 'no such repository' },
  { path: '/team/none/tag/', status: 404, type: 'not_found', why: 'no tags of no repository' },
  {
    path: '/team/shop/tag/?filter_tag_name=latest',
    status: 400,
    type: 'invalid_request',
    why: 'a filter without operator',
  },
  { path: '/team/shop/tag/?limit=ten', status: 400, type: 'invalid_request', why: 'a limit that is no number' },
  { path: '/team/shop/tag/?page=1.5', status: 400, type: 'invalid_request', why: 'half a page' },
  {
    path: '/team/shop/manifest/latest/security',
    status: 404,
    type: 'not_found',
    why: 'a tag in the place of a digest',
  },
  { path: '/team/shop/manifest/latest', status: 404, type: 'not_found', why: 'the same for the manifest' },
  { path: `/team/shop/manifest/${MISSING}`, status: 404, type: 'not_found', why: 'a child that nobody has read' },
  { path: '/team/copy/manifest/:meh/security', status: 404, type: 'not_found', why: 'it is in another repository' },
  { path: '/team/shop/manifest/sha256:%00/security', status: 404, type: 'not_found', why: 'no digest at all' },
];

/** Adds the tests. */
export function quaySuite(open: () => ReadWorld): void {
  const ask = async <T>(path: string, as: Person = open().root): Promise<T> => {
    const answer = await open().send('GET', `/api/v1/repository${path}`, { as });
    expect(answer.status, `${path}: ${answer.text}`).toBe(200);
    return answer.json<T>();
  };
  const fill = (path: string) => path.replace(/:([a-z]+)\b/g, (whole, name: string) => open().digests[name] ?? whole);
  const security = (name: string, query = '', repository = 'team/shop') =>
    ask<Security>(`/${repository}/manifest/${open().digests[name]}/security${query}`);
  /** What differs from run to run has its name instead. */
  const named = (document: unknown) => {
    let text = JSON.stringify(document, undefined, 2);
    for (const [name, digest] of Object.entries(open().digests)) text = text.replaceAll(digest, `{${name}}`);
    return `${text}\n`;
  };
  /** Written anew by `npx vitest run test/contract/read-api.test.ts -u`. */
  const golden = (name: string) => join(import.meta.dirname, `testdata/quay-${name}.json`);

  test.each(STATUSES)('the security of "$name" is "$status": $why', async ({ name, status }) => {
    const repository = name === 'empty' ? 'flat' : 'team/shop';
    const found = await security(name, '?vulnerabilities=true', repository);
    expect(found.status).toBe(status);
    expect(found.data === null).toBe(status !== 'scanned');
    // What Quay's clients do not know, they pass over.
    const isFailure = status === 'failed' || status === 'manifest_layer_too_large';
    expect(Object.keys(found).toSorted()).toEqual(['Plimsoll', 'data', 'status'].slice(isFailure ? 0 : 1));
  });

  test('the security of a scanned manifest has every field, of packages without weaknesses too', async () => {
    await expect(named(await security('bad', '?vulnerabilities=true'))).toMatchFileSnapshot(golden('security'));
    expect(await security('empty', '', 'flat')).toMatchObject({ data: { Layer: { Features: [] } } });
    const unaffected = await security('clean', '', 'two/team/shop');
    expect(unaffected.data?.Layer.Features).toMatchObject([
      { Name: 'requests', Version: '2.0', BaseScores: [], CVEIds: [], Vulnerabilities: [] },
    ]);
  });

  test('it is the same whatever `vulnerabilities` says, as with Quay', async () => {
    const whole = await security('bad');
    for (const value of ['false', 'False', '0', '', 'null', 'true', 'yes']) {
      expect(await security('bad', `?vulnerabilities=${value}`)).toEqual(whole);
    }
  });

  test('a score of 10.0 is critical, and what nobody rated is unknown', async () => {
    const [ten] = (await security('ten')).data?.Layer.Features ?? [];
    expect(ten).toMatchObject({
      BaseScores: [10],
      CVEIds: ['CVE-2024-0010'],
      Vulnerabilities: [{ Severity: 'Critical' }],
    });
    const [odd] = (await security('odd', '', 'flat')).data?.Layer.Features ?? [];
    expect(odd).toMatchObject({
      BaseScores: [],
      CVEIds: [],
      Vulnerabilities: [
        { Severity: 'Unknown', FixedBy: '', Link: '', Metadata: { NVD: { CVSSv3: { Vectors: '', Score: '' } } } },
      ],
    });
  });

  test('a manifest is its own text; its layers are told with what made them', async () => {
    await expect(named(await ask(fill('/team/shop/manifest/:bad')))).toMatchFileSnapshot(golden('manifest'));
    const index = await ask<{ manifest_data: string }>(fill('/team/shop/manifest/:index'));
    expect(index).toMatchObject({
      is_manifest_list: true,
      layers: null,
      layers_compressed_size: null,
      config_media_type: null,
    });
    const { manifests } = JSON.parse(index.manifest_data) as { manifests: { digest: string; platform: object }[] };
    expect(manifests.map(({ digest }) => digest)).toEqual([open().digests['bad'], open().digests['low'], MISSING]);
    expect(manifests[0]?.platform).toEqual({ os: 'linux', architecture: 'amd64' });
    // Reachable by an ended tag alone.
    expect(await ask(fill('/team/shop/manifest/:gone'))).toMatchObject({ digest: open().digests['gone'] });
  });

  test('tags are told with their lives, newest first; those of indexes with the presence of their children', async () => {
    const all = await ask<{ tags: readonly Tag[]; page: number; has_additional: boolean }>('/team/shop/tag/');
    expect(all.tags.map(({ name }) => name)).toEqual([
      ...['v1', 'broken', 'chart', 'huge', 'latest', 'next', 'old', 'queued', 'ten', 'v2'],
    ]);
    expect(all).toMatchObject({ page: 1, has_additional: false });
    const shown = all.tags.filter(({ name }) => ['latest', 'v1', 'old'].includes(name));
    await expect(named(shown)).toMatchFileSnapshot(golden('tags'));
  });

  test.each([
    { query: '?onlyActiveTags=true', count: 9, why: 'without those that ended' },
    { query: '?onlyActiveTags=False', count: 10, why: 'Quay’s word for no' },
    { query: '?specificTag=old', count: 1, why: 'one, ended or not' },
    { query: '?specificTag=', count: 10, why: 'an empty name is none' },
    { query: '?filter_tag_name=like:v', count: 2, why: 'text in the name' },
    { query: '?filter_tag_name=eq:v', count: 0, why: 'the whole name' },
    { query: '?filter_tag_name=eq:v1', count: 1, why: 'the whole name' },
    { query: '?filter_tag_name=like:%25', count: 0, why: 'a percent sign is one' },
    { query: '?limit=4', count: 4, why: 'so many' },
    { query: '?limit=4&page=3', count: 2, why: 'the last page' },
    { query: '?limit=-1', count: 1, why: 'at least one' },
    { query: '?limit=1000', count: 10, why: 'at most a hundred' },
    { query: '?limit=4&page=99', count: 0, why: 'a page after the last' },
  ])('tags $query: $why', async ({ query, count }) => {
    expect((await ask<{ tags: readonly Tag[] }>(`/team/shop/tag/${query}`)).tags.length).toBe(count);
  });

  test('pages of tags are all tags', async () => {
    const seen: string[] = [];
    for (let page = 1; ; page += 1) {
      const found = await ask<{ tags: readonly Tag[]; has_additional: boolean }>(
        `/team/shop/tag/?limit=3&page=${page}`,
      );
      seen.push(...found.tags.map(({ name }) => name));
      if (!found.has_additional) break;
    }
    expect(seen.length).toBe(10);
    expect(new Set(seen).size).toBe(10);
  });

  test('repositories are listed by namespace, a hundred a page, and a hundred once', async () => {
    const first = await ask<{ repositories: { namespace: string; name: string }[]; next_page: string }>(
      '?namespace=wide',
    );
    expect(first.repositories.length).toBe(100);
    expect(first.repositories[0]).toEqual({
      ...{ namespace: 'wide', name: 'r001', description: '', is_public: false },
      ...{ kind: 'image', state: 'NORMAL', is_starred: false },
    });
    const rest = await ask<typeof first>(`?namespace=wide&next_page=${first.next_page}`);
    expect(rest.repositories.map(({ name }) => name)).toEqual(['r101', 'r102', 'r103', 'r104', 'r105']);
    expect(rest.next_page).toBeUndefined();
  });

  test.each([
    { query: '?namespace=team', names: ['team/shop', 'team/copy', 'team/shop'], why: 'of a namespace' },
    { query: '?namespace=none', names: [], why: 'a namespace without repositories' },
    { query: '?starred=true', names: [], why: 'nobody stars anything here' },
    { query: '?namespace=team&repo_kind=application', names: [], why: 'there are images only' },
  ])('repositories $query: $why', async ({ query, names }) => {
    const { repositories } = await ask<{ repositories: { namespace: string; name: string }[] }>(query);
    expect(repositories.map(({ namespace, name }) => `${namespace}/${name}`)).toEqual(names);
  });

  test('a repository tells when it last changed, and its tags', async () => {
    const { repositories } = await ask<{ repositories: object[] }>('?namespace=team&last_modified=true');
    expect(repositories[0]).toMatchObject({ name: 'shop', last_modified: Date.parse('2026-11-01T11:00:00Z') / 1000 });
    const whole = await ask<{ tags: Record<string, object> }>('/team/shop?includeStats=true');
    expect(whole).toMatchObject({
      namespace: 'team',
      name: 'shop',
      kind: 'image',
      state: 'NORMAL',
      can_write: false,
      stats: [],
    });
    expect(Object.keys(whole.tags).length).toBe(9);
    expect(whole.tags['v1']).toEqual({
      name: 'v1',
      size: 2007,
      last_modified: 'Sun, 01 Nov 2026 11:00:00 -0000',
      manifest_digest: open().digests['bad'],
    });
    expect(whole.tags['latest']).toMatchObject({ size: null });
    expect(await ask('/team/shop?includeTags=false')).not.toHaveProperty('tags');
  });

  test.each(REFUSED)(
    'GET /api/v1/repository$path answers $status as Quay does: $why',
    async ({ path, status, type }) => {
      const { send, root, url } = open();
      const answer = await send('GET', `/api/v1/repository${fill(path)}`, { as: root });
      expect(answer.status, answer.text).toBe(status);
      const body = answer.json<{ detail: string }>();
      expect(body).toEqual({
        ...{ detail: body.detail, error_message: body.detail, error_type: type, title: type, status },
        type: `${url}/api/v1/error/${type}`,
      });
    },
  );

  describe('who asks', () => {
    test('a bearer token, the key as a password, or nobody; and only what one may see', async () => {
      const { send, root, viewer, digests } = open();
      const path = `/api/v1/repository/team/shop/manifest/${digests['bad']}/security`;
      const nobody = await send('GET', path);
      expect(nobody.status).toBe(401);
      expect(nobody.json()).toMatchObject({ error_type: 'invalid_token' });
      expect((await send('GET', path, { as: { authorization: 'Bearer plk_wrong' } })).status).toBe(401);
      const key = (root['authorization'] ?? '').replace('Bearer ', '');
      const basic = `Basic ${Buffer.from(`$oauthtoken:${key}`).toString('base64')}`;
      expect((await send('GET', path, { as: { authorization: basic } })).status).toBe(200);
      expect((await send('GET', path, { as: viewer })).status).toBe(200);
      const hidden = `/api/v1/repository/other/manifest/${digests['hidden']}/security`;
      expect((await send('GET', hidden, { as: viewer })).status).toBe(404);
      expect((await send('GET', hidden, { as: root })).status).toBe(200);
      const { repositories } = await ask<{ repositories: object[] }>('?public=true', viewer);
      expect(repositories.length).toBe(3);
    });
  });
}
