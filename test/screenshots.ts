/**
 * `npm run screenshots`: pictures of every page, light, dark and narrow, in docs/screenshots. With names only of those:
 * `npm run screenshots registries run`. Look at them before they are committed.
 */
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { type ProjectScene, setProjectScene } from './fixtures/project-scene.ts';
import { type PlacedImage, type Scene, setScene } from './fixtures/screenshot-scene.ts';
import { signIn, startWebWorld, type WebWorld } from './fixtures/web-world.ts';

const FOLDER = join(import.meta.dirname, '../docs/screenshots');
const QUALITY = 0.82;

interface Picture {
  readonly name: string;
  readonly path: (scene: Scene & ProjectScene) => string;
  /** What is done on the page before. */
  readonly prepare?: (page: Page) => Promise<void>;
  readonly isSignedOut?: true;
}

/** The page of an image as one comes to it from its tag. */
function pageOf({ registryId }: Scene, { digest, repository, tag }: PlacedImage, tab = '', more = ''): string {
  const query = new URLSearchParams({ registry: registryId, repository, tag, ...(tab === '' ? {} : { tab }) });
  return `/images/${digest}?${query}${more}`;
}

const PICTURES: readonly Picture[] = [
  { name: 'sign-in', path: () => '/sign-in', isSignedOut: true },
  { name: 'catalogue', path: () => '/catalogue', isSignedOut: true },
  {
    name: 'catalogue-image',
    path: ({ publishedImageId }) => `/catalogue/image/${publishedImageId}`,
    isSignedOut: true,
  },
  {
    name: 'overview',
    path: () => '/overview',
    // The curve comes in a chunk of its own.
    prepare: page => page.locator('.plimsoll-overview-all svg').first().waitFor(),
  },
  { name: 'repositories', path: () => '/repositories' },
  {
    name: 'tags',
    path: ({ registryId, index }) => `/repositories/${registryId}/${index.repository}`,
    prepare: async page => {
      await page.getByRole('button', { name: /^See child manifests/ }).click();
      await page.getByRole('grid', { name: /^Child manifests/ }).waitFor();
    },
  },
  {
    name: 'report',
    path: scene => pageOf(scene, scene.image),
    prepare: page => page.getByRole('list', { name: 'Upgrades' }).waitFor(),
  },
  {
    name: 'report-finding',
    path: scene => pageOf(scene, scene.image),
    prepare: async page => {
      const first = page.getByRole('grid', { name: 'Findings' }).locator('tbody').first();
      await first.getByRole('button', { name: 'Details' }).click();
      await first.evaluate('element => element.scrollIntoView()');
    },
  },
  {
    name: 'report-waive',
    path: scene => pageOf(scene, scene.image),
    prepare: async page => {
      await page
        .getByRole('button', { name: /^Actions for / })
        .first()
        .click();
      await page.getByRole('menuitem', { name: 'Waive …' }).click();
      await page.getByRole('radio', { name: 'This repository' }).check();
    },
  },
  {
    name: 'report-waived',
    path: scene => pageOf(scene, scene.image, '', '&show=waived'),
    prepare: async page => {
      const rows = page.getByRole('grid', { name: 'Waived findings' });
      await rows.waitFor();
      // What comes above it later would push it away.
      await page.getByRole('list', { name: 'Upgrades' }).waitFor();
      await page.locator('.plimsoll-donut-picture svg').first().waitFor();
      await page
        .getByRole('button', { name: /^End the waiver/ })
        .last()
        .scrollIntoViewIfNeeded();
    },
  },
  { name: 'image-packages', path: scene => pageOf(scene, scene.image, 'packages') },
  { name: 'image-layers', path: scene => pageOf(scene, scene.image, 'layers') },
  { name: 'image-details', path: scene => pageOf(scene, scene.image, 'details') },
  {
    name: 'image-compare',
    path: scene => pageOf(scene, scene.compared.image, 'compare', `&with=${scene.compared.other}`),
    prepare: page => page.getByRole('heading', { name: /^Better/ }).waitFor(),
  },
  { name: 'index', path: scene => pageOf(scene, scene.index) },
  { name: 'images', path: () => '/images' },
  { name: 'vulnerabilities', path: () => '/vulnerabilities' },
  { name: 'vulnerability', path: ({ vulnerability }) => `/vulnerabilities/${vulnerability}` },
  { name: 'packages', path: () => '/packages' },
  { name: 'waivers', path: () => '/waivers' },
  {
    name: 'waivers-file',
    path: () => '/waivers',
    prepare: async page => {
      await page.getByRole('button', { name: 'Download as a file' }).click();
      await page.getByRole('dialog').getByText('plimsoll scan').first().waitFor();
    },
  },
  {
    name: 'registries',
    path: () => '/registries',
    prepare: page => page.getByText('Docker Registry V2').first().waitFor(),
  },
  { name: 'registry-new-product', path: () => '/registries/new' },
  {
    name: 'registry-new-connection',
    path: () => '/registries/new',
    prepare: async page => {
      await page.getByRole('button', { name: 'Amazon ECR', exact: true }).click();
      // The help comes in a chunk of its own.
      await page.locator('strong', { hasText: 'role' }).first().waitFor();
    },
  },
  {
    name: 'registry-new-test',
    path: () => '/registries/new',
    prepare: async page => {
      await page.getByRole('button', { name: 'Docker Registry V2' }).click();
      await page.getByLabel('Address').fill(registry.host);
      await page.getByLabel('Kind').selectOption('none');
      await page.getByRole('button', { name: 'Certificates, proxy, sensors' }).click();
      await page.getByLabel('Plain http', { exact: true }).check();
      await page.getByRole('button', { name: 'Test the connection' }).click();
      await page.getByText('The registry can be read').waitFor();
    },
  },
  { name: 'registry', path: ({ registryId }) => `/registries/${registryId}` },
  { name: 'registry-repositories', path: ({ registryId }) => `/registries/${registryId}/repositories` },
  { name: 'registry-jobs', path: ({ registryId }) => `/registries/${registryId}/jobs` },
  { name: 'registry-connection', path: ({ registryId }) => `/registries/${registryId}/connection` },
  { name: 'registry-settings', path: ({ registryId }) => `/registries/${registryId}/settings` },
  {
    name: 'job-new',
    path: ({ registryId }) => `/registries/${registryId}/jobs/new`,
    prepare: async page => {
      await page.getByLabel('Name of the scan job').fill('nightly');
      await page.getByLabel('Automatic').check();
      await page.getByLabel('Repository, or wildcard').fill('team/*');
      const matched = page.getByText(/^\d of \d$/).first();
      await matched.waitFor();
      await matched.scrollIntoViewIfNeeded();
    },
  },
  { name: 'job', path: ({ scheduleId }) => `/jobs/${scheduleId}` },
  { name: 'run', path: ({ runId }) => `/runs/${runId}` },
  { name: 'projects', path: () => '/projects' },
  { name: 'project', path: ({ refusedId }) => `/projects/${refusedId}` },
  { name: 'project-images', path: ({ refusedId }) => `/projects/${refusedId}/images` },
  {
    name: 'project-scan',
    path: ({ publishedId }) => `/projects/${publishedId}/images`,
    prepare: async page => {
      await page.getByRole('button', { name: 'Scan new image' }).click();
      await page.getByLabel('Pull spec').fill('quay.io/acme/pilot:1.0');
      await page.getByRole('dialog').getByLabel('Tag').fill('1.0-1');
      await page.getByRole('button', { name: 'Scan', exact: true }).click();
      await page.getByText('names no digest').waitFor();
    },
  },
  {
    name: 'project-push',
    path: ({ emptyId }) => `/projects/${emptyId}/images`,
    prepare: async page => {
      await page.getByRole('button', { name: 'Push image manually' }).click();
      await page.getByLabel('Name of the image').fill('tug');
      await page.getByRole('dialog').getByLabel('Tag').fill('2.0-1');
      await page.getByRole('button', { name: 'Show the key' }).waitFor();
    },
  },
  {
    name: 'project-image',
    path: ({ refusedId, refusedImageId }) => `/projects/${refusedId}/images/${refusedImageId}`,
    prepare: page => page.getByRole('heading', { name: 'Checks' }).waitFor(),
  },
  { name: 'project-builds', path: ({ emptyId }) => `/projects/${emptyId}/builds` },
  { name: 'project-settings', path: ({ publishedId }) => `/projects/${publishedId}/settings` },
  { name: 'sensors', path: () => '/sensors' },
  { name: 'sensor', path: ({ sensorId }) => `/sensors/${sensorId}` },
  {
    name: 'sensor-install',
    path: () => '/sensors',
    prepare: async page => {
      await page.getByRole('button', { name: 'Install a sensor' }).click();
      await page.getByRole('textbox', { name: 'Name', exact: true }).fill('east');
      await page.getByRole('button', { name: 'Make a token' }).click();
      await page.getByRole('dialog').getByText('podman run').waitFor();
    },
  },
  { name: 'settings-database', path: () => '/settings/database' },
  { name: 'settings-namespaces', path: () => '/settings/namespaces' },
  { name: 'settings-accounts', path: () => '/settings/accounts' },
  { name: 'settings-sign-in', path: () => '/settings/sign-in' },
  { name: 'settings-webhooks', path: () => '/settings/webhooks' },
  { name: 'webhook', path: ({ webhookId }) => `/webhooks/${webhookId}` },
  { name: 'settings-keys', path: () => '/settings/keys' },
  { name: 'settings-audit', path: () => '/settings/audit' },
  { name: 'account', path: () => '/account' },
];

