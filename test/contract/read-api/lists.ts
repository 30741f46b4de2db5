/** What lists of the native API promise: filters, orders, and pages whose union is the list. */
import { describe, expect, test } from 'vitest';
import type { Page, ReadWorld } from './world.ts';

interface Image {
  readonly digest: string;
}
interface Row {
  readonly path: (world: ReadWorld) => string;
  readonly expected: readonly string[];
  readonly why: string;
}

const images = (query: string, expected: readonly string[], why: string): Row => ({
  path: () => `/api/v1/images?${query}`,
  expected,
  why,
});
/** All that are seen, the worst first. */
const ALL = [
  'bad',
  'ten',
  'meh',
  'odd',
  'low',
  'chart',
  'huge',
  'broken',
  'queued',
  'waiting',
  'hidden',
  'empty',
  'clean',
];

const IMAGE_FILTERS: readonly Row[] = [
  images('severity=CRITICAL', ['bad', 'hidden', 'ten'], 'critical'),
  images('severity=HIGH', ['bad', 'hidden', 'meh', 'ten'], 'high or worse'),
  images('severity=MEDIUM', ['bad', 'hidden', 'meh', 'ten'], 'nothing is medium, worse is'),
  images('severity=NEGLIGIBLE', ['bad', 'hidden', 'low', 'meh', 'ten'], 'unknown is no severity above it'),
  images('severity=UNKNOWN', ['bad', 'hidden', 'low', 'meh', 'odd', 'ten'], 'any finding at all'),
  images('fixable=true', ['bad', 'hidden'], 'with a fix'),
  images('fixable=false&severity=UNKNOWN', ['low', 'meh', 'odd', 'ten'], 'findings, and no fix'),
  images('exploited=true', ['bad', 'hidden'], 'known to be exploited'),
  images('package=lodash', ['bad', 'hidden', 'meh'], 'a package in any version'),
  images('package=lodash&version=4.17.99', ['meh'], 'a package in one'),
  images('package=loda', [], 'names of packages are whole'),
  images('cve=cve-2024-0001', ['bad', 'meh'], 'a weakness in any capitals'),
  images('cve=GHSA-aaaa-aaaa-aaaa', ['bad', 'hidden'], 'a weakness by an alias'),
  images('state=failed', ['broken', 'low'], 'failed ones, also those with an older report'),
  images('state=layer-too-large', ['huge'], 'too large'),
  images('state=unsupported', ['chart'], 'not to be scanned'),
  images('state=queued', ['queued'], 'waiting for a scan'),
  images('scannedBefore=2026-11-21T00:00:00Z', ['odd'], 'scanned before'),
  images('scannedAfter=2026-11-21T00:00:00Z&severity=HIGH', ['bad', 'hidden', 'meh', 'ten'], 'scanned since'),
  images('repository=flat', ['empty', 'odd'], 'a repository'),
  images('repository=team/shop&q=TWO', ['clean'], 'text in the name of a tag'),
  images('q=team%2Fcopy', ['bad'], 'text in the name of a repository'),
  images('q=latest', ['bad', 'low'], 'the tag of an index counts for what it lists'),
  images('q=%25', [], 'a percent sign is one'),
  {
    path: ({ one }) => `/api/v1/images?registry=${one.registryId}&cve=CVE-2024-0002`,
    expected: ['bad'],
    why: 'a registry',
  },
  {
    path: ({ two }) => `/api/v1/images?namespace=${two.namespaceId}`,
    expected: ['clean', 'hidden', 'low'],
    why: 'a namespace',
  },
  {
    path: ({ digests }) => `/api/v1/images?q=${digests['ten']?.slice(0, 20)}`,
    expected: ['ten'],
    why: 'how the digest begins',
  },
];

/** Lists that page, each with the orders that it has; `key` tells rows apart. */
const LISTS: readonly {
  readonly template: string;
  readonly path?: (world: ReadWorld) => string;
  readonly sorts?: readonly string[];
  readonly size: number;
}[] = [
  { template: '/api/v1/images', sorts: ['worst', 'scanned', 'size', 'name'], size: 13 },
  { template: '/api/v1/packages', size: 7 },
  { template: '/api/v1/vulnerabilities', sorts: ['worst', 'epss', 'name'], size: 5 },
  { template: '/api/v1/registries', size: 3 },
  { template: '/api/v1/repositories', path: () => '/api/v1/repositories?q=t', size: 5 },
  {
    template: '/api/v1/images/{digest}/findings',
    path: ({ digests }) => `/api/v1/images/${digests['bad']}/findings`,
    sorts: ['severity', 'package', 'name'],
    size: 3,
  },
  {
    template: '/api/v1/images/{digest}/packages',
    path: ({ digests }) => `/api/v1/images/${digests['bad']}/packages`,
    sorts: ['severity', 'name'],
    size: 2,
  },
  {
    template: '/api/v1/vulnerabilities/{vulnerabilityId}/images',
    path: () => '/api/v1/vulnerabilities/GHSA-bbbb-bbbb-bbbb/images',
    sorts: ['worst', 'scanned', 'size', 'name'],
    size: 4,
  },
  {
    template: '/api/v1/registries/{registryId}/repositories',
    path: ({ one }) => `/api/v1/registries/${one.registryId}/repositories`,
    size: 3,
  },
  {
    template: '/api/v1/registries/{registryId}/tags',
    path: ({ one }) => `/api/v1/registries/${one.registryId}/tags?repository=team/shop`,
    size: 9,
  },
];

