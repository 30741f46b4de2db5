/** Scan jobs under way, in a browser: held and let go, changed, several at once, and without a mouse. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RegistryServer, startRegistryServer } from '../../fixtures/registry-server.ts';
import { expectAccessible, signIn, startWebWorld, type WebWorld, whyNoBrowser } from '../../fixtures/web-world.ts';

describe.skipIf(whyNoBrowser() !== undefined)('scan jobs', () => {
  let world: WebWorld;
  let page: Page;
  let namespaceId = '';
  let registryId = '';
  const connect = async (name: string, host: string) => {
    const registry = { namespaceId, name, type: 'docker-v2', url: `http://${host}`, tls: { insecureHttp: true } };
    return ((await world.call('POST', '/api/v1/registries', registry)) as { id: string }).id;
  };
  const schedule = async (id: string, name: string, more: object) =>
    (
      (await world.call('POST', `/api/v1/registries/${id}/schedules`, {
        name,
        scanType: 'Automatic',
        targets: [{ repository: 'team/*' }],
        recurrence: { intervalDays: 1, startTime: '02:30' },
        ...more,
      })) as { schedule: { id: string } }
    ).schedule.id;

  beforeAll(async () => {
    world = await startWebWorld();
    const { items } = (await world.call('GET', '/api/v1/namespaces')) as { items: { id: string }[] };
    namespaceId = items[0]?.id ?? '';
    registryId = await connect('Harbour', world.registry.host);
    page = await world.open();
    await signIn(page);
  }, 300_000);
  afterAll(() => world?.[Symbol.asyncDispose]());

  test('a run is paused and goes on, before the eyes of whoever watches', { timeout: 180_000 }, async () => {
    await using slow = await startRegistryServer({ catalog: 'listed' });
    const letGo = holdBack(slow);
    const slowId = await connect('Slow shore', slow.host);
    const jobId = await schedule(slowId, 'patient', {
      scanType: 'OnDemand',
      targets: [{ repository: 'team/app' }],
      recurrence: undefined,
    });
    await page.goto(`/jobs/${jobId}`);
    await page.getByText('Running', { exact: true }).first().waitFor();
    await page.getByRole('link', { name: 'Run 1' }).click();
    await page.getByRole('heading', { name: 'Run 1', level: 1 }).waitFor();
    await choose(page, 'Actions', 'Pause');
    await page.getByText('Paused', { exact: true }).first().waitFor();
    await expectAccessible(page);
    await choose(page, 'Actions', 'Go on');
    await page.getByText('Running', { exact: true }).first().waitFor();
    letGo();
    await page.getByText('2 of 2 images').waitFor({ timeout: 60_000 });
    await page
      .getByText('Finished', { exact: true })
      .or(page.getByText('Done', { exact: true }))
      .first()
      .waitFor();
    await page.getByText('Held').waitFor();
    await page.getByText('Went on').waitFor();
  });

  test('a job is changed after its effect was looked at', { timeout: 180_000 }, async () => {
    const jobId = await schedule(registryId, 'tidal', {});
    await page.goto(`/jobs/${jobId}`);
    await choose(page, 'Actions', 'Edit settings');
    await page.getByRole('heading', { name: 'Settings of tidal' }).waitFor();
    await page.getByLabel('Repository, or wildcard').fill('base/*');
    await page.getByRole('button', { name: 'What this would mean' }).click();
    await page.getByRole('heading', { name: 'This changes what is selected' }).waitFor();
    await expectAccessible(page);
    await page.getByLabel('Every').selectOption('7');
    await page.getByLabel('On', { exact: true }).selectOption({ label: 'Friday' });
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('heading', { name: 'tidal', level: 1 }).waitFor();
    await page.getByText('base/*', { exact: true }).waitFor();
    await page.getByText('Every Friday').waitFor();
    await choose(page, 'Actions', 'Disable');
    await page.getByText('Disabled', { exact: true }).first().waitFor();
    await choose(page, 'Actions', 'Enable');
    await page.getByText('Disabled', { exact: true }).waitFor({ state: 'detached' });
  });

  test('a registry gets an address for what is pushed, which is shown once and can be replaced', {
    timeout: 60_000,
  }, async () => {
    await page.goto(`/registries/${registryId}/settings`);
    await page.getByRole('button', { name: 'Make an address' }).click();
    const dialog = page.getByRole('dialog', { name: 'The address for pushes' });
    const address = dialog.getByText(/\/api\/v1\/hooks\/.*secret=plsh_/);
    const url = (await address.textContent()) ?? '';
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'I have it' }).click();
    await page.getByText('Nothing has come there yet.').waitFor();
    const push = { method: 'POST', headers: { 'content-type': 'application/json' } };
    const body = JSON.stringify({ repository: 'team/app', updated_tags: [] });
    expect((await fetch(url, { ...push, body })).status).toBe(202);
    await page.reload();
    await page.getByText('1 notice came there').waitFor();
    expect(await page.content()).not.toContain('plsh_');
    await page.getByRole('button', { name: 'Replace the address…' }).click();
    await page.getByRole('button', { name: 'Replace the address', exact: true }).click();
    await dialog.getByRole('button', { name: 'I have it' }).click();
    expect((await fetch(url, { ...push, body })).status).toBe(401);
    await page.getByRole('button', { name: 'Remove the address…' }).click();
    await page.getByRole('button', { name: 'Remove the address', exact: true }).click();
    await page.getByRole('button', { name: 'Make an address' }).waitFor();
  });

  test('several jobs are deleted at once, by their names', { timeout: 180_000 }, async () => {
    for (const name of ['ebb', 'flood', 'slack']) await schedule(registryId, name, {});
    await page.goto(`/registries/${registryId}/jobs`);
    for (const name of ['ebb', 'flood']) {
      await page
        .getByRole('row', { name: new RegExp(name) })
        .getByRole('checkbox')
        .check();
    }
    await choose(page, 'With 2 chosen', 'Delete');
    const dialog = page.getByRole('dialog', { name: 'Delete 2 scan jobs?' });
    await dialog.getByText('"ebb", "flood"', { exact: false }).waitFor();
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'Delete the scan jobs' }).click();
    await page.getByText('2 scan jobs deleted').waitFor();
    await page.getByRole('link', { name: 'ebb' }).waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'slack' }).waitFor();
    // One that was never run is called off.
    await page.getByRole('row', { name: /slack/ }).getByRole('checkbox').check();
    await choose(page, 'With 1 chosen', 'Cancel');
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel the runs' }).click();
    await page.getByText('1 scan job cancelled').waitFor();
    await page.getByRole('row', { name: /slack/ }).getByText('Cancelled', { exact: true }).waitFor();
  });

  test('a first scan needs no mouse', { timeout: 180_000 }, async () => {
    const keyboard = page.keyboard;
    await page.goto('/registries');
    await page.getByRole('link', { name: 'Harbour' }).waitFor();
    await press(page, 'Tab', /^Skip to content/);
    await keyboard.press('Enter');
    await press(page, 'Tab', /^New registry/);
    await keyboard.press('Enter');
    await page.getByRole('heading', { name: 'New registry' }).waitFor();
    await press(page, 'Tab', /^Docker Registry V2/);
    await keyboard.press('Enter');
    await press(page, 'Tab', /^Address/);
    await keyboard.type(world.registry.host);
    await press(page, 'Tab', /^Name/);
    await keyboard.type('By keys');
    await press(page, 'Tab', /^Kind/);
    await keyboard.type('None');
    await press(page, 'Tab', /^Certificates, proxy, sensors/);
    await keyboard.press('Enter');
    await press(page, 'Tab', /^Plain http/);
    await keyboard.press('Space');
    await press(page, 'Tab', /^Test the connection/);
    await keyboard.press('Enter');
    await page.getByText('The registry can be read').waitFor();
    await press(page, 'Tab', /^Save, and say what to scan/);
    await keyboard.press('Enter');
    await page.getByRole('heading', { name: 'New scan job' }).waitFor();
    await press(page, 'Tab', /^Save and scan now/);
    await keyboard.press('Enter');
    await page.getByRole('heading', { name: 'First scan', level: 1 }).waitFor();
    await page
      .getByText('Finished', { exact: true })
      .or(page.getByText('Done', { exact: true }))
      .first()
      .waitFor();
    // Menus and dialogs give the focus back to what opened them.
    await press(page, 'Tab', /^Actions/);
    await keyboard.press('Enter');
    await press(page, 'ArrowDown', /^Delete/);
    await keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Delete the scan job "First scan"?' }).waitFor();
    await keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('heading', { name: 'First scan', level: 1 }).waitFor();
  });
});

/** Two images whose layers come when the returned function is called. */
function holdBack(registry: RegistryServer): () => void {
  const waiting: (() => void)[] = [];
  let isOpen = false;
  for (const [tag, text] of [
    ['one', 'first'],
    ['two', 'second'],
  ] as const) {
    const image = registry.addImage('team/app', tag, [Buffer.alloc(10_240, text)]);
    for (const { digest } of image.layers) {
      registry.playAlways(new RegExp(`blobs/${digest}`), (_request, _response, proceed) => {
        if (isOpen) proceed();
        else waiting.push(proceed);
      });
    }
  }
  return () => {
    isOpen = true;
    for (const proceed of waiting) proceed();
  };
}

async function choose(page: Page, menu: string, entry: string): Promise<void> {
  await page.getByRole('button', { name: menu, exact: true }).click();
  await page.getByRole('menuitem', { name: entry, exact: true }).click();
}

/** Presses a key until the focus is on what is so called; fails when it does not come there. */
async function press(page: Page, key: string, name: RegExp): Promise<void> {
  const seen: string[] = [];
  for (let count = 0; count < 80; count += 1) {
    await page.keyboard.press(key);
    const focused = await page.evaluate<string>(`(() => {
      const element = document.activeElement;
      const labels = [...(element?.labels ?? [])].map(label => label.textContent);
      const named = element?.getAttribute('aria-labelledby')?.split(' ').map(id => document.getElementById(id)?.textContent);
      return (element?.getAttribute('aria-label') ?? labels[0] ?? named?.join(' ') ?? element?.textContent ?? '').trim();
    })()`);
    if (name.test(focused)) return;
    seen.push(focused.slice(0, 40));
  }
  throw new Error(`${key} never came to ${name}: ${seen.join(', ')}`);
}
