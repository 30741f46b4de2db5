/**
 * `node bench/rematch.js [--images N] [--reads-images N] [--only pglite|postgres] [--on-this-thread]`: what an advisory update costs a server with many images,
 * and what its most used reads cost.
 *
 * 100,000 synthetic images over 50,000 distinct packages: 200 base sets of 120 packages that images share, and for each image two sets of its own
 * choice out of 20,000 of 12 packages each. The update touches 1,000 packages. Reads are measured at 1,000 images with 300 packages each. PostgreSQL is the
 * one that the tests start (Debian's). Budgets: 10 s for an update, 50 ms for the 99th percentile of each read on the embedded database.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { median } from './measure.js';
import { startServerOn } from './server-world.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const node = join(root, 'node_modules/node/bin/node');
const work = join(root, 'bench/work/rematch');
const argument = name => {
  const at = process.argv.indexOf(name);
  return at === -1 ? undefined : process.argv[at + 1];
};
const IMAGES = Number(argument('--images') ?? 100_000);
const READ_IMAGES = Number(argument('--reads-images') ?? 1000);
const PACKAGES = 50_000;
const TOUCHED = 1000;
const BUDGET_SECONDS = 10;
const BUDGET_READ_MS = 50;
const BUDGET_BLOCK_MS = 250;
const NOW = new Date('2026-11-21T12:00:00Z');
const signal = new AbortController().signal;

if (process.execArgv.includes('--conditions=plimsoll-source')) await main();
else {
  const { status } = spawnSync(
    node,
    ['--conditions=plimsoll-source', fileURLToPath(import.meta.url), ...process.argv.slice(2)],
    { stdio: 'inherit' },
  );
  process.exitCode = status ?? 1;
}

async function main() {
  const stores = { pglite: embedded, postgres: onServer };
  for (const [kind, open] of Object.entries(stores)) {
    if (argument('--only') !== undefined && argument('--only') !== kind) continue;
    rmSync(work, { recursive: true, force: true });
    mkdirSync(work, { recursive: true });
    const { store, close } = await open();
    try {
      if (!process.argv.includes('--no-update')) await measureUpdate(kind, store);
      if (kind === 'pglite' && !process.argv.includes('--no-reads')) await measureReads(store);
    } finally {
      await close();
    }
    const isFilled =
      kind === 'pglite' && !process.argv.includes('--no-reads') && !process.argv.includes('--on-this-thread');
    if (isFilled) await measureApi();
  }
  rmSync(work, { recursive: true, force: true });
}

async function embedded() {
  const { openStore } = await import('#store/database.ts');
  const { migrate } = await import('#store/migrate.ts');
  // Without a folder it works on this thread, as it did before it had one of its own.
  const folder = process.argv.includes('--on-this-thread') ? {} : { folder: join(work, 'data') };
  const store = await openStore({ kind: 'pglite', ...folder });
  await migrate(store);
  return { store, close: () => store[Symbol.asyncDispose]() };
}

async function onServer() {
  const { openStore } = await import('#store/database.ts');
  const { migrate } = await import('#store/migrate.ts');
  const { startPostgres, stopServer } = await import('#store/testing/postgres-server.ts');
  const folder = '/tmp/plimsoll-bench-postgres/data';
  rmSync('/tmp/plimsoll-bench-postgres', { recursive: true, force: true });
  const url = await startPostgres(folder, { isDurable: true });
  const store = await openStore({ kind: 'postgres', url: `${url}/postgres` });
  await migrate(store);
  const close = async () => {
    await store[Symbol.asyncDispose]();
    stopServer(folder);
    rmSync('/tmp/plimsoll-bench-postgres', { recursive: true, force: true });
  };
  return { store, close };
}

async function measureUpdate(kind, store) {
  const { rematch } = await import('#scan/content/rematch.ts');
  const { sql } = await import('kysely');
  const context = await openContext(store);
  const { first, second } = buildDatabases(context);
  await fill(store, {
    images: IMAGES,
    packages: PACKAGES,
    bases: 200,
    baseSize: 120,
    apps: 20_000,
    appSize: 12,
    appsOfImage: 2,
  });
  const rss = process.memoryUsage().rss;
  let peak = rss;
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss);
  }, 50);
  const all = performance.now();
  await rematch(context, await register(context, first), { signal });
  const allSeconds = (performance.now() - all) / 1000;
  await sql`ANALYZE`.execute(store.db);
  const blocks = monitorEventLoopDelay({ resolution: 5 });
  blocks.enable();
  const cpu = process.cpuUsage();
  const started = performance.now();
  const result = await rematch(context, await register(context, second), { signal });
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  clearInterval(watch);
  blocks.disable();
  const plain = performance.now();
  await sql`SELECT sum(critical + high) FROM manifest_package_set JOIN package_set ON package_set.id = set_id`.execute(
    store.db,
  );
  const sumSeconds = (performance.now() - plain) / 1000;
  row(`${kind}: images`, IMAGES, '');
  row(`${kind}: packages judged by the update`, result.packagesJudged, '');
  row(`${kind}: images changed by it`, result.imagesChanged, '');
  row(`${kind}: update`, seconds, 's', BUDGET_SECONDS);
  row(`${kind}: update, processor time of this process`, (user + system) / 1e6, 's');
  row(`${kind}: longest block of the event loop during it`, blocks.max / 1e6, 'ms', BUDGET_BLOCK_MS);
  row(`${kind}: update / summing the counts of all images once`, seconds / sumSeconds, 'x');
  row(`${kind}: first database, all packages`, allSeconds, 's');
  row(`${kind}: memory at the peak beyond what it was before`, (peak - rss) / 2 ** 20, 'MiB');
  await context.vulnerabilities[Symbol.asyncDispose]();
}

async function openContext(store) {
  const { VulnerabilityHolder } = await import('#scan/content/vulnerability-holder.ts');
  const { startBuild } = await import('#vulndb/database-build.ts');
  return {
    store,
    startBuild,
    now: () => new Date(),
    queue: { send: async () => {} },
    vulnerabilities: new VulnerabilityHolder(store, join(work, 'server')),
  };
}

/** Of 50,000 packages a fifth has an advisory; in the second database a thousand others have one as well. */
function buildDatabases({ startBuild }) {
  const flaw = (at, id, severity) => ({
    id,
    source: 'osv',
    kind: 'weakness',
    aliases: [],
    upstream: [],
    title: `A flaw of package ${at}`,
    ratings: [{ kind: 'word', severity, origin: 'ghsa' }],
    references: [],
    cwes: [],
    affected: [
      {
        ecosystem: 'npm',
        name: `package-${at}`,
        range: {
          ranges: [
            [
              { kind: 'introduced', version: '0' },
              { kind: 'fixed', version: '9.0.0' },
            ],
          ],
        },
      },
    ],
  });
  const severities = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW'];
  const known = Array.from({ length: PACKAGES / 5 }, (_, at) =>
    flaw(at * 5, `CVE-2020-${10_000 + at}`, severities[at % 4]),
  );
  const news = Array.from({ length: TOUCHED }, (_, at) =>
    flaw(at * 37 + 1, `CVE-2026-${10_000 + at}`, severities[at % 4]),
  );
  const build = (name, advisories) => {
    const path = join(work, name, 'vulnerability.db');
    using next = startBuild(path, { now: NOW, builtBy: 'bench' });
    const counts = { read: 1, kept: 1, skipped: {}, lost: {} };
    const facts = { origin: 'bench', asOf: '2026-11-20', counts };
    next.replacePart({ source: 'osv', name: 'npm' }, advisories, () => facts);
    next.finish();
    return path;
  };
  return { first: build('first', known), second: build('second', [...known, ...news]) };
}