/** Adds the tests. */
export function listSuite(open: () => ReadWorld): void {
  const nameOf = (digest: string) => Object.entries(open().digests).find(([, one]) => one === digest)?.[0] ?? digest;
  const query = (path: string, more: string) => `${path}${path.includes('?') ? '&' : '?'}${more}`;

  test.each(IMAGE_FILTERS)('images: $why', async ({ path, expected }) => {
    const { items } = await open().read<Page<Image>>('/api/v1/images', path(open()));
    expect(items.map(({ digest }) => nameOf(digest)).sort()).toEqual(expected);
  });

  describe.each(LISTS)('$template', ({ template, path = () => template, sorts = [], size }) => {
    test.each(sorts.length === 0 ? [''] : sorts)(
      'pages are the list, nothing twice, whatever their length; order: %s',
      async sort => {
        const world = open();
        const base = query(path(world), sort === '' ? 'limit=500' : `sort=${sort}&limit=500`);
        const whole = await world.read<Page<object>>(template, base);
        expect(whole.nextCursor).toBeNull();
        expect(whole.items.length).toBe(size);
        for (const limit of size > 5 ? [1, 4, size] : [1, size]) {
          const seen: object[] = [];
          let cursor: string | null = null;
          do {
            const here: string = base.replace('limit=500', `limit=${limit}`);
            const page: Page<object> = await world.read(
              template,
              cursor === null ? here : query(here, `cursor=${cursor}`),
            );
            expect(page.items.length).toBeLessThanOrEqual(limit);
            seen.push(...page.items);
            cursor = page.nextCursor;
          } while (cursor !== null);
          expect(seen).toEqual(whole.items);
        }
        expect(new Set(whole.items.map(one => JSON.stringify(one))).size).toBe(size);
      },
    );
  });

  test('the worst images come first, largest by size, newest by scan, by the alphabet by name', async () => {
    const list = async (sort: string) =>
      (await open().read<Page<Image>>('/api/v1/images', `/api/v1/images?sort=${sort}`)).items.map(({ digest }) =>
        nameOf(digest),
      );
    expect((await list('worst')).slice(0, 4).sort()).toEqual(['bad', 'hidden', 'meh', 'ten'].sort());
    expect((await list('worst'))[3]).toBe('meh');
    expect((await list('scanned')).indexOf('odd')).toBe(7);
    expect((await list('name'))[0]).toMatch(/odd|empty/);
    expect([...(await list('name'))].sort()).toEqual([...ALL].sort());
    const sizes = (await open().read<Page<{ sizeBytes: number }>>('/api/v1/images', '/api/v1/images?sort=size')).items;
    expect(sizes.map(({ sizeBytes }) => sizeBytes)).toEqual(
      sizes.map(({ sizeBytes }) => sizeBytes).toSorted((a, b) => b - a),
    );
  });

  const others: readonly { template: string; query: string; names: readonly string[]; why: string }[] = [
    { template: '/api/v1/packages', query: 'q=LOD', names: ['lodash', 'lodash'], why: 'text in the name' },
    { template: '/api/v1/packages', query: 'name=lodash&version=4.17.99', names: ['lodash'], why: 'name and version' },
    { template: '/api/v1/packages', query: 'type=deb', names: ['curl'], why: 'an ecosystem' },
    { template: '/api/v1/packages', query: 'vulnerable=false', names: ['requests'], why: 'without findings' },
    { template: '/api/v1/packages', query: 'repository=flat', names: ['odd'], why: 'a repository' },
    {
      template: '/api/v1/vulnerabilities',
      query: 'severity=CRITICAL',
      names: ['CVE-2024-0002', 'CVE-2024-0010'],
      why: 'at least critical',
    },
    {
      template: '/api/v1/vulnerabilities',
      query: 'exploited=true',
      names: ['CVE-2024-0002'],
      why: 'known to be exploited',
    },
    { template: '/api/v1/vulnerabilities', query: 'fixable=true', names: ['CVE-2024-0002'], why: 'with a fix' },
    { template: '/api/v1/vulnerabilities', query: 'q=of%20curl', names: ['CVE-2024-0001'], why: 'text in the title' },
    { template: '/api/v1/vulnerabilities', query: 'q=ghsa-aaaa', names: ['CVE-2024-0002'], why: 'text in an alias' },
    {
      template: '/api/v1/vulnerabilities',
      query: 'repository=flat',
      names: ['GHSA-cccc-cccc-cccc'],
      why: 'a repository',
    },
    { template: '/api/v1/repositories', query: 'q=SHOP', names: ['team/shop', 'team/shop'], why: 'text in the name' },
    { template: '/api/v1/repositories', query: 'q=_', names: [], why: 'an underscore is one' },
  ];
  test.each(others)('$template?$query: $why', async ({ template, query: filter, names }) => {
    const { items } = await open().read<Page<{ name?: string; id?: string }>>(template, `${template}?${filter}`);
    expect(items.map(({ id, name }) => id ?? name).sort()).toEqual(names);
  });

  test('findings of an image: each filter', async () => {
    const world = open();
    const path = `/api/v1/images/${world.digests['bad']}/findings`;
    const names = async (filter: string) =>
      (await world.read<Page<{ id: string }>>('/api/v1/images/{digest}/findings', `${path}?${filter}`)).items.map(
        ({ id }) => id,
      );
    expect(await names('')).toEqual(['CVE-2024-0002', 'CVE-2024-0001', 'GHSA-bbbb-bbbb-bbbb']);
    expect(await names('severity=HIGH&severity=NEGLIGIBLE')).toEqual(['CVE-2024-0001', 'GHSA-bbbb-bbbb-bbbb']);
    expect(await names('severity=HIGH')).toEqual(['CVE-2024-0001']);
    expect(await names('fixable=true')).toEqual(['CVE-2024-0002']);
    expect(await names('exploited=false')).toEqual(['CVE-2024-0001', 'GHSA-bbbb-bbbb-bbbb']);
    expect(await names('package=curl')).toEqual(['CVE-2024-0001']);
    expect(await names('layer=1')).toEqual(['CVE-2024-0002', 'GHSA-bbbb-bbbb-bbbb']);
    expect(await names('layer=-1')).toEqual([]);
    expect(await names('q=CURL')).toEqual(['CVE-2024-0001']);
    expect(await names('waived=only')).toEqual([]);
  });

  test('registries, scan jobs, runs and repositories of one namespace, or none where one may not look', async () => {
    const world = open();
    const { one, two, viewer } = world;
    for (const [namespace, person, count] of [
      [one.namespaceId, world.root, 1],
      [two.namespaceId, world.root, 1],
      [one.namespaceId, viewer, 1],
      [two.namespaceId, viewer, 0],
      [crypto.randomUUID(), world.root, 0],
    ] as const) {
      const path = `/api/v1/registries?namespace=${namespace}`;
      const { items } = await world.read<Page<{ namespaceId: string }>>('/api/v1/registries', path, person);
      expect(items.length).toBe(count);
      expect(items.every(({ namespaceId }) => namespaceId === namespace)).toBe(true);
    }
    for (const list of ['schedules', 'runs', 'repositories', 'images', 'packages', 'vulnerabilities', 'overview']) {
      const path = `/api/v1/${list}`;
      const foreign = await world.read<Partial<Page<object>>>(path, `${path}?namespace=${two.namespaceId}`, viewer);
      expect(foreign.items ?? []).toEqual([]);
    }
    const wide = `/api/v1/registries/${world.wide.registryId}/repositories?q=R10`;
    const found = await world.read<Page<{ name: string }>>('/api/v1/registries/{registryId}/repositories', wide);
    expect(found.items.map(({ name }) => name)).toEqual([
      'wide/r100',
      'wide/r101',
      'wide/r102',
      'wide/r103',
      'wide/r104',
      'wide/r105',
    ]);
  });

  test('names that one may not see are not looked into', async () => {
    const world = open();
    // The image is seen in another repository; that this one has it is nobody's business.
    const find = async (q: string) =>
      (await world.read<Page<Image>>('/api/v1/images', `/api/v1/images?q=${q}`, world.viewer)).items.map(({ digest }) =>
        nameOf(digest),
      );
    expect(await find('other')).toEqual([]);
    expect(await find('xylo')).toEqual([]);
    expect(await find('copy')).toEqual(['bad']);
  });
}
