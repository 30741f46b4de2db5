/** What is wrong in images, and what to do: in a browser, from a tag down to a weakness and back to every image that has it. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeImage, makeLayer, writeOciLayout } from '../../fixtures/image-builder.ts';
import { scratchFolder } from '../../fixtures/scratch-folder.ts';
import {
  expectAccessible,
  expectEachAccessible,
  scanEverything,
  signIn,
  startWebWorld,
  type WebWorld,
  whyNoBrowser,
} from '../../fixtures/web-world.ts';
import { buildZip } from '../../fixtures/zip-builder.ts';

const run = promisify(execFile);
const isPossible = whyNoBrowser() === undefined;
const SHARED = resolve(process.env['PLIMSOLL_SHARED'] ?? resolve(import.meta.dirname, '../../../../shared'), 'data');
/** As long as everything else in a browser is waited for. */
const PATIENT = { timeout: 60_000 };
const HOSTILE = '<img src=x onerror="window.hacked=1">';

interface TagJson {
  readonly name: string;
  readonly digest: string;
  readonly children: readonly { readonly digest: string; readonly platform: { readonly architecture: string } }[];
}

describe.skipIf(!isPossible)('security pages', () => {
  let world: WebWorld;
  let page: Page;
  let registryId = '';
  const tagsOf = async (repository: string) => {
    const path = `/api/v1/registries/${registryId}/tags?repository=${encodeURIComponent(repository)}`;
    return ((await world.call('GET', path)) as { items: TagJson[] }).items;
  };
  const digestOf = async (repository: string) => (await tagsOf(repository))[0]?.digest ?? '';

  beforeAll(async () => {
    world = await startWebWorld();
    await world.importAdvisories();
    await addLargeImage(world);
    await addOldImage(world);
    registryId = await scanEverything(world);
    page = await world.open();
    await signIn(page);
  }, 300_000);
  afterAll(() => world?.[Symbol.asyncDispose]());

  test('from the overview to what needs attention', { timeout: 180_000 }, async () => {
    await page.goto('/overview');
    await page.getByRole('link', { name: /known to be exploited/ }).click();
    await page.getByRole('heading', { name: 'Images', level: 1 }).waitFor();
    expect(new URL(page.url()).search).toBe('?exploited=true');
    await page.getByRole('link', { name: 'team/app/backend:1.0' }).first().waitFor();
    await expectAccessible(page);
  });

  test('from a tag to its child manifests, to a report, to a weakness', { timeout: 180_000 }, async () => {
    await page.goto('/repositories');
    await page.getByLabel('Search repositories').fill('many');
    // Rows move when the answer is here; who clicks before may click on nothing.
    await page.getByRole('link', { name: 'base/clean' }).waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'base/many' }).click();
    await page.getByRole('button', { name: /^See child manifests/ }).click();
    const children = page.getByRole('grid', { name: 'Child manifests of v1' });
    await children.getByRole('link', { name: 'linux/amd64', exact: true }).waitFor();
    await expectAccessible(page);
    await children.getByRole('link', { name: /Critical.*in v1 on linux\/arm64$/ }).click();
    await page.getByRole('heading', { name: 'base/many:v1', level: 1 }).waitFor();
    await page.getByText('linux/arm64').first().waitFor();
    await page.getByRole('heading', { name: /^\d findings in 3 packages$/ }).waitFor();

    // The worst is first, whatever else is there.
    const rows = page.getByRole('grid', { name: 'Findings' }).locator('tbody');
    expect(await rows.first().textContent()).toMatch(/Critical\s*CVE-2024-1001/);
    await rows.first().getByRole('button', { name: 'CVE-2024-1001', exact: true }).click();
    await page.getByText('In CISA’s catalogue since 2024-05-01').waitFor();
    await page.getByText('CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H').waitFor();
    await page.getByText('version 1.3.0 is older than 1.3.1, which has the fix').waitFor();
    await page.getByRole('list').getByText('https://github.com/advisories/GHSA-aaaa-bbbb-cccc').waitFor();
    await expectAccessible(page);
    await page.getByRole('link', { name: 'Other images that have CVE-2024-1001' }).click();
    await page.getByRole('heading', { name: 'CVE-2024-1001', level: 1 }).waitFor();
    await page.getByRole('link', { name: 'team/app/backend:1.0' }).waitFor();
    await expectAccessible(page);
  });

  test('nothing found in a release past its end is no pass', { timeout: 180_000 }, async () => {
    await page.goto(`/repositories/${registryId}/base/old`);
    const told = page.getByRole('link', { name: /^Passed, release no longer supported.*since 2020-11-01 in 3\.9$/ });
    await told.waitFor();
    await expectAccessible(page);
    await told.click();
    await page.getByRole('heading', { name: 'No longer supported' }).waitFor();
    await page.getByRole('heading', { name: 'No findings in 1 package' }).waitFor();
    await page.goto('/images?q=base/old');
    await page.getByRole('link', { name: /^Passed, release no longer supported/ }).waitFor();
  });

  test('filters of a report are part of its address, and sorting and upgrades are there', {
    timeout: 60_000,
  }, async () => {
    const digest = await digestOf('team/app/backend');
    await page.goto(`/images/${digest}`);
    const findings = page.getByRole('grid', { name: 'Findings' });
    await findings.getByText('CVE-2024-1002').waitFor();
    await page.getByText('Only fixable').click();
    await findings.getByText('CVE-2024-1002').waitFor({ state: 'detached' });
    await findings.getByText('CVE-2024-1001').waitFor();
    expect(new URL(page.url()).searchParams.get('fixable')).toBe('true');
    await page.reload();
    await findings.getByText('CVE-2024-1001').waitFor();
    expect(await findings.getByText('CVE-2024-1002').count()).toBe(0);
    await page.getByLabel('Search findings and packages').fill('nothing of the kind');
    await page.getByRole('heading', { name: 'No finding matches' }).waitFor();
    await page.goto(`/images/${digest}`);
    await findings.getByRole('button', { name: 'Package' }).click();
    await page.waitForURL(/sort=package/);
    await expect.poll(async () => await findings.locator('tbody').first().textContent(), PATIENT).toMatch(/left-pad/);
    await page.getByRole('list', { name: 'Upgrades' }).getByText('left-pad').first().waitFor();
  });

  test('packages, layers, details and downloads of an image', { timeout: 180_000 }, async () => {
    const digest = await digestOf('team/app/backend');
    await page.goto(`/images/${digest}`);
    await page.getByRole('tab', { name: 'Packages' }).click();
    const packages = page.getByRole('grid', { name: 'Packages' });
    expect(await packages.getByRole('row').nth(1).textContent()).toMatch(/left-pad/);
    await page.getByLabel('Search packages').fill('zlib');
    await packages.getByText('left-pad').first().waitFor({ state: 'detached' });
    await packages.getByText('1.3.1-r1').waitFor();
    await page.getByRole('tab', { name: 'Layers' }).click();
    await page.getByRole('grid', { name: 'Layers' }).getByRole('row').nth(2).waitFor();
    await page.getByRole('tab', { name: 'Details' }).click();
    await page.getByText(digest, { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Download' }).click();
    await page.getByRole('menuitem', { name: 'SARIF' }).waitFor();
    await expectAccessible(page);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: 'CycloneDX 1.6, JSON' }).click(),
    ]);
    expect(JSON.parse(readFileSync(await download.path(), 'utf8')).bomFormat).toBe('CycloneDX');
  });

  test('a report of 3,000 findings is as quick to scroll as a short one: a page of it is there at a time', {
    timeout: 90_000,
  }, async () => {
    const digest = await digestOf('team/large');
    await page.goto(`/images/${digest}`);
    await page.getByRole('heading', { name: '3,000 findings in 30 packages' }).waitFor();
    const rows = page.getByRole('grid', { name: 'Findings' }).locator('tbody');
    await rows.nth(49).waitFor();
    expect(await rows.count()).toBe(50);
    expect(await page.evaluate<number>('document.querySelectorAll("*").length')).toBeLessThan(5000);
    // What is not shown can be reached all the same: by paging, sorting and searching, at the server.
    const first = await rows.first().textContent();
    await page.getByRole('button', { name: 'Next page' }).click();
    await page.getByText('Page 2').waitFor();
    await expect.poll(async () => await rows.first().textContent(), PATIENT).not.toBe(first);
    await page.getByLabel('Search findings and packages').fill('large-29');
    await expect.poll(async () => await rows.first().textContent(), PATIENT).toMatch(/large-29/);
    await page.mouse.move(640, 400);
    await page.mouse.wheel(0, 20_000);
    await rows.last().getByRole('button', { name: 'Details' }).click();
    await page.getByText('version 1.0.0 is older than 1.0.1, which has the fix').waitFor();
  });

  test('two images side by side', { timeout: 180_000 }, async () => {
    const [index] = await tagsOf('base/many');
    const plain = index?.children.find(({ platform }) => platform.architecture === 'amd64')?.digest ?? '';
    const place = `registry=${registryId}&repository=base%2Fmany&tag=v1`;
    await page.goto(`/images/${plain}?${place}&tab=compare`);
    await page.getByRole('button', { name: 'v1 arm64' }).click();
    await page.getByRole('heading', { name: /^Worse: new \([1-9]/ }).waitFor();
    await page.getByRole('heading', { name: 'Better: gone (0)' }).waitFor();
    await page.getByRole('grid', { name: 'Packages that changed' }).getByText('left-pad').waitFor();
    await expectAccessible(page);
  });

  test('a CVE and a package are searched, and lead to images', { timeout: 180_000 }, async () => {
    await page.goto('/vulnerabilities');
    await page.getByLabel('Search an id, a title').fill('ghsa-aaaa');
    const found = page.getByRole('grid', { name: 'Vulnerabilities' });
    await found.getByText('CVE-2024-2003').waitFor({ state: 'detached' });
    await found.getByRole('link', { name: 'CVE-2024-1001' }).click();
    await page.getByRole('heading', { name: 'CVE-2024-1001', level: 1 }).waitFor();
    await page.goto('/packages?q=left');
    await page
      .getByRole('link', { name: /images? that (?:has|have) left-pad 1.3.0/ })
      .first()
      .click();
    await page.getByRole('heading', { name: 'Images', level: 1 }).waitFor();
    await page.getByRole('link', { name: 'team/app/backend:1.0' }).first().waitFor();
    await page.goto('/vulnerabilities/CVE-1999-0001');
    await page.getByRole('heading', { name: 'No image that you may see has CVE-1999-0001' }).waitFor();
  });

  test('the history of a tag, and a scan on demand', { timeout: 180_000 }, async () => {
    await page.goto(`/repositories/${registryId}/team/app/frontend`);
    await page.getByRole('button', { name: 'Actions for 2.1' }).click();
    await page.getByRole('menuitem', { name: 'History' }).click();
    const history = page.getByRole('dialog', { name: 'History of 2.1' });
    await history.getByRole('row').nth(1).waitFor();
    await expectAccessible(page);
    await history.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('button', { name: 'Actions for 2.1' }).click();
    await page.getByRole('menuitem', { name: 'Scan now' }).click();
    await page.getByText('A scan of team/app/frontend:2.1 is on its way').waitFor();
  });

  test('what images, tags and advisories say is text, whatever it looks like', { timeout: 180_000 }, async () => {
    const messages: string[] = [];
    const window = await world.open();
    window.on('console', message => messages.push(message.text()));
    await signIn(window);
    // The title of this advisory, and the label of this image.
    await window.goto('/vulnerabilities/CVE-2024-1001');
    await window.getByText('<script>alert(1)</script>').first().waitFor();
    await window.goto(`/images/${await digestOf('team/app/frontend')}?tab=details`);
    await window.getByText(HOSTILE).first().waitFor();
    // A strict registry has no such tags; one that is not may.
    await window.route('**/api/v1/registries/*/tags?*', async route => {
      const answer = await route.fetch();
      const body = (await answer.json()) as { items: TagJson[] };
      await route.fulfill({ json: { ...body, items: body.items.map(tag => ({ ...tag, name: HOSTILE })) } });
    });
    await window.goto(`/repositories/${registryId}/team/app/frontend`);
    await window.getByRole('link', { name: HOSTILE, exact: true }).click();
    await window.getByRole('heading', { name: `team/app/frontend:${HOSTILE}` }).waitFor();
    const query = new URLSearchParams({
      repository: HOSTILE,
      registry: HOSTILE,
      tag: HOSTILE,
      q: HOSTILE,
      with: HOSTILE,
    });
    for (const path of ['/images', '/vulnerabilities', '/packages', '/repositories']) {
      await window.goto(`${path}?${query}`);
      await window.getByRole('heading', { level: 1 }).waitFor();
    }
    expect(await window.locator('img[src="x"]').count()).toBe(0);
    expect(await window.evaluate('window.hacked')).toBeUndefined();
    expect(messages.filter(text => /Content Security Policy/.test(text))).toEqual([]);
    await window.context().close();
  });

  test('axe finds nothing serious on any of these pages, light, dark and narrow', { timeout: 400_000 }, async () => {
    const digest = await digestOf('team/app/backend');
    const [index] = await tagsOf('base/many');
    const paths = [
      '/overview',
      '/repositories',
      `/repositories/${registryId}/team/app/backend`,
      `/images/${index?.digest}`,
      ...['report', 'packages', 'layers', 'compare', 'details'].map(tab => `/images/${digest}?tab=${tab}`),
      '/images',
      '/images?cve=CVE-2024-1001',
      '/vulnerabilities',
      '/vulnerabilities/CVE-2024-1001',
      '/packages',
    ];
    await expectEachAccessible(page, paths);
  });
});

