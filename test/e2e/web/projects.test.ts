/** From a new project to an entry of the catalogue that everybody sees, in a browser. */
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePilot } from '../../fixtures/certification-world.ts';
import { type DistributionRegistry, startDistribution } from '../../fixtures/distribution-registry.ts';
import { writeOciLayout } from '../../fixtures/image-builder.ts';
import { type ScratchFolder, scratchFolder } from '../../fixtures/scratch-folder.ts';
import { expectAccessible, signIn, startWebWorld, type WebWorld, whyNoBrowser } from '../../fixtures/web-world.ts';

const isPossible = whyNoBrowser() === undefined;
const hasPodman = spawnSync('podman', ['--version']).error === undefined;
const HOSTILE = '<img src=x onerror="window.hacked=1">';
const LOGIN = { username: 'robot', password: 'secret-of-the-robot' };
const run = promisify(execFile);

describe.skipIf(!isPossible)('projects and the catalogue', () => {
  let world: WebWorld;
  let vault: DistributionRegistry;
  let folder: ScratchFolder;
  let page: Page;
  let digest = '';
  let authFile = '';

  beforeAll(async () => {
    folder = await scratchFolder();
    vault = await startDistribution({ login: LOGIN });
    const labels = { name: 'pilot', vendor: 'Acme', version: '1.0', release: '1', maintainer: 'dev@acme.example' };
    const texts = { summary: HOSTILE, description: HOSTILE };
    const pilot = await makePilot('web', { config: { config: { User: '1001', Labels: { ...labels, ...texts } } } });
    digest = pilot.digest;
    await writeOciLayout(folder.at('layout'), [{ name: 'pilot', content: pilot }]);
    await vault.push(folder.at('layout'), 'pilot', 'acme/pilot', '1.0');
    authFile = await vault.logIn(LOGIN);
    world = await startWebWorld();
    // Where it listens now is where it listens next: by that address images are pushed to it.
    await world.stopServer();
    await world.startServer();
    await world.importAdvisories();
    page = await world.open();
    await signIn(page);
  }, 240_000);
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
    await vault?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  /** What the catalogue answers strangers about an image. */
  const statuses = async (id: string) => {
    const paths = ['', '/vulnerabilities', '/sbom'].map(rest => `${world.url}/api/v1/catalog/images/${id}${rest}`);
    return await Promise.all(paths.map(async path => (await fetch(path)).status));
  };

  test('a project is made, gets a pull secret, scans by pull spec and publishes', { timeout: 180_000 }, async () => {
    await page.goto('/projects');
    await page.getByRole('heading', { name: 'There is no project' }).waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'New project' }).first().click();
    const making = page.getByRole('dialog', { name: 'New project' });
    await making.getByLabel('Name').fill(`Pilot ${HOSTILE}`);
    await making.getByLabel('Content of the image').selectOption('Scratch Image');
    await making.getByLabel('Registry', { exact: true }).fill('https://no host');
    await making.getByLabel('Repository').fill('acme/pilot');
    await making.getByRole('button', { name: 'Make the project' }).click();
    await making.getByText('must be a host such as quay.io', { exact: false }).waitFor();
    await expectAccessible(page);
    await making.getByLabel('Registry', { exact: true }).fill(vault.host);
    await making.getByRole('button', { name: 'Make the project' }).click();

    // The overview says what is missing, and leads there.
    await page.getByRole('heading', { name: `Pilot ${HOSTILE}`, level: 1 }).waitFor();
    await page.getByText('Save a pull secret, unless anybody may pull the image').waitFor();
    await expectAccessible(page);
    await page.getByRole('list').getByRole('link', { name: 'Image', exact: true }).click();
    await page.getByRole('heading', { name: 'There is no image' }).waitFor();

    // What is wrong with a pull spec is said beside it.
    await page.getByRole('button', { name: 'Scan new image' }).click();
    const dialog = page.getByRole('dialog', { name: 'Scan new image' });
    const spec = dialog.getByLabel('Pull spec');
    await dialog.getByLabel('Tag').fill('1.0-1');
    for (const { wrong, said } of [
      { wrong: `${vault.host}/acme/pilot:1.0`, said: 'names no digest' },
      { wrong: `https://${vault.host}/acme/pilot@${digest}`, said: 'is the address of a web page' },
      { wrong: `${vault.host}/acme/pilot@${digest.slice(0, 20)}`, said: 'is shortened' },
    ]) {
      await spec.fill(wrong);
      await dialog.getByRole('button', { name: 'Scan', exact: true }).click();
      await dialog.getByText(said, { exact: false }).waitFor();
    }
    await expectAccessible(page);
    await spec.fill(`${vault.host}/acme/pilot@${digest}`);
    await dialog.getByRole('button', { name: 'Scan', exact: true }).click();
    // Told by the server, without loading the page again.
    await page.getByText('the project has no pull secret', { exact: false }).waitFor();
    await expectAccessible(page);

    await page.getByRole('tab', { name: 'Settings' }).click();
    const config = page.getByRole('textbox', { name: 'Text of config.json' });
    await config.fill('not a secret');
    await page.getByRole('button', { name: 'Save the pull secret' }).click();
    await page.getByText('Cannot read the pull secret', { exact: false }).waitFor();
    await page.locator('input[type=file]').setInputFiles(authFile);
    await expect.poll(async () => await config.inputValue()).toContain(vault.host);
    await page.getByRole('button', { name: 'Save the pull secret' }).click();
    await page.getByRole('button', { name: 'Replace the pull secret' }).waitFor();
    await page.getByText(LOGIN.username, { exact: true }).waitFor();
    const kept = JSON.parse(readFileSync(authFile, 'utf8')) as { auths: Record<string, { auth: string }> };
    expect(await config.inputValue()).toBe('');
    expect(await page.content()).not.toContain(kept.auths[vault.host]?.auth ?? LOGIN.password);
    await page.getByLabel('Short description').fill(`Steers ships ${HOSTILE}`);
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('The project is changed').waitFor();
    await expectAccessible(page);

    await page.getByRole('tab', { name: 'Images' }).click();
    await page.getByRole('button', { name: 'Scan new image' }).click();
    await dialog.getByText(`The one that is kept, for ${vault.host}`).waitFor();
    await spec.fill(`${vault.host}/acme/pilot@${digest}`);
    await dialog.getByLabel('Tag').fill('1.0-1');
    await dialog.getByRole('button', { name: 'Scan', exact: true }).click();
    await page.getByText('Checks passed').waitFor({ timeout: 60_000 });
    await page.getByText('Grade A').waitFor();
    await expectAccessible(page);

    await page.getByRole('link', { name: '1.0-1, amd64', exact: true }).click();
    await page.getByRole('button', { name: 'RunAsNonRoot' }).click();
    await page.getByText('Nothing stands against publishing it').waitFor();
    await expectAccessible(page);
    await page.getByRole('link', { name: 'Security report' }).click();
    await page.getByRole('tab', { name: 'Security report' }).waitFor();
    await page.goBack();
    await page.getByRole('button', { name: 'Publish', exact: true }).click();
    await page.getByText('In the catalogue since').waitFor({ timeout: 60_000 });
    await expectAccessible(page);
    // What preflight prints leads here, too.
    const [, projectId = '', imageId = ''] = /projects\/(\w+)\/images\/(\w+)/.exec(page.url()) ?? [];
    await page.goto(`/component/view/${projectId}/security/vulnerabilities/${imageId}`);
    await page.waitForURL(`**/projects/${projectId}/images/${imageId}`);
    await page.getByText('In the catalogue since').waitFor();
    expect(await page.evaluate('window.hacked')).toBeUndefined();
  });

  test('everybody sees what is published, signed in or not', { timeout: 180_000 }, async () => {
    const stranger = await world.open({ width: 412, dark: true });
    await stranger.goto('/projects');
    await stranger.waitForURL('**/sign-in?**');
    await stranger.goto('/catalogue');
    await stranger.getByRole('link', { name: 'Sign in' }).waitFor();
    await stranger.getByLabel('Search the catalogue').fill('nothing of the kind');
    await stranger.getByRole('heading', { name: 'Nothing is called that' }).waitFor();
    await stranger.getByLabel('Search the catalogue').fill('steers');
    await stranger.getByRole('link', { name: `Pilot ${HOSTILE}` }).waitFor();
    await expectAccessible(stranger);
    await stranger.getByRole('link', { name: `Pilot ${HOSTILE}` }).click();
    await stranger.getByText(`Steers ships ${HOSTILE}`).waitFor();
    await stranger.getByRole('link', { name: '1.0-1' }).click();
    await stranger.getByText(`podman pull ${vault.host}/acme/pilot@${digest}`, { exact: false }).waitFor();
    await stranger.getByText('None known').waitFor();
    await expectAccessible(stranger);
    const [download] = await Promise.all([
      stranger.waitForEvent('download'),
      stranger.getByRole('link', { name: 'CycloneDX 1.6, JSON' }).click(),
    ]);
    expect(JSON.parse(readFileSync(await download.path(), 'utf8')).bomFormat).toBe('CycloneDX');
    // The way in leads back to here.
    const address = stranger.url();
    await stranger.getByRole('link', { name: 'Sign in' }).click();
    await stranger.waitForURL('**/sign-in?**');
    expect(new URL(stranger.url()).searchParams.get('returnTo')).toBe(new URL(address).pathname);
    expect(await stranger.evaluate('window.hacked')).toBeUndefined();
    await stranger.context().close();
  });

  test('a viewer sees a project and can change nothing of it', { timeout: 180_000 }, async () => {
    const viewer = { name: 'vera', password: 'a-quiet-harbour-at-dawn' };
    await world.call('POST', '/api/v1/accounts', { ...viewer, displayName: 'Vera' });
    await world.call('PUT', '/api/v1/members/vera', { role: 'viewer' });
    const window = await world.open();
    await signIn(window, viewer);
    await window.goto('/projects');
    await window.getByRole('link', { name: `Pilot ${HOSTILE}` }).click();
    await window.getByText('Nothing is missing').waitFor();
    expect(await window.getByRole('tab', { name: 'Settings' }).count()).toBe(0);
    await window.getByRole('tab', { name: 'Images' }).click();
    await window.getByRole('link', { name: '1.0-1, amd64', exact: true }).waitFor();
    expect(await window.getByRole('button', { name: 'Scan new image' }).count()).toBe(0);
    expect(await window.getByRole('button', { name: /^Actions for/ }).count()).toBe(0);
    // Signed in, the catalogue has the usual frame.
    await window.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Catalogue' }).click();
    await window.getByRole('heading', { name: 'Catalogue', level: 1 }).waitFor();
    await window.getByRole('navigation', { name: 'Pages' }).waitFor();
    await expectAccessible(window);
    await window.context().close();
  });

  test.skipIf(!hasPodman)(
    'an image is pushed by podman, does not pass, and an admin publishes it all the same',
    { timeout: 120_000 },
    async () => {
      await page.goto('/projects');
      await page.getByRole('button', { name: 'New project' }).click();
      const making = page.getByRole('dialog', { name: 'New project' });
      await making.getByLabel('Name').fill('Tug');
      await making.getByLabel('In the registry of this server').check();
      await making.getByRole('button', { name: 'Make the project' }).click();
      await page.getByRole('heading', { name: 'Tug', level: 1 }).waitFor();
      await page.getByRole('tab', { name: 'Images' }).click();
      await page.getByRole('button', { name: 'Push image manually' }).click();
      const dialog = page.getByRole('dialog', { name: 'Push image manually' });
      await dialog.getByLabel('Name of the image').fill('tug');
      await dialog.getByLabel('Tag').fill('2.0-1');
      await dialog.getByRole('button', { name: 'Show the key' }).click();
      await dialog.getByRole('button', { name: 'Copy the registry key' }).waitFor();
      const first = await dialog.locator('pre code').first().textContent();
      await dialog.getByRole('button', { name: 'End the key…' }).click();
      await page
        .getByRole('dialog', { name: /End the registry key/ })
        .getByRole('button', { name: 'End the key' })
        .click();
      await dialog.getByText('There is no key to show').waitFor();
      await dialog.getByRole('button', { name: 'Make a new key' }).click();
      await dialog.getByRole('button', { name: 'Copy the registry key' }).waitFor();
      expect(await dialog.locator('pre code').first().textContent()).not.toBe(first);
      const [key = '', commands = ''] = await dialog.locator('pre code').allTextContents();
      const [logIn = '', , push = ''] = commands.split('\n');
      const host = new URL(world.url).host;
      expect(logIn).toBe(`podman login -u unused ${host}`);
      await expectAccessible(page);
      await dialog.getByRole('button', { name: 'Close' }).last().click();

      const [target = ''] = push.split(' ').slice(-1);
      const source = `${world.registry.host}/base/clean:v1`;
      const storage = ['--root', folder.at('root'), '--runroot', folder.at('run'), '--storage-driver', 'vfs'];
      const env = { ...process.env, REGISTRY_AUTH_FILE: folder.at('auth.json') };
      const podman = async (...args: string[]) => await run('podman', args, { env });
      await podman('login', '--tls-verify=false', '-u', 'unused', '-p', key, host);
      await podman(...storage, 'pull', '--tls-verify=false', source);
      await podman(...storage, 'tag', source, target);
      await podman(...storage, 'push', '--tls-verify=false', target);

      await page.getByText('Checks failed').waitFor({ timeout: 60_000 });
      await page.getByRole('link', { name: '2.0-1, amd64', exact: true }).click();
      await page.getByText('COPY LICENSE /licenses/', { exact: false }).first().waitFor();
      await page.getByText('It cannot be published yet').waitFor();
      await expectAccessible(page);
      await page.getByRole('button', { name: 'Publish all the same…' }).click();
      const despite = page.getByRole('dialog', { name: /despite what stands against it/ });
      await despite.getByLabel('Reason').fill('A customer needs it until Friday');
      await expectAccessible(page);
      await despite.getByRole('button', { name: 'Publish all the same' }).click();
      await page.getByText('In the catalogue since').waitFor({ timeout: 60_000 });
      await page.getByText('by admin: A customer needs it until Friday').waitFor();
      const id = page.url().split('/').at(-1) ?? '';
      expect(await statuses(id)).toEqual([200, 200, 200]);

      await page.getByRole('button', { name: 'Actions for 2.0-1, amd64' }).click();
      await page.getByRole('menuitem', { name: 'Unpublish…' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Unpublish' }).click();
      await page.getByText('It cannot be published yet').waitFor({ timeout: 60_000 });
      // Strangers are told nothing of what is not published.
      expect(await statuses(id)).toEqual([404, 404, 404]);
    },
  );
});