async function register({ store, vulnerabilities }, path) {
  const { describeFile, keepFile } = await import('#scan/content/database-file.ts');
  const { moveVersion, registerVersion } = await import('#store/database-version.ts');
  const file = await describeFile(path, signal);
  await keepFile(path, vulnerabilities.folder, file.sha256);
  const version = await registerVersion(store.db, { ...file, builtAt: NOW.toISOString(), status: { parts: [] } }, NOW);
  await moveVersion(store.db, version.id, ['loading'], 'judging');
  return version.id;
}

/** Writes rows as storing inventories would leave them, many at a time. */
async function fill({ db }, of) {
  const { sql } = await import('kysely');
  const { packages, images, bases, baseSize, apps, appSize, appsOfImage } = of;
  const run = text => sql.raw(text).execute(db);
  await run(`INSERT INTO surroundings (key, value) VALUES ('bench', '{"hasUbuntuPro": false}')`);
  await run(`INSERT INTO package (key, surroundings_id, type, name, version, facts, first_seen_at)
    SELECT 'k' || n, 1, 'npm', 'package-' || n, '1.0.0', jsonb_build_object('type', 'npm', 'name', 'package-' || n,
      'version', '1.0.0', 'purl', 'pkg:npm/package-' || n || '@1.0.0'), now() FROM generate_series(0, ${packages - 1}) AS n`);
  await run(`INSERT INTO package_question (package_id, ecosystem, name) SELECT id, 'npm', name FROM package`);
  await run(
    `INSERT INTO package_doubt (package_id, why, ids) SELECT id, 'no vulnerability database yet', '[]' FROM package`,
  );
  await run(`INSERT INTO package_set (key, package_count, undetermined)
    SELECT 's' || n, CASE WHEN n <= ${bases} THEN ${baseSize} ELSE ${appSize} END,
      CASE WHEN n <= ${bases} THEN ${baseSize} ELSE ${appSize} END FROM generate_series(1, ${bases + apps}) AS n`);
  // Members are spread by a stride that meets no package twice in a set.
  await run(`INSERT INTO package_set_member (set_id, package_id, locations)
    SELECT n, 1 + (n * 7919 + m * 211) % ${packages}, '["usr/lib/node_modules/x/package.json"]'
    FROM generate_series(1, ${bases + apps}) AS n
      CROSS JOIN LATERAL generate_series(1, CASE WHEN n <= ${bases} THEN ${baseSize} ELSE ${appSize} END) AS m`);
  await run(`INSERT INTO manifest (digest, kind, media_type, document, os, architecture, layers_size_bytes, first_seen_at)
    SELECT 'sha256:' || encode(sha256(n::text::bytea), 'hex'), 'image', 'application/vnd.oci.image.manifest.v1+json', '\\x7b7d', 'linux', 'amd64',
      n * 1000, now() FROM generate_series(1, ${images}) AS n`);
  await run(`INSERT INTO manifest_package_set (manifest_id, position, set_id)
    SELECT n, 0, 1 + n % ${bases} FROM generate_series(1, ${images}) AS n
    UNION ALL
    SELECT n, p, ${bases} + 1 + (n * 31 + p * 104729) % ${apps} FROM generate_series(1, ${images}) AS n
      CROSS JOIN generate_series(1, ${appsOfImage}) AS p`);
  const perImage = baseSize + appsOfImage * appSize;
  await run(`INSERT INTO image_scan (manifest_id, state, scanned_at, judged_at, analyser_version, surroundings_id, gaps, package_count, undetermined)
    SELECT n, 'scanned', now() - n * interval '1 second', now(), '1', 1, '[]', ${perImage}, ${perImage} FROM generate_series(1, ${images}) AS n`);
  await run(
    `INSERT INTO namespace (id, name, display_name, created_at) VALUES ('00000000-0000-4000-8000-000000000001', 'bench', 'bench', now())`,
  );
  await run(`INSERT INTO registry (id, namespace_id, name, type, url, host, settings, credential_kind, sensor_selector, labels, warnings, created_at, updated_at)
    VALUES ('00000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000001', 'bench', 'docker-v2', 'https://bench.example',
      'bench.example', '{}', 'none', '{}', '{}', '[]', now(), now())`);
  await run(`INSERT INTO repository (registry_id, name, first_seen_at)
    SELECT '00000000-0000-4000-8000-000000000002', 'team/app-' || n, now() FROM generate_series(1, ${Math.ceil(images / 10)}) AS n`);
  await run(`INSERT INTO repository_manifest (repository_id, manifest_id, first_seen_at, pushed_at_source)
    SELECT 1 + (n - 1) / 10, n, now(), 'unknown' FROM generate_series(1, ${images}) AS n`);
  await run(`INSERT INTO tag (repository_id, name, manifest_id, pushed_at_source, started_at)
    SELECT 1 + (n - 1) / 10, 'v' || n, n, 'unknown', now() FROM generate_series(1, ${images}) AS n`);
  await run('ANALYZE');
}

