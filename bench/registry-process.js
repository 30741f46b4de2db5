/**
 * A registry as a process of its own, so that what it costs is not the server's. It is the one of the tests, filled by what its parent says:
 * `{ tags, images, layersOfImage, sharedLayers, layerBytes }`. Tells its host when it listens; asked `seen`, tells what was fetched how often.
 */
import { randomBytes } from 'node:crypto';
import { makeImage, makeLayer } from '../test/fixtures/image-builder.ts';
import { startRegistryServer } from '../test/fixtures/registry-server.ts';

/** Layers with npm packages of their own, and files that do not compress, as programs hardly do. */
async function makeLayers(prefix, count, bytes) {
  const layers = [];
  for (let at = 0; at < count; at += 1) {
    const packages = Array.from({ length: 20 }, (_, number) => ({
      path: `srv/${prefix}/node_modules/${prefix}-${at}-${number}/package.json`,
      content: JSON.stringify({ name: `${prefix}-${at}-${number}`, version: '1.0.0' }),
    }));
    layers.push(await makeLayer([...packages, { path: `srv/${prefix}-${at}`, content: randomBytes(bytes) }]));
  }
  return layers;
}

const { tags, images, sharedLayers = 0, ownLayers = 0, layerBytes = 0 } = JSON.parse(process.argv[2]);
const server = await startRegistryServer({ catalog: 'listed', maxPageSize: 1000 });
const shared = await makeLayers('base', sharedLayers, layerBytes);
const manifests = [];
for (let at = 0; at < images; at += 1) {
  const own = await makeLayers(`own${at}`, ownLayers, layerBytes);
  const image = makeImage([...shared, ...own], { config: { Labels: { number: String(at) } } });
  server.hold('team/app', `t${at}`, image);
  manifests.push(image);
}
for (let at = images; at < tags; at += 1) {
  const { bytes, descriptor } = manifests[at % images];
  server.addManifest('team/app', `t${at}`, bytes, descriptor.mediaType);
}
process.on('message', () => {
  const seen = {};
  for (const { method, path } of server.requests) {
    const what = `${method} ${path.replace(/\?.*$/, '')}`;
    seen[what] = (seen[what] ?? 0) + 1;
  }
  process.send({ seen });
});
process.on('disconnect', () => process.exit());
process.send({ host: server.host });
