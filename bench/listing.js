/**
 * `node bench/listing.js [--tags N] [--only pglite|postgres]`: what it costs a server to list a repository of 50,000 tags, over few digests and
 * over 5,000, beside one of a tenth of the tags: the time for each tag may not grow.
 */
import { argument, row, runsSources, startRegistry, startServerOn } from './server-world.js';

const TAGS = Number(argument('--tags') ?? 50_000);
const KINDS = ['pglite', 'postgres'];

if (runsSources(import.meta.url)) {
  for (const kind of KINDS) {
    if (argument('--only') !== undefined && argument('--only') !== kind) continue;
    for (const images of [20, TAGS / 10]) {
      if (argument('--images') !== undefined && Number(argument('--images')) !== images) continue;
      const small = argument('--large') ? 1 : await list(kind, TAGS / 10, Math.min(images, TAGS / 100));
      const large = await list(kind, TAGS, images);
      row(`${kind}: ${TAGS} tags over ${images} images, listed`, large, 's', 60);
      row(`${kind}: the same for each tag / for each of a tenth of them`, large / small / 10, 'x');
    }
  }
}

async function list(kind, tags, images) {
  const registry = await startRegistry({ tags, images });
  const server = await startServerOn(kind);
  const { id } = await server.addRegistry(registry.host);
  const job = {
    name: 'all',
    scanType: 'OnDemand',
    targets: [{ repository: 'team/app', tags: ['.*'] }],
    platforms: ['linux/amd64'],
  };
  const run = await server.run(id, job, one => one.listingCompletedAt !== undefined && one.listingCompletedAt !== null);
  if (run.counters.tagsSeen !== tags || run.counters.digestsSelected !== images) throw new Error(JSON.stringify(run));
  await server.close();
  await registry.close();
  return (Date.parse(run.listingCompletedAt) - Date.parse(run.listingStartedAt)) / 1000;
}
