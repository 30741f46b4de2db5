/** What single documents of the native API promise, and what does not have to be sent again. */
import { describe, expect, test } from 'vitest';
import { MISSING } from './content.ts';
import type { Page, ReadWorld } from './world.ts';

interface Totals {
  readonly images: number;
  readonly scannedImages: number;
  readonly vulnerableImages: number;
  readonly undeterminedImages: number;
  readonly tags: number;
  readonly scannedTags: number;
  readonly vulnerableTags: number;
  readonly critical: number;
  readonly high: number;
  readonly medium: number;
  readonly low: number;
  readonly negligible: number;
  readonly unknown: number;
}
interface Manifest {
  readonly kind: string;
  readonly scan: { readonly state: string; readonly worst: string | null } | null;
  readonly children: readonly { readonly digest: string; readonly scan: unknown }[];
}

const FORMATS: readonly {
  readonly what: string;
  readonly format: string;
  readonly type: string;
  readonly has: RegExp;
}[] = [
  { what: 'report', format: 'table', type: 'text/plain; charset=utf-8', has: /CVE-2024-0001/ },
  { what: 'report', format: 'json', type: 'application/json', has: /"CVE-2024-0001"/ },
  { what: 'report', format: 'sarif', type: 'application/sarif+json', has: /"version": ?"2\.1\.0"/ },
  {
    what: 'report',
    format: 'cyclonedx-json',
    type: 'application/vnd.cyclonedx+json; version=1.6',
    has: /CVE-2024-0001/,
  },
  { what: 'report', format: 'spdx-json', type: 'application/spdx+json', has: /SPDXRef-/ },
  { what: 'report', format: 'junit', type: 'application/xml', has: /<testsuite/ },
  { what: 'report', format: 'html', type: 'text/html; charset=utf-8', has: /<html/ },
  { what: 'report', format: 'markdown', type: 'text/markdown; charset=utf-8', has: /CVE-2024-0001/ },
  { what: 'sbom', format: 'table', type: 'text/plain; charset=utf-8', has: /lodash/ },
  { what: 'sbom', format: 'json', type: 'application/json', has: /"lodash"/ },
  {
    what: 'sbom',
    format: 'cyclonedx-json',
    type: 'application/vnd.cyclonedx+json; version=1.6',
    has: /"bomFormat": ?"CycloneDX"/,
  },
  { what: 'sbom', format: 'spdx-json', type: 'application/spdx+json', has: /"spdxVersion"/ },
  { what: 'sbom', format: 'purl-list', type: 'text/plain; charset=utf-8', has: /^pkg:npm\/lodash@4\.17\.20$/m },
];

