/** The build service in a browser: set up from Git, a build watched as it goes, one that fails, one that is cancelled. */
import { existsSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type HttpsGitServer,
  missingProgram,
  openRepositories,
  startHttpsGit,
} from '../../../src/build/testing/git-server.ts';
import { type ScratchFolder, scratchFolder } from '../../fixtures/scratch-folder.ts';
import { expectAccessible, signIn, startWebWorld, type WebWorld, whyNoBrowser } from '../../fixtures/web-world.ts';

const canBuild = missingProgram('git', 'buildah', 'skopeo') === undefined && existsSync('/bin/busybox');

describe.skipIf(whyNoBrowser() !== undefined || !canBuild)('builds of a project', () => {
  let world: WebWorld;
  let page: Page;
  let git: HttpsGitServer;
  let folder: ScratchFolder;

  beforeAll(async () => {
    folder = await scratchFolder();
    const repositories = openRepositories(folder.at('git'));
    git = await startHttpsGit({ folder: repositories.folder });
    await repositories.commit('pilot', { Dockerfile: 'FROM scratch\nCOPY app /app\n', app: '<b>steer</b>' });
    await repositories.commit('broken', { Dockerfile: 'FROM scratch\n\nCOPY missing /app\n' });
    world = await startWebWorld();
    const { items } = (await world.call('GET', '/api/v1/namespaces')) as { items: { id: string }[] };
    const project = { namespaceId: items[0]?.id, name: 'Pilot', distributionMethod: 'rhcc' };
    await world.call('POST', '/api/v1/projects', project);
    page = await world.open();
    await signIn(page);
  }, 180_000);
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
    await git?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  const configure = async (name: string) => {
    await page.getByRole('button', { name: 'Configure the build service' }).click();
    const dialog = page.getByRole('dialog', { name: 'Configure the build service' });
    await dialog.getByLabel('Git source').fill(`${git.url}/${name}.git`);
    return dialog;
  };
  const add = async (tag: string) => {
    await page.getByRole('button', { name: 'Add new build' }).click();
    const dialog = page.getByRole('dialog', { name: 'Add new build' });
    await dialog.getByLabel('Tag').fill(tag);
    return dialog;
  };

  test('from a source that is tried first to an image with a grade', { timeout: 180_000 }, async () => {
    await page.goto('/projects');
    await page.getByRole('link', { name: 'Pilot' }).click();
    await page.getByRole('tab', { name: 'Builds' }).click();
    await page.getByText('The build service is not set up').waitFor();
    const dialog = await configure('pilot');
    await dialog.getByRole('button', { name: 'Test the source' }).click();
    await dialog.getByText('The source cannot be used').waitFor({ timeout: 60_000 });
    await dialog.getByLabel('Certificates of the Git host').fill(git.caPem);
    await dialog.getByRole('button', { name: 'Test the source' }).click();
    await dialog.getByText('The source can be built').waitFor({ timeout: 60_000 });
    await dialog.getByLabel('Build arguments').fill('SECRET=hush');
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Nothing was built yet').waitFor();

    const adding = await add('1.0');
    await adding.getByRole('button', { name: 'Use the next free number of this version' }).click();
    await expect.poll(async () => await adding.getByLabel('Tag').inputValue(), { timeout: 60_000 }).toBe('1.0-1');
    await adding.getByRole('button', { name: 'Add the build' }).click();
    await page.getByRole('heading', { name: 'Build 1.0-1', level: 1 }).waitFor();
    await page.getByText('Succeeded', { exact: true }).waitFor({ timeout: 90_000 });
    await page.getByRole('region', { name: 'Log of the build' }).getByText('COPY app /app').first().waitFor();
    await page.getByText('Checks failed').waitFor();
    expect(await page.content()).not.toContain('hush');
    await expectAccessible(page);
    await page.getByRole('link', { name: 'Pilot' }).click();
    await page.getByRole('link', { name: '1.0-1' }).waitFor();
  });

  test('a build that fails says where, and is built again under the next number', { timeout: 180_000 }, async () => {
    const dialog = await configure('broken');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'detached' });
    const adding = await add('1.0-1');
    await adding.getByRole('button', { name: 'Add the build' }).click();
    await adding.getByText('1.0-2').waitFor();
    await adding.getByLabel('Tag').fill('1.0-2');
    await adding.getByRole('button', { name: 'Add the build' }).click();
    await page.getByRole('heading', { name: 'Build 1.0-2', level: 1 }).waitFor();
    await page.getByText('Failed', { exact: true }).waitFor({ timeout: 60_000 });
    await page.getByRole('heading', { name: /Line 3 of the Dockerfile/ }).waitFor();
    await page.getByRole('button', { name: 'Build it again' }).click();
    await page.getByRole('heading', { name: 'Build 1.0-3', level: 1 }).waitFor();
  });
});