const VIEWS = [
  { suffix: '', dark: false, width: 1280 },
  { suffix: '-dark', dark: true, width: 1280 },
  { suffix: '-narrow', dark: false, width: 412 },
] as const;

const wanted = process.argv.slice(2);
const isWanted = (name: string) => wanted.length === 0 || wanted.includes(name);
await mkdir(FOLDER, { recursive: true });
if (isWanted('setup')) await takeSetup();
await using world = await startWebWorld();
const { registry } = world;
const shown = await setScene(world);
const scene = { ...shown, ...(await setProjectScene(world, shown)) };
for (const { suffix, dark, width } of VIEWS) {
  const page = await world.open({ dark, width });
  let hasSignedIn = false;
  for (const { name, path, prepare, isSignedOut = false } of PICTURES) {
    if (!isWanted(name)) continue;
    if (!isSignedOut && !hasSignedIn) await signIn(page);
    hasSignedIn ||= !isSignedOut;
    await take(world, page, { name: `${name}${suffix}.webp`, path: path(scene), prepare });
  }
  await page.context().close();
}

/** The first page of all, of a server that nobody has an account on. */
async function takeSetup(): Promise<void> {
  await using empty = await startWebWorld({ isNew: true });
  for (const { suffix, dark, width } of VIEWS) {
    const page = await empty.open({ dark, width });
    await take(empty, page, { name: `setup${suffix}.webp`, path: empty.setupUrl ?? '', prepare: undefined });
    await page.context().close();
  }
}

