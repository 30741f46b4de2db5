/** What operators and viewers do every day, in a browser. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDistribution } from '../../fixtures/distribution-registry.ts';
import { makeCertificate } from '../../fixtures/registry-server.ts';
import {
  expectAccessible,
  expectEachAccessible,
  signIn,
  startWebWorld,
  type WebWorld,
  whyNoBrowser,
} from '../../fixtures/web-world.ts';

const why = whyNoBrowser();
const isPossible = why === undefined;
const HOSTILE = '<img src=x onerror="window.hacked=1">';

let world: WebWorld;
let page: Page;
let registryId = '';
let sensorId = '';

beforeAll(async () => {
  if (!isPossible) return;
  world = await startWebWorld();
  const { items: namespaces } = (await world.call('GET', '/api/v1/namespaces')) as { items: { id: string }[] };
  const registry = (await world.call('POST', '/api/v1/registries', {
    namespaceId: namespaces[0]?.id,
    name: 'Harbour',
    type: 'docker-v2',
    url: `http://${world.registry.host}`,
    tls: { insecureHttp: true },
  })) as { id: string };
  registryId = registry.id;
  await world.call('POST', `/api/v1/registries/${registryId}/schedules`, {
    name: 'quiet',
    scanType: 'Automatic',
    targets: [{ repository: 'team/*' }],
    recurrence: { intervalDays: 1, startTime: '02:30' },
  });
  const { items: sensors } = (await world.call('GET', '/api/v1/sensors')) as { items: { id: string }[] };
  sensorId = sensors[0]?.id ?? '';
  page = await world.open();
  await signIn(page);
}, 300_000);
afterAll(() => world?.[Symbol.asyncDispose]());

test.skipIf(!isPossible)('a run is cancelled, and restarted where it was cut short', { timeout: 180_000 }, async () => {
  // A sensor that takes nothing new keeps the run waiting.
  await page.goto(`/sensors/${sensorId}`);
  await page.getByRole('button', { name: 'Actions' }).click();
  await page.getByRole('menuitem', { name: 'Drain: finish, take nothing new' }).click();
  await page.getByText('Draining', { exact: true }).waitFor();

  await page.goto(`/registries/${registryId}/jobs`);
  await page.getByRole('button', { name: 'New scan job' }).first().click();
  await page.getByLabel('Name of the scan job').fill('nightly');
  await page.getByRole('button', { name: 'Save and scan now' }).click();
  await page.getByRole('heading', { name: 'nightly', level: 1 }).waitFor();

  await page.getByRole('button', { name: 'Actions' }).click();
  await page.getByRole('menuitem', { name: 'Cancel' }).click();
  const dialog = page.getByRole('dialog', { name: 'Cancel the run of "nightly"?' });
  await dialog.getByText('images that were not reached keep their previous report').waitFor();
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Cancel the run' }).click();
  await page.getByText('Cancelled', { exact: true }).first().waitFor();

  await page.goto(`/sensors/${sensorId}`);
  await page.getByRole('button', { name: 'Actions' }).click();
  await page.getByRole('menuitem', { name: 'Take work again' }).click();
  await page.getByText('Running', { exact: true }).waitFor();

  await page.goto(`/registries/${registryId}/jobs`);
  await page.getByRole('button', { name: 'Actions for nightly' }).click();
  await page.getByRole('menuitem', { name: 'Restart: the rest, or all anew' }).click();
  await page.getByText('Finished', { exact: true }).waitFor({ timeout: 60_000 });
  await expectAccessible(page);
  await page.getByRole('link', { name: 'nightly' }).click();
  await page.getByRole('link', { name: 'Run 2' }).waitFor();
});

test.skipIf(!isPossible)(
  'what does not fit together is said beside its field before it is saved',
  { timeout: 60_000 },
  async () => {
    await page.goto(`/registries/${registryId}/jobs/new`);
    await page.getByLabel('Automatic').check();
    await page.getByLabel('Every').selectOption('1');
    await page.getByText('It runs every day at 02:00 on the clock of Europe/Madrid').waitFor();
    expect(await page.getByLabel('Scan all images').isDisabled()).toBe(true);
    await page.getByLabel('Every').selectOption('7');
    expect(await page.getByLabel('Start time').count()).toBe(0);
    await page.getByLabel('Every').selectOption('custom');
    await page.getByRole('spinbutton', { name: 'Days' }).fill('500');
    await page.getByText('Write a whole number of days from 1 to 365', { exact: false }).first().waitFor();
    await page.getByRole('spinbutton', { name: 'Days' }).fill('20');
    await page.getByLabel('Repository, or wildcard').fill('team/app/*end*');
    await page.getByText('Put one star at the start or at the end').waitFor();
    await expectAccessible(page);
  },
);

test.skipIf(!isPossible)('repositories are chosen from the list of the registry', { timeout: 180_000 }, async () => {
  await page.goto(`/registries/${registryId}/jobs/new`);
  await page.getByRole('button', { name: 'Choose from the registry’s list' }).click();
  const dialog = page.getByRole('dialog', { name: 'Repositories of the registry' });
  await dialog.getByLabel('Search repositories').fill('clean');
  await dialog.getByRole('row', { name: 'base/clean' }).getByRole('checkbox').check();
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Take 1' }).click();
  expect(await page.getByLabel('Repository, or wildcard').inputValue()).toBe('base/clean');
});

test.skipIf(!isPossible)(
  'a certificate of an own authority is looked at and trusted',
  { timeout: 90_000 },
  async context => {
    const tls = await makeCertificate(['127.0.0.1']);
    if (tls === undefined) return context.skip('openssl is not installed');
    const login = { username: 'robot', password: 'secret-of-the-robot' };
    await using registry = await startDistribution({ tls, login });
    await page.goto('/registries/new');
    await page.getByRole('button', { name: 'Docker Registry V2' }).click();
    await page.getByLabel('Address').fill(registry.host);
    await page.getByLabel('User name').fill(login.username);
    await page.getByLabel('Password or access token').fill(login.password);
    await page.getByRole('button', { name: 'Test the connection' }).click();
    await page.getByText('The registry cannot be read yet').waitFor();
    await page.getByText('Certificates that the server showed').waitFor();
    await page.getByText('SHA-256', { exact: true }).first().waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Trust this CA' }).click();
    await page.getByText('The registry can be read').waitFor();
    await page.getByRole('button', { name: 'Save, and say what to scan' }).click();
    await page.getByRole('heading', { name: 'New scan job' }).waitFor();
    // What was given is not to be had back.
    await page.goto('/registries');
    await page.getByRole('link', { name: registry.host }).click();
    await page.getByRole('tab', { name: 'Settings' }).click();
    await page.getByText('What is kept is never shown').waitFor();
    expect(await page.getByLabel('Password or access token').inputValue()).toBe('');
    expect(await page.content()).not.toContain(login.password);
    await page.getByRole('button', { name: 'Remove…' }).click();
    const dialog = page.getByRole('dialog', { name: `Remove the registry "${registry.host}"?` });
    await dialog.getByRole('button', { name: 'Remove the registry' }).click();
    await page.waitForURL('**/registries');
    await page.getByRole('link', { name: 'Harbour' }).waitFor();
    await page.getByRole('link', { name: registry.host }).waitFor({ state: 'detached' });
  },
);