describe.skipIf(!isPossible || !existsSync(join(SHARED, 'images')))('security pages, shared data', () => {
  test('shared data: an index of Alpine, and an application with hundreds of findings', {
    timeout: 240_000,
  }, async () => {
    await using world = await startWebWorld();
    for (const [file, target] of [
      ['alpine-3.9.6-multiarch.oci.tar', 'real/alpine:3.9.6'],
      ['mixed-app-0.3.1-amd64.oci.tar', 'real/mixed-app:0.3.1'],
    ] as const) {
      const from = `oci-archive:${join(SHARED, 'images', file)}`;
      const to = `docker://${world.registry.host}/${target}`;
      await run('skopeo', ['copy', '-q', '--all', '--dest-tls-verify=false', from, to]);
    }
    for (const name of ['npm', 'Maven', 'PyPI', 'Go']) {
      const body = readFileSync(join(SHARED, 'advisories/osv', name, 'all.zip'));
      await world.upload(`/api/v1/vulnerability-database/import?name=${name}.zip`, body);
    }
    const registryId = await scanEverything(world);
    const page = await world.open();
    await signIn(page);

    // What nobody can say of is no pass.
    await page.goto(`/repositories/${registryId}/real/alpine`);
    await page.getByRole('button', { name: /^See child manifests/ }).click();
    await page.getByRole('link', { name: /^Undetermined.*linux\/s390x$/ }).click();
    await page.getByRole('heading', { name: 'No longer supported' }).waitFor();
    await page.getByRole('heading', { name: /^Undetermined: \d+ of \d+ packages$/ }).waitFor();
    await page.getByRole('heading', { name: /It is not known whether \d+ packages are affected$/ }).waitFor();

    await page.goto(`/repositories/${registryId}/real/mixed-app`);
    await page.getByRole('link', { name: /Critical.*in 0\.3\.1$/ }).click();
    await page.getByRole('heading', { name: /^\d{3,} findings in \d+ packages$/ }).waitFor();
    await page.getByRole('list', { name: 'Upgrades' }).getByText('jackson-databind').first().waitFor();
    await page.getByRole('button', { name: 'Next page' }).click();
    await page.getByText('Page 2').waitFor();
    await page.goBack();
    await page.getByLabel('Search findings and packages').fill('lodash');
    const findings = page.getByRole('grid', { name: 'Findings' });
    await findings.getByText('jackson').first().waitFor({ state: 'detached' });
    await findings.getByText('CVE-2021-23337').waitFor();
    await expectAccessible(page);
  });
});