/** Opens a page, waits until it rests, and keeps a picture of it. */
async function take(
  { browser }: WebWorld,
  page: Page,
  { name, path, prepare }: Pick<Picture, 'name'> & { path: string; prepare: Picture['prepare'] | undefined },
): Promise<void> {
  await page.goto(path);
  await page.getByRole('heading').first().waitFor();
  await prepare?.(page);
  await page.locator('[class*="skeleton"]').first().waitFor({ state: 'detached' });
  await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' });
  await keep(browser, name, await page.screenshot({ animations: 'disabled' }));
}

/** Writes a picture as WebP, which the browser makes itself. */
async function keep(browser: Browser, name: string, png: Buffer): Promise<void> {
  const page = await browser.newPage();
  const source = `data:image/png;base64,${png.toString('base64')}`;
  // As text: the types of this program are those of Node.js.
  const data = await page.evaluate<number[]>(`(async () => {
    const image = await createImageBitmap(await (await fetch(${JSON.stringify(source)})).blob());
    const canvas = new OffscreenCanvas(image.width, image.height);
    canvas.getContext('2d').drawImage(image, 0, 0);
    const blob = await canvas.convertToBlob({ type: 'image/webp', quality: ${QUALITY} });
    return Array.from(new Uint8Array(await blob.arrayBuffer()));
  })()`);
  await page.close();
  const path = join(FOLDER, name);
  await writeFile(path, Uint8Array.from(data));
  process.stdout.write(`${name} ${Math.round((await stat(path)).size / 1024)} kB\n`);
}