async function measureReads(store) {
  const { emptyStore } = await import('#store/testing/empty-store.ts');
  await emptyStore(store);
  const context = await openContext(store);
  const { first } = buildDatabases(context);
  await fill(store, {
    images: READ_IMAGES,
    packages: PACKAGES,
    bases: 50,
    baseSize: 200,
    apps: 2000,
    appSize: 50,
    appsOfImage: 2,
  });
  const { rematch } = await import('#scan/content/rematch.ts');
  await rematch(context, await register(context, first), { signal });
  const { sql } = await import('kysely');
  await sql`ANALYZE`.execute(store.db);
  const { db } = store;
  const { listImages } = await import('#store/image-list.ts');
  const { listFindings, listLayerSummaries } = await import('#store/finding-list.ts');
  const { listVulnerabilities } = await import('#store/vulnerability-list.ts');
  const { listPackages } = await import('#store/package-list.ts');
  const { registryTotals, repositoryTotals } = await import('#store/image-totals.ts');
  const { reportOfImage } = await import('#scan/content/report-of-image.ts');
  const { rows: digests } = await sql`SELECT digest FROM manifest`.execute(db);
  const scope = { namespaceIds: ['00000000-0000-4000-8000-000000000001'] };
  const registryId = '00000000-0000-4000-8000-000000000002';
  const any = n => Math.floor(Math.random() * n);
  const reads = {
    'images, worst first': () => listImages(db, scope, { sort: 'worst', limit: 50 }),
    'images, last scanned first': () => listImages(db, scope, { sort: 'scanned', limit: 50 }),
    'images by name': () => listImages(db, scope, { sort: 'name', limit: 50 }),
    'images with a weakness': () =>
      listImages(db, { ...scope, vulnerability: `CVE-2020-${10_000 + any(10_000)}` }, { sort: 'worst', limit: 50 }),
    'images with a package': () =>
      listImages(db, { ...scope, package: { name: `package-${any(PACKAGES)}` } }, { sort: 'worst', limit: 50 }),
    'findings of an image': () => listFindings(db, 1 + any(READ_IMAGES), {}, { sort: 'severity', limit: 50 }),
    'layers of an image': () => listLayerSummaries(db, 1 + any(READ_IMAGES)),
    'the whole report of an image': () =>
      reportOfImage(db, digests[any(digests.length)].digest, { reference: 'x', today: NOW }),
    'weaknesses, worst first': () => listVulnerabilities(db, scope, { sort: 'worst', limit: 50 }),
    'packages by name': () => listPackages(db, { ...scope, text: `${any(100)}` }, { limit: 50 }),
    'totals of a registry': () => registryTotals(db, [registryId]),
    'totals of 50 repositories': () =>
      repositoryTotals(
        db,
        Array.from({ length: 50 }, (_, at) => 1 + at),
      ),
  };
  const times = Object.fromEntries(Object.keys(reads).map(name => [name, []]));
  for (let round = 0; round < 210; round += 1) {
    for (const [name, read] of Object.entries(reads)) {
      const started = performance.now();
      await read();
      // The first rounds warm caches and compilers.
      if (round >= 10) times[name].push(performance.now() - started);
    }
  }
  for (const [name, values] of Object.entries(times)) {
    values.sort((a, b) => a - b);
    row(`pglite, ${READ_IMAGES} images: ${name}, p99`, values[Math.floor(values.length * 0.99)], 'ms', BUDGET_READ_MS);
    row(`pglite, ${READ_IMAGES} images: ${name}, median`, median(values), 'ms');
  }
  await context.vulnerabilities[Symbol.asyncDispose]();
}