test.skipIf(!isPossible)('a viewer cannot do what an operator can', { timeout: 180_000 }, async () => {
  const viewer = { name: 'vera', password: 'a-quiet-harbour-at-dawn' };
  await page.goto('/settings/accounts');
  await page.getByRole('button', { name: 'New account' }).click();
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill(viewer.name);
  await page.getByLabel('Shown as').fill(HOSTILE);
  await page.getByLabel('Password').fill(viewer.password);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Account "vera" is made').waitFor();
  await page.getByRole('button', { name: 'Roles everywhere' }).click();
  const roles = page.getByRole('dialog', { name: 'Who has a role everywhere' });
  await roles.getByLabel('Account').fill(viewer.name);
  await roles.getByRole('button', { name: 'Give the role' }).click();
  await roles.getByText('viewer', { exact: true }).waitFor();
  await expectAccessible(page);

  const hers = await world.open();
  await signIn(hers, viewer);
  await hers.goto('/registries');
  await hers.getByRole('link', { name: 'Harbour' }).waitFor();
  expect(await hers.getByRole('button', { name: 'New registry' }).count()).toBe(0);
  expect(await hers.getByRole('link', { name: 'Settings' }).count()).toBe(0);
  await hers.goto(`/registries/${registryId}/jobs`);
  await hers.getByRole('link', { name: 'quiet' }).waitFor();
  expect(await hers.getByRole('button', { name: 'New scan job' }).count()).toBe(0);
  expect(await hers.getByRole('button', { name: 'Actions for quiet' }).count()).toBe(0);
  expect(await hers.getByRole('tab', { name: 'Settings' }).count()).toBe(0);
  await hers.goto('/settings/accounts');
  await hers.getByText('There is no such page').waitFor();
  await expectAccessible(hers);

  // Buttons are for comfort: it is the API that refuses.
  const status = await hers.evaluate(async id => {
    const { csrfToken } = (await (await fetch('/api/v1/session')).json()) as { csrfToken: string };
    const headers = { 'content-type': 'application/json', 'x-csrf-token': csrfToken };
    const answer = await fetch(`/api/v1/registries/${id}/test`, { method: 'POST', headers, body: '{}' });
    return answer.status;
  }, registryId);
  expect(status).toBe(403);
  await hers.context().close();
});