/** Adds the tests. */
export function detailSuite(open: () => ReadWorld): void {
  test('a manifest is told in every state; an index with its children, read or not', async () => {
    const world = open();
    const read = (name: string) =>
      world.read<Manifest>('/api/v1/manifests/{digest}', `/api/v1/manifests/${world.digests[name]}`);
    expect(await read('bad')).toMatchObject({ kind: 'image', scan: { state: 'scanned', worst: 'CRITICAL' } });
    expect(await read('odd')).toMatchObject({ scan: { state: 'scanned', worst: 'UNKNOWN' } });
    expect(await read('low')).toMatchObject({ scan: { state: 'failed', worst: 'NEGLIGIBLE' } });
    expect(await read('clean')).toMatchObject({ scan: { state: 'scanned', worst: null, counts: { undetermined: 1 } } });
    expect(await read('huge')).toMatchObject({ scan: { state: 'layer-too-large', worst: null } });
    expect(await read('chart')).toMatchObject({ kind: 'unsupported', unsupportedReason: 'A layer is a Helm chart' });
    const index = await read('index');
    expect(index).toMatchObject({ kind: 'index', scan: null });
    expect(index.children.map(({ digest, scan }) => [digest, scan === null])).toEqual([
      [world.digests['bad'], false],
      [world.digests['low'], false],
      [MISSING, true],
    ]);
  });

  test('documents of an image and a weakness are what the document of the API says', async () => {
    const world = open();
    const at = (rest: string, name = 'bad', query = '') =>
      world.read<Page<Record<string, unknown>>>(
        `/api/v1/images/{digest}/${rest}`,
        `/api/v1/images/${world.digests[name]}/${rest}${query}`,
      );
    expect((await at('layers')).items).toMatchObject([
      { position: 0, packageCount: 1 },
      { position: 1, packageCount: 1 },
    ]);
    expect((await at('upgrades')).items).toMatchObject([{ name: 'lodash', version: '4.17.90', fixedCount: 1 }]);
    expect(await at('coverage', 'clean')).toMatchObject({ undetermined: [{ named: ['requests 2.0'] }] });
    expect(await at('coverage', 'waiting')).toBeNull();
    expect(await at('compare', 'bad', `?with=${world.digests['meh']}`)).toMatchObject({
      gone: [{ id: 'CVE-2024-0002' }],
      new: [],
      inBoth: 2,
    });
    const vulnerability = '/api/v1/vulnerabilities/{vulnerabilityId}';
    for (const name of ['CVE-2024-0002', 'cve-2024-0002', 'GHSA-aaaa-aaaa-aaaa']) {
      expect(await world.read(vulnerability, `/api/v1/vulnerabilities/${name}`)).toMatchObject({
        id: 'CVE-2024-0002',
        severity: 'CRITICAL',
        isKnownExploited: true,
        epss: { probability: 0.25 },
        images: 2,
      });
    }
    const images = await world.read<Page<{ packages: readonly object[] }>>(
      `${vulnerability}/images`,
      '/api/v1/vulnerabilities/CVE-2024-0001/images',
    );
    expect(images.items[0]?.packages).toMatchObject([{ name: 'curl', severity: 'HIGH', fix: { version: null } }]);
    const database = await world.read<{ current: object }>(
      '/api/v1/vulnerability-database',
      '/api/v1/vulnerability-database',
    );
    expect(database).toMatchObject({ current: { id: 1 }, pending: null, isBuilding: false });
    const history = `/api/v1/registries/${world.one.registryId}/tags/old/history?repository=team/shop`;
    const lives = await world.read<Page<object>>('/api/v1/registries/{registryId}/tags/{tag}/history', history);
    expect(lives.items).toMatchObject([{ digest: world.digests['gone'], endedAt: '2026-11-02T10:00:00.000Z' }]);
  });

  test('totals by digest and by tag agree with the lists, for registries, repositories and the overview', async () => {
    const world = open();
    const { items } = await world.read<Page<{ id: string; totals: Totals }>>(
      '/api/v1/registries',
      '/api/v1/registries',
    );
    for (const { id, totals } of items) {
      const list = async (more: string) =>
        (await world.read<Page<object>>('/api/v1/images', `/api/v1/images?registry=${id}&limit=500${more}`)).items
          .length;
      expect(totals.images).toBe(await list(''));
      expect(totals.vulnerableImages).toBe(await list('&severity=UNKNOWN'));
      expect(totals.critical).toBe(await list('&severity=CRITICAL'));
      expect(totals.critical + totals.high).toBe(await list('&severity=HIGH'));
      expectConsistent(totals);
    }
    expect(items.find(({ id }) => id === world.one.registryId)?.totals).toMatchObject({
      images: 11,
      scannedImages: 6,
      vulnerableImages: 5,
      critical: 2,
      high: 1,
      negligible: 1,
      unknown: 1,
      tags: 12,
      scannedTags: 7,
      vulnerableTags: 6,
    });
    const places = await world.read<Page<{ totals: Totals }>>('/api/v1/repositories', '/api/v1/repositories?limit=500');
    for (const { totals } of places.items) expectConsistent(totals);
    const overview = await world.read<{ totals: Totals }>('/api/v1/overview', '/api/v1/overview');
    expect(overview.totals).toMatchObject({ images: 13, scannedImages: 8, vulnerableImages: 6, failedImages: 2 });
    const mine = await world.read<{ totals: Totals }>('/api/v1/overview', '/api/v1/overview', world.viewer);
    expect(mine.totals).toMatchObject({ images: 11, scannedImages: 6, vulnerableImages: 5 });
  });

  describe.each(FORMATS)('$what as $format', ({ what, format, type, has }) => {
    test('is a document of its type, named after the image', async () => {
      const { send, digests, root } = open();
      const path = `/api/v1/images/${digests['bad']}/${what}?format=${format}`;
      const answer = await send('GET', path, { as: root });
      expect(answer.status, answer.text).toBe(200);
      const plain = (text: string | null) => text?.replaceAll('"', '').split('; charset')[0];
      expect(plain(answer.headers.get('content-type'))).toBe(plain(type));
      expect(answer.headers.get('content-disposition')).toMatch(/^inline; filename="sha256-[0-9a-f]{17}\.[a-z.]+"$/);
      expect(answer.text).toMatch(has);
      if (/json/.test(type)) expect(() => answer.json()).not.toThrow();
      // Of an image whose packages nobody can judge, too.
      expect((await send('GET', path.replace(digests['bad'] ?? '', digests['clean'] ?? ''), { as: root })).status).toBe(
        200,
      );
    });
  });

  test('what the client has is not sent again, until it is another', async () => {
    const { send, root, viewer, one, digests } = open();
    const fields = {
      namespaceId: one.namespaceId,
      name: 'changing',
      type: 'docker-v2',
      url: 'https://registry.example',
    };
    const made = await send('POST', '/api/v1/registries', { as: root, body: fields });
    const registry = `/api/v1/registries/${made.json<{ id: string }>().id}`;
    for (const path of ['/api/v1/images', registry, `/api/v1/images/${digests['bad']}/sbom?format=purl-list`]) {
      const first = await send('GET', path, { as: root });
      const etag = first.headers.get('etag') ?? '';
      expect(etag).toMatch(path === registry ? /^"r\d+\.[\w-]{22}"$/ : /^W\/"[\w-]{22}"$/);
      expect(first.headers.get('cache-control')).toBe('private, no-cache');
      const again = await send('GET', path, { as: root, headers: { 'if-none-match': `"other", ${etag}` } });
      expect([again.status, again.text, again.headers.get('etag')]).toEqual([304, '', etag]);
      const changed = await send('GET', path, { as: root, headers: { 'if-none-match': '"other"' } });
      expect([changed.status, changed.text]).toEqual([200, first.text]);
    }
    const all = (await send('GET', '/api/v1/images', { as: root })).headers.get('etag') ?? '';
    const fewer = await send('GET', '/api/v1/images', { as: viewer, headers: { 'if-none-match': all } });
    expect(fewer.status).toBe(200);
    // The ETag that was read is the revision to change.
    const read = await send('GET', registry, { as: root });
    const change = (etag: string) =>
      send('PATCH', registry, { as: root, body: { labels: { seen: 'yes' } }, headers: { 'if-match': etag } });
    const changed = await change(read.headers.get('etag') ?? '');
    expect(changed.status, changed.text).toBe(200);
    expect((await change(read.headers.get('etag') ?? '')).status).toBe(412);
    expect(
      (await send('GET', registry, { as: root, headers: { 'if-none-match': read.headers.get('etag') ?? '' } })).status,
    ).toBe(200);
    expect((await send('DELETE', registry, { as: root })).status).toBeLessThan(300);
  });
}

function expectConsistent(totals: Totals): void {
  const { critical, high, medium, low, negligible, unknown } = totals;
  expect(critical + high + medium + low + negligible + unknown).toBe(totals.vulnerableImages);
  expect(totals.vulnerableImages + totals.undeterminedImages).toBeLessThanOrEqual(totals.scannedImages);
  expect(totals.scannedImages).toBeLessThanOrEqual(totals.images);
  expect(totals.vulnerableTags).toBeLessThanOrEqual(totals.scannedTags);
  expect(totals.scannedTags).toBeLessThanOrEqual(totals.tags);
}