/** The reads of the API that a person or a pipeline makes most, over HTTP, one after the other, of the server as it is. */
async function measureApi() {
  const server = await startServerOn('pglite', { sensor: 'off', data: join(work, 'data') });
  const { items } = await server.call('GET', 'images?limit=50&sort=worst');
  const registry = '00000000-0000-4000-8000-000000000002';
  const any = n => Math.floor(Math.random() * n);
  const digest = () => items[any(items.length)].digest;
  const cve = () => `CVE-2020-${10_000 + any(10_000)}`;
  const reads = {
    'images, worst first': () => 'images?limit=50&sort=worst',
    'images of a registry with critical findings': () => `images?registry=${registry}&severity=CRITICAL&limit=50`,
    'images with a weakness': () => `images?cve=${cve()}&limit=50`,
    'an image': () => `manifests/${digest()}`,
    'findings of an image': () => `images/${digest()}/findings?limit=50`,
    'packages of an image': () => `images/${digest()}/packages?limit=50`,
    'weaknesses, worst first': () => 'vulnerabilities?limit=50',
    'registries with their totals': () => 'registries?limit=50',
    'repositories of a registry': () => `registries/${registry}/repositories?limit=50`,
    'tags of a repository': () =>
      `registries/${registry}/tags?repository=team/app-${1 + any(READ_IMAGES / 10)}&limit=50`,
    overview: () => 'overview',
  };
  const times = Object.fromEntries(Object.keys(reads).map(name => [name, []]));
  for (let round = 0; round < 220; round += 1) {
    for (const [name, path] of Object.entries(reads)) {
      const started = performance.now();
      await server.call('GET', path());
      if (round >= 20) times[name].push(performance.now() - started);
    }
  }
  for (const [name, values] of Object.entries(times)) {
    values.sort((a, b) => a - b);
    row(`API, ${READ_IMAGES} images: ${name}, p99`, values[Math.floor(values.length * 0.99)], 'ms', BUDGET_READ_MS);
    row(`API, ${READ_IMAGES} images: ${name}, median`, median(values), 'ms');
  }
  await server.close();
}

function row(name, value, unit, budget) {
  const goal = budget === undefined ? '' : `  (at most ${budget.toLocaleString('en')})`;
  const figure = value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 2 : 0 });
  console.log(`${name.padEnd(66)} ${figure.padStart(10)} ${unit}${goal}`);
}
