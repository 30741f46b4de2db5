/**
 * What every place an image can come from must do: the suite of the port `ContentSource`.
 *
 * An adapter runs it with a function that stores an image the way its place does and opens it. `blobs` is what the place really
 * holds: the suite leaves blobs out of it, cuts and changes them, to see that no adapter lets that pass.
 */
import { describe, expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import type { ContentSource } from '#image/content.ts';
import { openImage } from '#image/open-image.ts';
import { verified } from '#image/verified.ts';
import { type Digest, digestOf } from '#oci/digest.ts';
import { type Descriptor, parseImageConfig, parseManifest } from '#oci/manifest.ts';
import { parsePlatform } from '#oci/platform.ts';
import { type BuiltImage, makeImage, makeLayer } from '../fixtures/image-builder.ts';

/** Stores `image` with the bytes in `blobs` in place of its own, and opens the place. */
export type MakeSource = (image: BuiltImage, blobs: ReadonlyMap<Digest, Buffer>) => Promise<ContentSource>;

export interface ContractOptions {
  /** Whether the place keeps the manifest itself; `docker save` does not, and one is made up. */
  readonly keepsManifest: boolean;
  /** Whether the place stores what it is given, also when that is wrong; a real container engine does not. */
  readonly takesAnything: boolean;
}

const platform = parsePlatform('linux/amd64');
const options = { signal: new AbortController().signal };

/** Two layers, stored uncompressed so that digest and diff ID are the same; the second needs several chunks to stream. */
const makeSample = async (): Promise<BuiltImage> => {
  const noise = Buffer.alloc(400_000);
  for (let at = 0, seed = 1; at < noise.length; at++) {
    seed = (seed * 48271) % 2147483647;
    noise[at] = seed & 0xff;
  }
  const base = await makeLayer([{ path: 'etc/os-release', content: 'ID=alpine\n' }], { compression: 'none' });
  const top = await makeLayer([{ path: 'srv/noise', content: noise }], { compression: 'none' });
  return makeImage([base, top]);
};

let sample: Promise<BuiltImage> | undefined;

/** Runs the suite against one adapter. */
export function contentSourceContract(name: string, make: MakeSource, traits: ContractOptions): void {
  describe(`${name}, a place an image comes from`, () => {
    const open = async (change: (blobs: Map<Digest, Buffer>, image: BuiltImage) => void = () => {}) => {
      sample ??= makeSample();
      const image = await sample;
      const blobs = new Map(image.blobs);
      change(blobs, image);
      const [base, top] = image.layers;
      if (base === undefined || top === undefined) throw new Error('the sample has two layers');
      return { image, base, top, source: await make(image, blobs) };
    };

    test('gives the root document with the digest of its bytes', async () => {
      const { image, source } = await open();
      await using content = source;
      const root = await content.root(options);
      expect(digestOf(root.bytes)).toBe(root.digest);
      expect(root.isMadeUp ?? false).toBe(!traits.keepsManifest);
      if (traits.keepsManifest) expect(root.digest).toBe(image.digest);
      const again = await content.root(options);
      expect(again.digest).toBe(root.digest);
    });

    test('opens as the image that was stored, layer by layer', async () => {
      const { image, source } = await open();
      await using opened = await openImage(source, { ...options, platform });
      expect(opened.digest).toBe(traits.keepsManifest ? image.digest : undefined);
      expect(opened.config?.diffIds).toEqual(image.layers.map(layer => layer.diffId));
      for (const [at, layer] of opened.layers.entries()) {
        if (layer.kind !== 'tar') throw new Error('expected a tar');
        const bytes = await collect(verified(await layer.open(options), layer));
        expect(bytes.equals(image.layers[at]?.bytes ?? Buffer.alloc(0))).toBe(true);
      }
    });

    test('gives a config that agrees with its descriptor', async () => {
      const { image, source } = await open();
      await using content = source;
      const { config } = await manifestOf(content);
      const bytes = await content.document(config, 'config', options);
      expect(config.digest).toBe(image.configDigest);
      expect(parseImageConfig(bytes, 'config').diffIds).toHaveLength(2);
    });

    test('refuses a document whose size is not the one promised', async () => {
      const { source } = await open();
      await using content = source;
      const { config } = await manifestOf(content);
      await expect(content.document({ ...config, size: config.size + 1 }, 'config', options)).rejects.toMatchObject({
        code: 'DIGEST_MISMATCH',
      });
    });

    test('streams several layers at once, each whole', async () => {
      const { base, top, source } = await open();
      await using content = source;
      const layers = [top, base, top];
      const all = await Promise.all(layers.map(layer => content.blob(descriptorOf(layer), options).then(collect)));
      expect(all.map(bytes => digestOf(bytes))).toEqual(layers.map(layer => layer.digest));
    });

    test('lets a reader leave a stream early, or never start it', async () => {
      const { top, source } = await open();
      await using content = source;
      await content.blob(descriptorOf(top), options);
      for await (const chunk of await content.blob(descriptorOf(top), options)) {
        expect(chunk.length).toBeGreaterThan(0);
        break;
      }
      const whole = await collect(await content.blob(descriptorOf(top), options));
      expect(whole.length).toBe(top.bytes.length);
    });

    test('gives exactly a range of a layer, or says that it cannot', async () => {
      const { top, source } = await open();
      await using content = source;
      for (const range of [
        { offset: 0, length: 1 },
        { offset: 131_071, length: 2 },
        { offset: top.bytes.length - 10, length: 10 },
        { offset: 5, length: top.bytes.length - 5 },
      ]) {
        const bytes = await content.blobRange(descriptorOf(top), range, options);
        if (bytes !== undefined) {
          const { offset, length } = range;
          expect(Buffer.compare(bytes, top.bytes.subarray(offset, offset + length))).toBe(0);
        }
      }
    });

    test('refuses a range beyond the end of a layer', async () => {
      const { base, source } = await open();
      await using content = source;
      const beyond = { offset: base.bytes.length - 1, length: 1_000_000_000 };
      const outcome = await content.blobRange(descriptorOf(base), beyond, options).catch((error: unknown) => error);
      if (outcome !== undefined) expect(outcome).toBeInstanceOf(PlimsollError);
    });

    test('names the layer that is not there', async () => {
      const { source } = await open();
      await using content = source;
      const digest = digestOf('nobody stored this');
      const absent = { ...descriptorOf({ digest, bytes: Buffer.alloc(18) }) };
      const reading = content.blob(absent, options).then(collect);
      await expect(reading).rejects.toMatchObject({ code: 'BLOB_UNKNOWN', message: expect.stringContaining(digest) });
    });

    test('knows no config and no manifest of another name', async () => {
      const { source } = await open();
      await using content = source;
      const absent = { ...descriptorOf({ digest: digestOf('{}'), bytes: Buffer.from('{}') }) };
      await expect(content.document(absent, 'config', options)).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' });
      await expect(content.document(absent, 'manifest', options)).rejects.toMatchObject({ code: 'MANIFEST_UNKNOWN' });
    });

    test('stops when the work was cancelled before it began', async () => {
      const { top, source } = await open();
      await using content = source;
      const cancelled = { signal: AbortSignal.abort() };
      const { config } = await manifestOf(content);
      await expect(content.root(cancelled)).rejects.toThrow();
      await expect(content.document(config, 'config', cancelled)).rejects.toThrow();
      await expect(content.blob(descriptorOf(top), cancelled).then(collect)).rejects.toThrow();
    });

    test('stops a stream when the work is cancelled on the way', async () => {
      const { top, source } = await open();
      await using content = source;
      const controller = new AbortController();
      const stream = await content.blob(descriptorOf(top), { signal: controller.signal });
      let seenBytes = 0;
      const reading = (async () => {
        for await (const chunk of stream) {
          seenBytes += chunk.length;
          controller.abort();
        }
      })();
      await expect(reading).rejects.toThrow();
      expect(seenBytes).toBeLessThan(top.bytes.length);
    });

    test('can be closed twice, and under a reader', async () => {
      const { top, source } = await open();
      const stream = await source.blob(descriptorOf(top), options);
      await source[Symbol.asyncDispose]();
      await source[Symbol.asyncDispose]();
      // Whole or an error, as the place likes; never a wait without end.
      const outcome = await collect(stream).catch((error: unknown) => error);
      if (Buffer.isBuffer(outcome)) expect(outcome.length).toBe(top.bytes.length);
      else expect(outcome).toBeInstanceOf(Error);
    });

    test('tells its reference without credentials', async () => {
      const { source } = await open();
      await using content = source;
      expect(content.reference).not.toBe('');
      expect(content.reference).not.toContain('@:');
    });

    // A real engine takes no wrong content, so there is nothing to ask of it.
    if (!traits.takesAnything) return;
    describe('when what it holds is wrong', () => {
      test('a missing layer is BLOB_UNKNOWN', async () => {
        const opening = open((blobs, image) => blobs.delete(lastLayer(image)));
        await expect(opening.then(readAll)).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' });
      });

      test('a missing config is BLOB_UNKNOWN', async () => {
        const opening = open((blobs, image) => blobs.delete(image.configDigest));
        await expect(opening.then(readAll)).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' });
      });

      test.each([
        { what: 'changed in one byte', change: (bytes: Buffer) => flipped(bytes) },
        { what: 'cut short', change: (bytes: Buffer) => bytes.subarray(0, bytes.length - 512) },
        { what: 'longer than promised', change: (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(512)]) },
        { what: 'empty', change: () => Buffer.alloc(0) },
      ])('a layer that is $what does not pass the check', async ({ change }) => {
        const opening = open((blobs, image) => {
          const digest = lastLayer(image);
          blobs.set(digest, change(blobs.get(digest) ?? Buffer.alloc(0)));
        });
        await expect(opening.then(readAll)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
      });

      if (!traits.keepsManifest) return;
      test('a changed config does not pass the check', async () => {
        const opening = open((blobs, image) => blobs.set(image.configDigest, flipped(image.config)));
        await expect(opening.then(readAll)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
      });

      test('a config of over 16 MiB is not read', async () => {
        const opening = open((blobs, image) => blobs.set(image.configDigest, Buffer.alloc(17 * 1024 * 1024, ' ')));
        const code = expect.stringMatching(/^(LIMIT_EXCEEDED|DIGEST_MISMATCH)$/);
        await expect(opening.then(readAll)).rejects.toMatchObject({ code });
      });
    });
  });
}

async function readAll({ source }: { readonly source: ContentSource }): Promise<void> {
  await using image = await openImage(source, { ...options, platform });
  for (const layer of image.layers) {
    if (layer.kind === 'tar') await collect(verified(await layer.open(options), layer));
  }
}

async function manifestOf(content: ContentSource) {
  const root = await content.root(options);
  const document = parseManifest(root.bytes, root.mediaType, 'sample');
  if (document.kind !== 'manifest') throw new Error('expected a manifest');
  return document;
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function descriptorOf(layer: { readonly digest: Digest; readonly bytes: Buffer }): Descriptor {
  return {
    mediaType: 'application/vnd.oci.image.layer.v1.tar',
    digest: layer.digest,
    size: layer.bytes.length,
    annotations: {},
    urls: [],
  };
}

function lastLayer(image: BuiltImage): Digest {
  const layer = image.layers.at(-1);
  if (layer === undefined) throw new Error('the sample has layers');
  return layer.digest;
}

function flipped(bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes);
  const at = Math.floor(changed.length / 2);
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}
