/** From a new server to its first results, in a browser. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADMIN, expectAccessible, startWebWorld, type WebWorld, whyNoBrowser } from '../../fixtures/web-world.ts';

const why = whyNoBrowser();
let world: WebWorld;
let page: Page;

beforeAll(async () => {
  if (why !== undefined) return;
  world = await startWebWorld({ isNew: true });
  page = await world.open();
}, 300_000);
afterAll(() => world?.[Symbol.asyncDispose]());

test.skipIf(why !== undefined)(
  'a new server is set up, a registry connected and scanned',
  { timeout: 120_000 },
  async () => {
    // Whoever comes without the token is told where it is.
    await page.goto('/');
    await page.waitForURL('**/setup');
    await page.getByText('Open the address that the server printed').waitFor();

    await page.goto('about:blank');
    await page.goto(world.setupUrl ?? '');
    await expectAccessible(page);
    await page.getByLabel('Password', { exact: false }).first().fill(ADMIN.password);
    await page.getByLabel('Password again').fill(ADMIN.password);
    await page.getByRole('button', { name: 'Make the account' }).click();

    // The token is not left in the address, and the way leads to the first scan.
    await page.waitForURL('**/registries/new?first');
    await world.importAdvisories();
    expect(page.url()).not.toContain('#');
    await page.getByRole('heading', { name: 'New registry' }).waitFor();
    await page.getByRole('button', { name: 'Docker Registry V2' }).click();
    await expectAccessible(page);
    await page.getByLabel('Address').fill(world.registry.host);
    await page.getByLabel('Name', { exact: true }).fill('Harbour');
    await page.getByLabel('Kind').selectOption('none');
    await page.getByRole('button', { name: 'Certificates, proxy, sensors' }).click();
    await page.getByLabel('Plain http', { exact: true }).check();
    await page.getByRole('button', { name: 'Test the connection' }).click();

    await page.getByText('The registry can be read').waitFor();
    await page.getByRole('list', { name: 'Steps of the test' }).getByText('List of repositories').waitFor();
    await page.getByText('Nothing is kept of it until you save it').waitFor();
    expect(await world.call('GET', '/api/v1/registries')).toMatchObject({ items: [] });
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Save, and say what to scan' }).click();

    // The preview asks the registry: four repositories, five tags.
    const repository = page.getByLabel('Repository, or wildcard');
    await repository.waitFor();
    expect(await repository.inputValue()).toBe('.*');
    await page.getByText('4 of 4').waitFor();
    await expectAccessible(page);
    await repository.fill('te*m');
    await page.getByText('Put one star at the start or at the end').waitFor();
    await repository.fill('team/*');
    await page.getByText('2 of 4').waitFor();
    await repository.fill('.*');
    await page.getByText('5 of 5').waitFor();
    await page.getByRole('button', { name: 'Save and scan now' }).click();

    // Watched without loading the page again.
    await page.getByRole('heading', { name: 'First scan', level: 1 }).waitFor();
    await page
      .getByText('Done', { exact: true })
      .or(page.getByText('Finished', { exact: true }))
      .first()
      .waitFor({ timeout: 60_000 });
    await expectAccessible(page);
    await page.getByRole('link', { name: 'Run 1' }).click();
    await page.getByRole('heading', { name: 'Run 1', level: 1 }).waitFor();
    await page.getByText('5 of 5 images').waitFor();
    await expectAccessible(page);

    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Registries' }).click();
    await page.getByText('Connected', { exact: true }).waitFor();
    await page.getByText('3 of 4 scanned').waitFor();
    await expectAccessible(page);
  },
);