test.skipIf(!isPossible)('a key is shown once', { timeout: 180_000 }, async () => {
  await page.goto('/account');
  await page.getByRole('button', { name: 'New API key' }).click();
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('pipeline');
  await page.getByRole('button', { name: 'Make the key' }).click();
  const dialog = page.getByRole('dialog', { name: 'The new API key' });
  const key = (await dialog.locator('code').first().textContent()) ?? '';
  await expectAccessible(page);
  const answer = await fetch(`${world.url}/api/v1/session`, { headers: { authorization: `Bearer ${key}` } });
  expect(answer.status).toBe(200);
  await dialog.getByRole('button', { name: 'I have it' }).click();
  await page.reload();
  await page.getByText('pipeline').waitFor();
  expect(await page.content()).not.toContain(key);
});

test.skipIf(!isPossible)(
  'a sensor is installed with commands that have a fresh token',
  { timeout: 60_000 },
  async () => {
    await page.goto('/sensors');
    await page.getByRole('button', { name: 'Install a sensor' }).click();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('East; dock');
    await page.getByRole('button', { name: 'Make a token' }).click();
    const dialog = page.getByRole('dialog', { name: 'Start the sensor' });
    const commands = () => dialog.getByRole('tabpanel').locator('code').last().textContent();
    expect(await commands()).toMatch(/^podman run --detach [\s\S]+--env PLIMSOLL_SENSOR_TOKEN=plst_/);
    expect(await commands()).toContain(`PLIMSOLL_URL=${world.url}`);
    expect(await commands()).toContain("'PLIMSOLL_SENSOR_NAME=East; dock'");
    await expectAccessible(page);
    await dialog.getByRole('tab', { name: 'Kubernetes, OpenShift' }).click();
    await dialog.getByText('kind: Deployment').waitFor();
    expect(await commands()).toMatch(/stringData: \{ token: "plst_/);
    await dialog.getByRole('button', { name: 'I have it' }).click();
    await page.getByText('1 token not used yet').waitFor();
    await page.getByRole('button', { name: 'Actions for East; dock' }).click();
    await page.getByRole('menuitem', { name: 'Take back' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Take it back' }).click();
    await page.getByText('1 token not used yet').waitFor({ state: 'detached' });

    await page.goto(`/sensors/${sensorId}`);
    await page.getByRole('button', { name: 'Actions' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: 'Download diagnostics' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe(`sensor-${sensorId}.json`);
    expect(JSON.parse(readFileSync(await download.path(), 'utf8')).sensor.id).toBe(sensorId);
  },
);

test.skipIf(!isPossible)('names from outside are text, whatever they look like', { timeout: 180_000 }, async () => {
  const messages: string[] = [];
  page.on('console', message => messages.push(message.text()));
  const { items: namespaces } = (await world.call('GET', '/api/v1/namespaces')) as { items: { id: string }[] };
  const hostile = (await world.call('POST', '/api/v1/registries', {
    namespaceId: namespaces[0]?.id,
    name: HOSTILE,
    type: 'docker-v2',
    url: `http://${world.registry.host}/path`,
    tls: { insecureHttp: true },
  })) as { id: string };
  const { schedule } = (await world.call('POST', `/api/v1/registries/${registryId}/schedules`, {
    name: HOSTILE,
    scanType: 'OnDemand',
    targets: [{ repository: 'team/*' }],
  })) as { schedule: { id: string } };
  await world.call('POST', '/api/v1/sensor-tokens', { name: HOSTILE });
  const paths = [
    '/registries',
    `/registries/${hostile.id}`,
    `/registries/${registryId}/jobs`,
    `/jobs/${schedule.id}`,
    '/sensors',
    '/settings/accounts',
    '/settings/audit',
  ];
  for (const path of paths) {
    await page.goto(path);
    await page
      .getByText(HOSTILE)
      .first()
      .waitFor()
      .catch(error => {
        throw new Error(`${path}: ${error}`);
      });
    expect(await page.locator('img[src="x"]').count(), path).toBe(0);
  }
  await page.goto(`/registries?q=${encodeURIComponent(HOSTILE)}&cursor=${encodeURIComponent(HOSTILE)}`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  expect(await page.evaluate('window.hacked')).toBeUndefined();
  expect(messages.filter(text => /Content Security Policy/.test(text))).toEqual([]);
  await world.call('DELETE', `/api/v1/registries/${hostile.id}`);
});

test.skipIf(!isPossible)(
  'axe finds nothing serious on any page: light, dark, narrow',
  { timeout: 400_000 },
  async () => {
    const { items: runs } = (await world.call('GET', '/api/v1/runs')) as {
      items: { id: string; scheduleId: string }[];
    };
    const paths = [
      '/registries',
      `/registries/${registryId}`,
      `/registries/${registryId}/repositories`,
      `/registries/${registryId}/runs`,
      `/registries/${registryId}/connection`,
      `/registries/${registryId}/settings`,
      `/runs/${runs[0]?.id}`,
      `/jobs/${runs[0]?.scheduleId}`,
      '/sensors',
      `/sensors/${sensorId}`,
      '/settings/database',
      '/settings/namespaces',
      '/settings/accounts',
      '/settings/keys',
      '/settings/sign-in',
      '/settings/webhooks',
      '/settings/audit',
      '/account',
      '/nowhere',
    ];
    await expectEachAccessible(page, paths);
    const signedOut = await world.open({ dark: true });
    await signedOut.goto('/sign-in');
    await signedOut.getByLabel('Password').waitFor();
    await expectAccessible(signedOut);
    await signedOut.context().close();
  },
);

test.skipIf(!isPossible)('the server goes away and comes back', { timeout: 180_000 }, async () => {
  await page.goto('/registries');
  await page.getByRole('link', { name: 'Harbour' }).waitFor();
  await world.stopServer();
  await page.getByText('The server cannot be reached').waitFor();
  // What was known is still shown.
  await page.getByRole('link', { name: 'Harbour' }).waitFor();
  await expectAccessible(page);
  await world.startServer();
  await page.getByText('The server cannot be reached').waitFor({ state: 'detached', timeout: 60_000 });
  await world.call('PATCH', `/api/v1/registries/${registryId}`, { name: 'Haven' });
  await page.reload();
  await page.getByRole('link', { name: 'Haven' }).waitFor();
});
