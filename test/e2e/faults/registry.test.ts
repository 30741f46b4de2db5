/** Registries of unusual size and with unusual names, against the real server on its own folder. */
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeImage, makeLayer } from '../../fixtures/image-builder.ts';
import { startRegistryServer } from '../../fixtures/registry-server.ts';
import { type FaultWorld, openFaultWorld } from './fault-world.ts';

const TAGS = 50_000;
const MB = 2 ** 20;
const LONG = { timeout: 600_000 };

let world: FaultWorld;
beforeAll(async () => {
  world = await openFaultWorld();
  await world.startServer('server');
});
afterAll(async () => await world?.[Symbol.asyncDispose]());

/** As the distribution specification allows them, "Pulling manifests". */
const REPOSITORIES = [
  { name: '0', why: 'one character, a digit' },
  { name: 'a.b_c__d-e---f/0.0/x', why: 'every separator' },
  { name: 'tags/list', why: 'words of the protocol' },
  { name: 'x/manifests/latest', why: 'a path that looks like a manifest' },
  { name: 'x/blobs/uploads', why: 'a path that looks like an upload' },
  { name: 'v2/v2/catalog', why: 'the version of the protocol' },
  { name: `deep/${'d/'.repeat(60)}end`, why: 'sixty folders' },
  { name: 'l'.repeat(255), why: 'the longest' },
  { name: 'library/alpine', why: 'a name that Docker Hub gives a meaning' },
] as const;
const TAG_NAMES = [
  '_',
  '0',
  'A-._',
  '__proto__',
  'constructor',
  'latest',
  'sha256-0f0f',
  'NULL',
  'v1.2.3-rc.1_build',
  't'.repeat(128),
];

test('names with every legal oddity are listed and scanned', async () => {
  await using registry = await startRegistryServer({ catalog: 'listed', maxPageSize: 4 });
  const digests = new Set<string>();
  for (const { name } of REPOSITORIES) {
    for (const tag of TAG_NAMES) {
      const image = makeImage([await makeLayer([{ path: 'name', content: `${name}:${tag}` }])]);
      registry.hold(name, tag, image);
      digests.add(image.digest);
    }
  }
  const id = await world.connect('odd', { url: registry.url });
  const run = await world.scan('.*', id);
  const count = REPOSITORIES.length * TAG_NAMES.length;
  expect(await world.settle(run)).toMatchObject({
    state: 'Finished',
    errors: [],
    counters: { repositoriesListed: REPOSITORIES.length, tagsSeen: count, digestsScanned: count },
  });
  expect(new Set(await world.imagesOf(run))).toEqual(digests);
});

const isLong = Number(process.env['PLIMSOLL_FAULT_ROUNDS'] ?? 0) >= 50;
const sizes = [
  { tags: ['build-49*'], matched: 1111, why: 'of which few are wanted: nothing is asked about the others' },
  // A request for each: minutes on a small machine.
  ...(isLong ? [{ tags: [], matched: TAGS, why: 'all of which are wanted' }] : []),
];
test.each(sizes)(`a repository of ${TAGS} tags is listed in bounded memory, $why`, LONG, async ({ tags, matched }) => {
  await using registry = await startRegistryServer();
  const images = await Promise.all(
    Array.from({ length: 20 }, async (_, at) => makeImage([await makeLayer([{ path: 'n', content: `${at}` }])])),
  );
  for (let at = 0; at < TAGS; at += 1) {
    const image = images[at % images.length];
    if (image !== undefined) registry.hold('huge', `build-${at}`, image);
  }
  const registryId = await world.connect(`huge ${matched}`, { url: registry.url });
  const before = peakBytes();
  const targets = [{ repository: 'huge', tags }];
  const { id } = await world.schedule('huge', { scanType: 'OnDemand', targets }, registryId);
  const { currentRunId } = await world.get(`/schedules/${id}`);
  const { state, errors, counters } = await world.settle(currentRunId);
  expect({ state, errors }).toEqual({ state: 'Finished', errors: [] });
  const { digestsScanned = 0, digestsSkippedKnown = 0 } = counters;
  expect(counters).toMatchObject({ tagsSeen: TAGS, tagsMatched: matched, digestsSelected: images.length });
  expect(digestsScanned + digestsSkippedKnown).toBe(images.length);
  const grown = (peakBytes() - before) / MB;
  expect(grown).toBeLessThan(400);
  // A request for each tag that is wanted, and hardly more: nothing is asked for twice.
  expect(registry.count(/^HEAD /)).toBeLessThanOrEqual(matched);
  expect(registry.requests.length).toBeLessThan(matched + 500);
});

/** The most memory that the server ever had; 0 where nobody says. */
function peakBytes(): number {
  const file = `/proc/${world.pid('server')}/status`;
  if (!existsSync(file)) return 0;
  const [, kilobytes = '0'] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(file, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}
