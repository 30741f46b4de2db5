/** What admins set, in a browser: webhooks, the OpenID provider, the vulnerability database, and what is kept of it all. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startProvider } from '#access/testing/provider-server.ts';
import { scanFeeds } from '../../fixtures/scan-feeds.ts';
import { expectAccessible, signIn, startWebWorld, type WebWorld, whyNoBrowser } from '../../fixtures/web-world.ts';

describe.skipIf(whyNoBrowser() !== undefined)('settings', () => {
  let world: WebWorld;
  let page: Page;

  beforeAll(async () => {
    // The receiver of the webhook is on this machine.
    world = await startWebWorld({ env: { PLIMSOLL_PRIVATE_ADDRESSES: 'allow' } });
    page = await world.open();
    await signIn(page);
  }, 300_000);
  afterAll(() => world?.[Symbol.asyncDispose]());

  test('a webhook is made, tried, and its deliveries are there to be read', { timeout: 180_000 }, async () => {
    const received: { body: string; signature: string | undefined }[] = [];
    const receiver = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', text => {
        body += text;
      });
      request.on('end', () => {
        received.push({ body, signature: request.headers['webhook-signature']?.toString() });
        response.writeHead(204).end();
      });
    }).listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    try {
      const address = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
      await page.goto('/settings/webhooks');
      await page.getByRole('button', { name: 'New webhook' }).click();
      const dialog = page.getByRole('dialog', { name: 'New webhook' });
      await dialog.getByRole('textbox', { name: 'Name' }).fill('chat');
      await dialog.getByRole('textbox', { name: 'Address' }).fill('no address');
      await dialog.getByRole('checkbox', { name: 'Run completed' }).check();
      await dialog.getByLabel('Of new findings').selectOption({ label: 'From high' });
      await dialog.getByRole('button', { name: 'Save' }).click();
      // What the server refuses is said in the dialog, which stays.
      await dialog
        .getByText(/address|URL/i)
        .nth(1)
        .waitFor();
      await dialog.getByRole('textbox', { name: 'Address' }).fill(address);
      await expectAccessible(page);
      await dialog.getByRole('button', { name: 'Save' }).click();
      const secret = page.getByRole('dialog', { name: 'The secret of the webhook' });
      expect(await secret.locator('code').first().textContent()).toMatch(/^whsec_/);
      await secret.getByRole('button', { name: 'I have it' }).click();

      await page.getByRole('button', { name: 'Actions for chat' }).click();
      await page.getByRole('menuitem', { name: 'Send a test' }).click();
      await page.getByText('A test is on its way to "chat"').waitFor();
      await expect.poll(() => received.length, { timeout: 60_000 }).toBe(1);
      expect(received[0]?.signature).toMatch(/^v1,/);
      await page.getByRole('link', { name: 'chat' }).click();
      await page.getByRole('heading', { name: 'chat', level: 1 }).waitFor();
      await expect
        .poll(
          async () => {
            await page.reload();
            await page.getByRole('row').nth(1).waitFor();
            return await page.getByText('Delivered', { exact: true }).count();
          },
          { timeout: 60_000 },
        )
        .toBe(1);
      await expectAccessible(page);
      await page.getByRole('button', { name: /^Actions for/ }).click();
      await page.getByRole('menuitem', { name: 'Show what was sent' }).click();
      const sent = await page.getByRole('dialog').locator('code').first().textContent();
      expect(JSON.parse(sent ?? '')).toEqual(JSON.parse(received[0]?.body ?? ''));
    } finally {
      receiver.close();
      receiver.closeAllConnections();
    }
  });

  test('people sign in at an OpenID provider, and come back to where they were', { timeout: 180_000 }, async () => {
    await using provider = await startProvider(`${world.url}/api/v1/oidc/callback`);
    provider.user = { subject: 'subject-1', claims: { preferred_username: 'jane', name: 'Jane Roe', groups: ['ops'] } };
    await world.call('PUT', '/api/v1/settings/oidc', {
      issuer: provider.issuer,
      clientId: provider.clientId,
      clientSecret: provider.clientSecret,
      displayName: 'the shipyard',
      scopes: ['profile', 'groups'],
      groupRoles: [{ group: 'ops', role: 'viewer' }],
      createsAccounts: true,
    });
    const hers = await world.open();
    await hers.goto('/vulnerabilities?q=zlib');
    await hers.getByRole('link', { name: 'Sign in with the shipyard' }).waitFor();
    await expectAccessible(hers);
    await hers.getByRole('link', { name: 'Sign in with the shipyard' }).click();
    await hers.getByRole('heading', { name: 'Vulnerabilities', level: 1 }).waitFor();
    expect(new URL(hers.url()).search).toBe('?q=zlib');
    await hers.getByRole('button', { name: /jane|Jane Roe/ }).waitFor();
    expect(await hers.getByRole('link', { name: 'Settings' }).count()).toBe(0);
    await hers.context().close();

    provider.user = undefined;
    const refused = await world.open();
    await refused.goto('/sign-in');
    await refused.getByRole('link', { name: 'Sign in with the shipyard' }).click();
    await refused.getByText('The sign-in at the provider did not succeed').waitFor();
    await refused.context().close();
  });

  test('advisories are imported from a file, and told with their sources', { timeout: 180_000 }, async () => {
    await page.goto('/settings/database');
    await page.getByText('There is no vulnerability database yet').waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Import a file' }).click();
    const dialog = page.getByRole('dialog', { name: 'Import advisories' });
    const [name, text] = scanFeeds()[0] ?? ['', ''];
    await dialog.locator('input[type="file"]').setInputFiles({ name, mimeType: '', buffer: Buffer.from('no feed') });
    await dialog.getByRole('button', { name: 'Import', exact: true }).click();
    await dialog.getByRole('heading', { name: 'It was not saved' }).waitFor();
    await expectAccessible(page);
    await dialog.locator('input[type="file"]').setInputFiles({ name, mimeType: '', buffer: Buffer.from(text) });
    await dialog.getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByText('The file is imported').waitFor();
    // It becomes the current one in the background, and the page hears of it.
    const source = page.getByRole('grid', { name: 'Sources' }).getByRole('row').nth(1);
    await source.waitFor({ timeout: 60_000 });
    await source.getByText(name, { exact: true }).waitFor();
    await expectAccessible(page);
    await page.goto('/settings/audit?action=database.import');
    await page.getByRole('grid', { name: 'Changes' }).getByText('database.import').first().waitFor();
  });

  test('a namespace that is chosen narrows every list, and goes along in the address', {
    timeout: 60_000,
  }, async () => {
    const { items } = (await world.call('GET', '/api/v1/namespaces')) as { items: { id: string }[] };
    const shore = (await world.call('POST', '/api/v1/namespaces', { name: 'shore', displayName: 'Shore' })) as {
      id: string;
    };
    for (const [namespaceId, name] of [
      [items[0]?.id, 'Harbour'],
      [shore.id, 'Lighthouse'],
    ]) {
      const url = `http://${name?.toLowerCase()}.example:5000`;
      const registry = { namespaceId, name, type: 'docker-v2', url, tls: { insecureHttp: true } };
      await world.call('POST', '/api/v1/registries', registry);
    }
    await page.goto('/registries');
    await page.getByRole('link', { name: 'Harbour' }).waitFor();
    await page.getByRole('button', { name: 'Namespace: All namespaces' }).click();
    await page.getByRole('menuitem', { name: 'Shore' }).click();
    await page.getByRole('link', { name: 'Harbour' }).waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'Lighthouse' }).waitFor();
    await page.waitForURL(url => url.searchParams.get('namespace') === shore.id);
    await expectAccessible(page);
    const address = page.url();
    // The next lists are of it, too, and say so.
    await page.getByRole('link', { name: 'Images', exact: true }).click();
    await page.getByRole('heading', { name: 'No image is known in Shore yet' }).waitFor();
    await page.waitForURL(url => url.searchParams.get('namespace') === shore.id);
    await page.getByRole('button', { name: 'Registry', exact: true }).click();
    await page.getByRole('option', { name: 'Lighthouse' }).waitFor();
    expect(await page.getByRole('option', { name: 'Harbour' }).count()).toBe(0);
    await page.keyboard.press('Escape');
    // Whoever is sent the address sees the same.
    const other = await world.open({ width: 412 });
    await signIn(other);
    await other.goto(address);
    await other.getByRole('link', { name: 'Lighthouse' }).waitFor();
    expect(await other.getByRole('link', { name: 'Harbour' }).count()).toBe(0);
    await expectAccessible(other);
    expect(await other.evaluate<number>('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    await other.getByRole('button', { name: 'Namespace: Shore' }).waitFor();
    await other.getByRole('button', { name: 'Show all namespaces, not only Shore' }).click();
    await other.getByRole('link', { name: 'Harbour' }).waitFor();
    expect(new URL(other.url()).search).toBe('');
    await other.context().close();
  });
});