/** An image in which nothing is found, of a release that is not supported any more. */
async function addOldImage({ registry }: WebWorld): Promise<void> {
  const layer = await makeLayer([
    { path: 'etc/os-release', content: 'ID=alpine\nVERSION_ID=3.9.6\nPRETTY_NAME="Alpine Linux v3.9"\n' },
    { path: 'lib/apk/db/installed', content: 'P:zlib\nV:1.2.11-r3\nA:x86_64\n\n' },
  ]);
  await using folder = await scratchFolder();
  await writeOciLayout(folder.at('layout'), [{ name: 'old', content: makeImage([layer]) }]);
  await registry.push(folder.at('layout'), 'old', 'base/old', '3.9');
}

/** An image of 30 packages, each with 100 weaknesses; of another ecosystem, for an archive takes the place of all that was known of one. */
async function addLargeImage(world: WebWorld): Promise<void> {
  const names = Array.from({ length: 30 }, (_, at) => `large-${at}`);
  const layer = await makeLayer(
    names.map(name => ({
      path: `usr/lib/python3.12/site-packages/${name.replace('-', '_')}-1.0.0.dist-info/METADATA`,
      content: `Metadata-Version: 2.1\nName: ${name}\nVersion: 1.0.0\n`,
    })),
  );
  await using folder = await scratchFolder();
  await writeOciLayout(folder.at('layout'), [{ name: 'large', content: makeImage([layer]) }]);
  await world.registry.push(folder.at('layout'), 'large', 'team/large', '1');
  const advisories = names.flatMap((name, at) =>
    Array.from({ length: 100 }, (_, number) => {
      const id = `GHSA-large-${at}-${number}`;
      const ranges = [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '1.0.1' }] }];
      const affected = [{ package: { ecosystem: 'PyPI', name }, ranges }];
      const record = {
        schema_version: '1.7.0',
        id,
        modified: '2026-11-01T00:00:00Z',
        summary: `Weakness ${number}`,
        affected,
      };
      return { name: `${id}.json`, content: JSON.stringify(record) };
    }),
  );
  await world.upload('/api/v1/vulnerability-database/import?name=large.zip&allowFewer=true', buildZip(advisories));
}
