/**
 * `npm run screenshots`: pictures of every page, light, dark and narrow, in docs/screenshots. With names only of those:
 * `npm run screenshots registries run`. Look at them before they are committed.
 */
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { signIn, startWebWorld, type WebWorld } from './fixtures/web-world.ts';

const FOLDER = join(import.meta.dirname, '../docs/screenshots');
const QUALITY = 0.82;

/** What is in the world that the pictures show. */
interface Scene {
  readonly registryId: string;
  readonly scheduleId: string;
  readonly runId: string;
  readonly sensorId: string;
}

interface Picture {
  readonly name: string;
  readonly path: (scene: Scene) => string;
  /** What is done on the page before. */
  readonly prepare?: (page: Page) => Promise<void>;
  readonly isSignedOut?: true;
}

const PICTURES: readonly Picture[] = [
  { name: 'sign-in', path: () => '/sign-in', isSignedOut: true },
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
      await page.getByText('2 of 4').waitFor();
      await page.getByText('2 of 4').scrollIntoViewIfNeeded();
    },
  },
  { name: 'job', path: ({ scheduleId }) => `/jobs/${scheduleId}` },
  { name: 'run', path: ({ runId }) => `/runs/${runId}` },
  { name: 'sensors', path: () => '/sensors' },
  { name: 'sensor', path: ({ sensorId }) => `/sensors/${sensorId}` },
  { name: 'settings-namespaces', path: () => '/settings/namespaces' },
  { name: 'settings-accounts', path: () => '/settings/accounts' },
  { name: 'settings-sign-in', path: () => '/settings/sign-in' },
  { name: 'settings-webhooks', path: () => '/settings/webhooks' },
  { name: 'settings-audit', path: () => '/settings/audit' },
  { name: 'account', path: () => '/account' },
];

const VIEWS = [
  { suffix: '', dark: false, width: 1280 },
  { suffix: '-dark', dark: true, width: 1280 },
  { suffix: '-narrow', dark: false, width: 412 },
] as const;

const wanted = process.argv.slice(2);
await using world = await startWebWorld();
const scene = await setScene(world);
await mkdir(FOLDER, { recursive: true });
for (const { suffix, dark, width } of VIEWS) {
  const page = await world.open({ dark, width });
  for (const { name, path, prepare, isSignedOut = false } of PICTURES) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const isFirst = page.url() === 'about:blank' || new URL(page.url()).pathname === '/sign-in';
    if (!isSignedOut && isFirst) await signIn(page);
    await page.goto(path(scene));
    await page.getByRole('heading').first().waitFor();
    await prepare?.(page);
    await page.locator('[class*="skeleton"]').first().waitFor({ state: 'detached' });
    await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' });
    const png = await page.screenshot({ animations: 'disabled' });
    await keep(world.browser, `${name}${suffix}.webp`, png);
  }
  await page.context().close();
}

/** A registry that has been scanned, a second that cannot be reached, and a little of everything else. */
async function setScene({ call, importAdvisories, registry }: WebWorld): Promise<Scene> {
  await importAdvisories();
  const { items: namespaces } = (await call('GET', '/api/v1/namespaces')) as { items: { id: string }[] };
  const namespaceId = namespaces[0]?.id;
  const tls = { insecureHttp: true };
  const connect = async (name: string, url: string) =>
    ((await call('POST', '/api/v1/registries', { namespaceId, name, type: 'docker-v2', url, tls })) as { id: string })
      .id;
  const registryId = await connect('Harbour', `http://${registry.host}`);
  const farId = await connect('Far shore', 'http://127.0.0.1:9');
  await call('POST', `/api/v1/registries/${registryId}/test`, {});
  await call('POST', `/api/v1/registries/${farId}/test`, {}).catch(() => {});
  const job = { name: 'everything', scanType: 'OnDemand', targets: [{ repository: '.*' }] };
  const { schedule } = (await call('POST', `/api/v1/registries/${registryId}/schedules`, job)) as {
    schedule: { id: string };
  };
  const recurrence = { intervalDays: 1, startTime: '02:30', timezone: 'Europe/Madrid' };
  const nightly = { name: 'nightly', scanType: 'Automatic', targets: [{ repository: 'team/*' }], recurrence };
  await call('POST', `/api/v1/registries/${registryId}/schedules`, nightly);
  const kinds = ['findings.new', 'run.failed'];
  await call('POST', '/api/v1/webhooks', { namespaceId, name: 'chat', url: 'https://hooks.example/plimsoll', kinds });
  await call('POST', '/api/v1/accounts', {
    name: 'vera',
    displayName: 'Vera Lind',
    password: 'a-quiet-harbour-at-dawn',
  });
  await call('PUT', '/api/v1/members/vera', { role: 'viewer' });
  for (;;) {
    const { items } = (await call('GET', `/api/v1/runs?schedule=${schedule.id}`)) as {
      items: { id: string; completedAt: string | null }[];
    };
    const [run] = items;
    const { totals } = (await call('GET', `/api/v1/registries/${registryId}`)) as {
      totals: { vulnerableImages: number };
    };
    // What was scanned is judged a moment later.
    if (run?.completedAt && totals.vulnerableImages > 0) {
      const { items: sensors } = (await call('GET', '/api/v1/sensors')) as { items: { id: string }[] };
      return { registryId, scheduleId: schedule.id, runId: run.id, sensorId: sensors[0]?.id ?? '' };
    }
    await new Promise(resolve => setTimeout(resolve, 200));
  }
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
