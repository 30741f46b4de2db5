/** Accepting weaknesses, in a browser: from a finding to a waiver, to a file for pipelines, and back. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  expectAccessible,
  expectEachAccessible,
  scanEverything,
  signIn,
  startWebWorld,
  type WebWorld,
  whyNoBrowser,
} from '../../fixtures/web-world.ts';

const VIEWER = { name: 'vera', password: 'a-quiet-harbour-at-dawn' };
const REASON = 'Only padded with text of our own';

describe.skipIf(whyNoBrowser() !== undefined)('waivers', () => {
  let world: WebWorld;
  let page: Page;
  let registryId = '';
  /** The report of team/app/backend:1.0. */
  let report = '';
  const heading = (count: number) =>
    page.getByRole('heading', { name: new RegExp(`^${count} findings? in 3 packages$`) });
  const openDialog = async (id: string) => {
    await page.getByRole('button', { name: `Actions for ${id} in left-pad` }).click();
    await page.getByRole('menuitem', { name: 'Waive …' }).click();
    return page.getByRole('dialog', { name: `Waive ${id}?` });
  };

  beforeAll(async () => {
    world = await startWebWorld();
    await world.importAdvisories();
    registryId = await scanEverything(world);
    await world.call('POST', '/api/v1/accounts', { ...VIEWER, displayName: 'Vera Lind' });
    await world.call('PUT', '/api/v1/members/vera', { role: 'viewer' });
    const path = `/api/v1/registries/${registryId}/tags?repository=team%2Fapp%2Fbackend`;
    const { items } = (await world.call('GET', path)) as { items: { digest: string }[] };
    const place = new URLSearchParams({ registry: registryId, repository: 'team/app/backend', tag: '1.0' });
    report = `/images/${items[0]?.digest}?${place}`;
    page = await world.open();
    await signIn(page);
  }, 300_000);
  afterAll(() => world?.[Symbol.asyncDispose]());

  test('a finding is waived with a reason: it is counted no more, and told apart', { timeout: 180_000 }, async () => {
    await page.goto(report);
    await heading(4).waitFor();
    const dialog = await openDialog('CVE-2024-1001');
    expect(await dialog.getByRole('button', { name: 'Waive', exact: true }).isDisabled()).toBe(true);
    await dialog.getByText('Every image of team/app/backend in Harbour').waitFor();
    await dialog.getByRole('radio', { name: 'This repository' }).check();
    await dialog.getByLabel('Reason').fill(REASON);
    // A day that is over is refused, and the dialog says so.
    await dialog.getByLabel('Last day').fill('2020-02-29');
    await dialog.getByRole('button', { name: 'Waive', exact: true }).click();
    await dialog.getByText(/that day is over/).waitFor();
    await expectAccessible(page);
    await dialog.getByLabel('Last day').fill('2099-12-31');
    await dialog.getByRole('button', { name: 'Waive', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });

    await heading(3).waitFor();
    const findings = page.getByRole('grid', { name: 'Findings', exact: true });
    await findings.getByText('CVE-2024-1001').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: '1 waived, not counted' }).click();
    const waived = page.getByRole('grid', { name: 'Waived findings' });
    await waived.getByText('CVE-2024-1001').waitFor();
    await waived.getByText(REASON).waitFor();
    await waived.getByText(/By test|By admin/).waitFor();
    await waived.getByText(/until the end of .*2099, UTC/).waitFor();
    expect(new URL(page.url()).searchParams.get('show')).toBe('waived');
    await page.reload();
    await waived.getByText('CVE-2024-1001').waitFor();
    // The other image with it is in another repository, and counts on.
    await page.goto('/images?q=base/many');
    await page.getByRole('link', { name: /^1 Critical/ }).waitFor();
    await page.goto(`/repositories/${registryId}/team/app/backend`);
    await page.getByRole('link', { name: /, 1 waived.* in 1\.0$/ }).waitFor();
    expect(await page.getByRole('link', { name: /Critical.*in 1\.0$/ }).count()).toBe(0);
  });

  test('waivers are listed, searched, changed, and downloaded for pipelines', { timeout: 180_000 }, async () => {
    await page.goto('/waivers?state=ended');
    await page.getByRole('heading', { name: 'No waiver is like that' }).waitFor();
    await page.goto('/waivers?state=active&q=padded');
    const waivers = page.getByRole('grid', { name: 'Waivers' });
    await waivers.getByRole('link', { name: 'CVE-2024-1001' }).waitFor();
    await waivers.getByText('1 finding').waitFor();
    await waivers.getByText('in left-pad').waitFor();
    await page.getByRole('button', { name: 'Actions for the waiver of CVE-2024-1001' }).click();
    await page.getByRole('menuitem', { name: 'Edit …' }).click();
    const dialog = page.getByRole('dialog', { name: 'Waiver of CVE-2024-1001 in left-pad' });
    await dialog.getByLabel('Reason').fill(`${REASON}, never longer than a line`);
    await dialog.getByLabel('Last day').fill('');
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await waivers.getByText('never longer than a line').waitFor();
    await waivers.getByText('until it is ended').waitFor();

    await page.getByRole('button', { name: 'Download as a file' }).click();
    const file = page.getByRole('dialog', { name: 'Waivers as a file' });
    await file.getByLabel('Registry').selectOption({ label: 'Harbour' });
    await file.getByLabel('Repository').fill('team/app/backend');
    await file.getByText('repository=team%2Fapp%2Fbackend').waitFor();
    await expectAccessible(page);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      file.getByRole('link', { name: 'Download' }).click(),
    ]);
    expect(readFileSync(await download.path(), 'utf8')).toMatch(/CVE-2024-1001[\s\S]*never longer than a line/);
  });

  test('several findings are waived at once, in the whole namespace', { timeout: 180_000 }, async () => {
    await page.goto(report);
    await heading(3).waitFor();
    await page.getByRole('checkbox', { name: 'Choose CVE-2024-2001 in zlib' }).check();
    await page.getByRole('checkbox', { name: 'Choose CVE-2024-2003 in musl' }).check();
    await page.getByRole('button', { name: 'Waive 2 findings …' }).click();
    const dialog = page.getByRole('dialog', { name: 'Waive 2 weaknesses?' });
    await dialog.getByText('CVE-2024-2001 in zlib').waitFor();
    await dialog.getByRole('radio', { name: 'The whole namespace' }).check();
    await dialog.getByLabel('Reason').fill('Accepted until the base is renewed');
    await dialog.getByRole('button', { name: 'Waive', exact: true }).click();
    await heading(1).waitFor();
    await page.getByRole('button', { name: 'Waived (3)' }).waitFor();
    await page.goto('/vulnerabilities');
    const found = page.getByRole('grid', { name: 'Vulnerabilities' });
    await found.getByRole('link', { name: 'CVE-2024-1002' }).waitFor();
    expect(await found.getByRole('link', { name: 'CVE-2024-2001' }).count()).toBe(0);
    await page.getByText('Waived, too').click();
    await found.getByRole('link', { name: 'CVE-2024-2001' }).waitFor();
    expect(new URL(page.url()).searchParams.get('waived')).toBe('true');
  });

  test('a viewer sees what is waived and why, and can change nothing', { timeout: 180_000 }, async () => {
    const hers = await world.open();
    await signIn(hers, VIEWER);
    await hers.goto(`${report}&show=waived`);
    await hers.getByText(REASON).waitFor();
    expect(await hers.getByRole('button', { name: /^End the waiver/ }).count()).toBe(0);
    await hers.getByRole('button', { name: /^Counted/ }).click();
    await hers.getByRole('grid', { name: 'Findings', exact: true }).getByText('CVE-2024-1002').waitFor();
    expect(await hers.getByRole('button', { name: /^Waive / }).count()).toBe(0);
    expect(await hers.getByRole('checkbox', { name: /^Choose/ }).count()).toBe(0);
    await hers.goto('/waivers');
    await hers.getByRole('link', { name: 'CVE-2024-1001' }).waitFor();
    expect(await hers.getByRole('button', { name: /^Actions for/ }).count()).toBe(0);
    await hers.context().close();
  });

  test('axe finds nothing serious: light, dark, narrow', { timeout: 180_000 }, async () => {
    await expectEachAccessible(page, ['/waivers', report, `${report}&show=waived`]);
  });

  test('a waiver is ended where it is told: what it set aside is counted again', { timeout: 180_000 }, async () => {
    await page.goto(`${report}&show=waived`);
    await page.getByRole('button', { name: 'End the waiver of CVE-2024-1001 in left-pad' }).click();
    const question = page.getByRole('dialog', { name: /End the waiver of CVE-2024-1001\?/ });
    await question.getByRole('button', { name: 'End the waiver' }).click();
    await heading(2).waitFor();
    await page.getByRole('button', { name: 'Waived (2)' }).waitFor();
    await page.getByRole('button', { name: 'Counted (2)' }).click();
    await page.getByRole('grid', { name: 'Findings', exact: true }).getByText('CVE-2024-1001').waitFor();
    await page.goto('/waivers?state=ended');
    await page.getByRole('grid', { name: 'Waivers' }).getByRole('link', { name: 'CVE-2024-1001' }).waitFor();
    await page.goto('/waivers?state=active');
    await page.getByRole('grid', { name: 'Waivers' }).getByRole('link', { name: 'CVE-2024-2001' }).waitFor();
    expect(await page.getByRole('grid', { name: 'Waivers' }).getByText('CVE-2024-1001').count()).toBe(0);
  });
});
