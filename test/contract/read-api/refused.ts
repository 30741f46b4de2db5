/** What the native API refuses, with which sentence, and what it does not find. */
import { expect, test } from 'vitest';
import { MISSING } from './content.ts';
import type { ReadWorld } from './world.ts';

const forged = (position: unknown) => Buffer.from(JSON.stringify(position)).toString('base64url');
const PAGED = [
  '/api/v1/images',
  '/api/v1/packages',
  '/api/v1/vulnerabilities',
  '/api/v1/registries',
  '/api/v1/repositories',
  '/api/v1/schedules',
  '/api/v1/runs',
  '/api/v1/images/:bad/findings',
  '/api/v1/images/:bad/packages',
  '/api/v1/vulnerabilities/CVE-2024-0001/images',
  '/api/v1/registries/:one/repositories',
  '/api/v1/registries/:one/tags?repository=flat',
];

/** Query, and what the sentence about it says. */
const WRONG: readonly { readonly path: string; readonly says: RegExp }[] = [
  ...PAGED.flatMap(path => [
    { path: `${path}?limit=0`, says: /limit/ },
    { path: `${path}?limit=501`, says: /limit/ },
    { path: `${path}?limit=many`, says: /limit/ },
    { path: `${path}?cursor=garbage`, says: /cursor is not one of this list/ },
    { path: `${path}?cursor=${forged(['x', 'y', 'z', 'a'])}`, says: /cursor is not one of this list/ },
    { path: `${path}?cursor=${forged({ name: 7 })}`, says: /cursor is not one of this list/ },
  ]),
  { path: `/api/v1/images?sort=scanned&cursor=${forged(['2026-99-99', '1'])}`, says: /cursor/ },
  { path: `/api/v1/images?sort=worst&cursor=${forged(['99999999999', '1', '1', '1'])}`, says: /cursor/ },
  { path: `/api/v1/packages?cursor=${forged(['a', 'b', 1.5])}`, says: /cursor/ },
  { path: `/api/v1/repositories?cursor=${forged(['a', 1e300])}`, says: /cursor/ },
  { path: '/api/v1/images?sort=worse', says: /sort/ },
  { path: '/api/v1/images?severity=BAD', says: /severity/ },
  { path: '/api/v1/images?fixable=maybe', says: /fixable/ },
  { path: '/api/v1/images?registry=here', says: /registry/ },
  { path: '/api/v1/images?registry=a&registry=b', says: /registry/ },
  { path: '/api/v1/images?namespace=here', says: /namespace/ },
  { path: '/api/v1/images?state=fine', says: /state/ },
  { path: '/api/v1/images?scannedAfter=yesterday', says: /scannedAfter/ },
  { path: '/api/v1/images?scannedBefore=0000-01-01T00:00:00Z', says: /calendar/ },
  { path: '/api/v1/images?q=a%00b', says: /NUL/ },
  { path: '/api/v1/images?package=a%00b', says: /NUL/ },
  { path: '/api/v1/images?cve=%00', says: /NUL/ },
  { path: `/api/v1/images?q=${'x'.repeat(301)}`, says: /"q"/ },
  { path: '/api/v1/images?q=%20', says: /"q"/ },
  { path: '/api/v1/images/sha256:abc/findings', says: /digest/ },
  { path: '/api/v1/manifests/latest', says: /digest/ },
  { path: '/api/v1/images/:bad/findings?layer=99999999999', says: /layer/ },
  { path: '/api/v1/images/:bad/findings?severity=HIGH&severity=BAD', says: /severity/ },
  { path: '/api/v1/images/:bad/findings?waived=some', says: /waived/ },
  { path: '/api/v1/images/:bad/packages?sort=size', says: /sort/ },
  { path: '/api/v1/images/:bad/compare', says: /with/ },
  { path: '/api/v1/images/:bad/report?format=pdf', says: /format/ },
  { path: '/api/v1/images/:bad/sbom?format=sarif', says: /format/ },
  { path: '/api/v1/packages?vulnerable=perhaps', says: /vulnerable/ },
  { path: '/api/v1/vulnerabilities?severity=high', says: /severity/ },
  { path: '/api/v1/registries/mine', says: /registryId/ },
  { path: '/api/v1/registries/:one/tags', says: /repository/ },
  { path: '/api/v1/overview?days=0', says: /days/ },
  { path: '/api/v1/overview?namespace=here', says: /namespace/ },
];

const NOWHERE = '00000000-0000-4000-8000-000000000000';
const UNKNOWN: readonly string[] = [
  ...['manifests/:missing', 'images/:missing/findings', 'images/:missing/packages', 'images/:missing/layers'],
  ...['images/:missing/coverage', 'images/:missing/report', 'images/:missing/sbom', 'images/:missing/upgrades'],
  ...['images/:bad/compare?with=:missing', 'images/:bad/compare?with=:waiting', 'images/:waiting/report'],
  ...['images/:waiting/sbom', 'images/:waiting/upgrades', 'manifests/:gone', 'vulnerabilities/CVE-1999-0001'],
  ...[`registries/${NOWHERE}`, `registries/${NOWHERE}/repositories`, `registries/${NOWHERE}/tags?repository=flat`],
  ...['registries/:one/tags?repository=none', `schedules/${NOWHERE}`, `runs/${NOWHERE}`, 'nothing/of/the/kind'],
];

/** Adds the tests. */
export function refusedSuite(open: () => ReadWorld): void {
  /** `:one` is a registry, `:missing` a digest of nothing, other names are digests of what is there. */
  const fill = (path: string) => {
    const { digests, one } = open();
    const [first = '', ...more] = path.split('?');
    const text = [first, more.join('&')].filter(part => part !== '').join('?');
    return text.replace(/:([a-z]+)\b/g, (whole, name: string) =>
      name === 'one' ? one.registryId : name === 'missing' ? MISSING : (digests[name] ?? whole),
    );
  };

  test.each(WRONG)('$path is refused with a sentence', async ({ path, says }) => {
    const answer = await open().send('GET', fill(path), { as: open().root });
    expect(answer.status, answer.text).toBe(422);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    const { code, detail } = answer.json<{ code: string; detail: string }>();
    expect(code).toBe('REQUEST_INVALID');
    expect(detail).toMatch(says);
    expect(detail).toMatch(/^Cannot [^\n]{10,300}$/);
  });

  test.each(UNKNOWN)('%s is not found, with a sentence', async path => {
    const answer = await open().send('GET', fill(`/api/v1/${path}`), { as: open().root });
    expect(answer.status, answer.text).toBe(404);
    expect(answer.json()).toMatchObject({ code: 'NOT_FOUND', detail: expect.stringMatching(/^[A-Z][^\n]{10,300}$/) });
  });

  test('what is in a namespace into which one may not look is not found either', async () => {
    const { digests, viewer } = open();
    for (const path of [
      'manifests/:hidden',
      'images/:hidden/findings',
      'images/:hidden/sbom',
      'images/:clean/report',
    ]) {
      const answer = await open().send('GET', fill(`/api/v1/${path}`), { as: viewer });
      expect(answer.status, path).toBe(404);
    }
    expect(digests['hidden']).toBeDefined();
  });
}
