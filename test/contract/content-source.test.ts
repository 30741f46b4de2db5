/** Every adapter of `ContentSource`, run through the same suite. */
import { writeFile } from 'node:fs/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll } from 'vitest';
import type { ContentSource } from '#image/content.ts';
import { openDockerArchive } from '#image/docker-archive.ts';
import { openDockerDaemon } from '#image/docker-daemon.ts';
import { openOciArchive } from '#image/oci-archive.ts';
import { openOciLayout } from '#image/oci-layout.ts';
import { noCredentials } from '#image/registry/credential-store.ts';
import { openRegistry } from '#image/registry/open-registry.ts';
import { type Digest, splitDigest } from '#oci/digest.ts';
import { holding, startEngine } from '../fixtures/engine-server.ts';
import {
  type BuiltImage,
  type EntrySpec,
  makeTar,
  ociLayoutFiles,
  tarOfFiles,
  writeFiles,
} from '../fixtures/image-builder.ts';
import { memorySource } from '../fixtures/memory-source.ts';
import { type PodmanService, startPodman, whyNoPodman } from '../fixtures/podman-service.ts';
import { startRegistryServer } from '../fixtures/registry-server.ts';
import { scratchFolder } from '../fixtures/scratch-folder.ts';
import { contentSourceContract } from './content-source.ts';

const options = { signal: new AbortController().signal };
const kept = { keepsManifest: true, takesAnything: true };
const madeUp = { keepsManifest: false, takesAnything: true };

contentSourceContract('memory', async (image, blobs) => memorySource(image, blobs), kept);

contentSourceContract(
  'oci:',
  async (image, blobs) => {
    const folder = await scratchFolder();
    await writeFiles(folder.at('layout'), layoutFiles(image, blobs));
    return closingWith(await openOciLayout({ transport: 'oci', path: folder.at('layout') }, options), folder);
  },
  kept,
);

contentSourceContract(
  'oci-archive:',
  async (image, blobs) => inFile(await tarOfFiles(layoutFiles(image, blobs)), openOciFile),
  kept,
);

contentSourceContract(
  'oci-archive: with its entries the other way round, in zstd',
  async (image, blobs) => {
    const files = new Map([...layoutFiles(image, blobs)].reverse());
    return inFile(zstdCompressSync(await tarOfFiles(files)), openOciFile);
  },
  kept,
);

contentSourceContract(
  'docker-archive:',
  async (image, blobs) => inFile(await dockerArchive(image, blobs), openDockerFile),
  madeUp,
);

contentSourceContract(
  'docker-archive: in gzip',
  async (image, blobs) => inFile(gzipSync(await dockerArchive(image, blobs), { level: 1 }), openDockerFile),
  madeUp,
);

contentSourceContract(
  'docker-daemon: of an engine played by the test',
  async (image, blobs) => {
    const archive = await dockerArchive(image, blobs);
    await using engine = await startEngine(holding('app:1.0', image.configDigest, archive));
    return await openDockerDaemon(
      { transport: 'docker-daemon', name: 'app:1.0' },
      { ...options, dockerHost: engine.host },
    );
  },
  madeUp,
);

for (const servesRanges of [true, false]) {
  contentSourceContract(
    `docker: of a registry ${servesRanges ? 'with' : 'without'} ranges`,
    async (image, blobs) => {
      const server = await startRegistryServer({ servesRanges });
      server.hold('app', '1.0', image, blobs);
      const reference = { transport: 'docker', registry: server.host, repository: 'app', tag: '1.0' } as const;
      const patience = { attempts: 2, baseDelayMs: 1 };
      const registry = { credentials: noCredentials, tlsVerify: true, env: {}, patience };
      return closingWith(await openRegistry(reference, { ...options, ...registry }), server);
    },
    kept,
  );
}

const noPodman = whyNoPodman();
if (noPodman === undefined) {
  let podman: PodmanService | undefined;
  let isLoaded = false;
  beforeAll(async () => {
    podman = await startPodman();
  });
  afterAll(async () => {
    await podman?.[Symbol.asyncDispose]();
  });
  contentSourceContract(
    'docker-daemon: of podman',
    async (image, blobs) => {
      if (podman === undefined) throw new Error('podman is not running');
      if (!isLoaded) {
        await using folder = await scratchFolder();
        await writeFile(folder.at('image.tar'), await dockerArchive(image, blobs));
        await podman.load(folder.at('image.tar'));
        isLoaded = true;
      }
      return await openDockerDaemon(
        { transport: 'docker-daemon', name: 'docker.io/library/app:1.0' },
        { ...options, dockerHost: podman.host },
      );
    },
    { keepsManifest: false, takesAnything: false },
  );
} else {
  console.warn(`docker-daemon: of podman is left out: ${noPodman}`);
}

function layoutFiles(image: BuiltImage, blobs: ReadonlyMap<Digest, Buffer>): Map<string, Buffer> {
  return ociLayoutFiles([{ content: { ...image, blobs }, name: '1.0' }]);
}

async function dockerArchive(image: BuiltImage, blobs: ReadonlyMap<Digest, Buffer>): Promise<Buffer> {
  const configPath = `${splitDigest(image.configDigest).hex}.json`;
  const layers = image.layers.map(layer => ({ path: `${splitDigest(layer.diffId).hex}.tar`, digest: layer.digest }));
  const list = [
    { Config: configPath, RepoTags: ['docker.io/library/app:1.0'], Layers: layers.map(layer => layer.path) },
  ];
  const entries: EntrySpec[] = [{ path: 'manifest.json', content: JSON.stringify(list) }];
  for (const { path, digest } of [{ path: configPath, digest: image.configDigest }, ...layers]) {
    const content = blobs.get(digest);
    if (content !== undefined) entries.push({ path, content });
  }
  return makeTar(entries);
}

function openOciFile(path: string): Promise<ContentSource> {
  return openOciArchive({ transport: 'oci-archive', path }, options);
}

function openDockerFile(path: string): Promise<ContentSource> {
  return openDockerArchive({ transport: 'docker-archive', path }, options);
}

/** The file is removed at once: an archive that is open needs its name no more. */
async function inFile(bytes: Buffer, open: (path: string) => Promise<ContentSource>): Promise<ContentSource> {
  await using folder = await scratchFolder();
  await writeFile(folder.at('image.tar'), bytes);
  return await open(folder.at('image.tar'));
}

/** The source, which takes what it needs along when it is closed. */
function closingWith(source: ContentSource, needed: AsyncDisposable): ContentSource {
  const close = source[Symbol.asyncDispose].bind(source);
  source[Symbol.asyncDispose] = async () => {
    await close();
    await needed[Symbol.asyncDispose]();
  };
  return source;
}
