/**
 * Images in registries: the adapter from `ContentSource` to the registry API.
 *
 * Source: OCI distribution-spec, "Pull". Only GET and HEAD are used: a scanner changes nothing.
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { type Digest, digestOf, isDigest, splitDigest } from '#oci/digest.ts';
import { type Descriptor, MAX_DOCUMENT_BYTES } from '#oci/manifest.ts';
import { ACCEPTED_MANIFESTS } from '#oci/media-type.ts';
import { formatReference, type RegistryReference } from '#oci/reference.ts';
import type { ByteRange, ContentSource, RootDocument, RootHead, WaitOptions } from '../content.ts';
import { verifiedBytes } from '../verified.ts';
import { isWebPage, webPage } from './answer-failure.ts';
import { readRange, streamBlob } from './blob-stream.ts';
import {
  type OpenAnswer,
  type Registry,
  RegistryClient,
  type RegistryClientOptions,
  type RegistryRequest,
} from './client.ts';
import { readAll } from './read-body.ts';

/** Options of `openRegistry`. */
export interface OpenRegistryOptions extends RegistryClientOptions {
  /** Ends the opening; each later step has a signal of its own. */
  readonly signal: AbortSignal;
}

/** Statuses by which registries say that they know no HEAD. */
const NO_HEAD = [400, 405, 501];

/**
 * Opens an image in a registry with a client of its own, which is closed with the source. No request is made yet.
 *
 * @throws {PlimsollError} `FILE_UNKNOWN` or `CREDENTIALS_INVALID` for the CA file, `USAGE` for a proxy that is no URL.
 */
export async function openRegistry(reference: RegistryReference, options: OpenRegistryOptions): Promise<ContentSource> {
  const client = new RegistryClient(options);
  try {
    return new RegistrySource(await client.registry(reference.registry, options), reference, client);
  } catch (error) {
    await client[Symbol.asyncDispose]();
    throw error;
  }
}

/** Opens an image with a client that others share: its connections, tokens and limits serve all of them, and it outlives the source. */
export async function openRegistryWith(
  client: RegistryClient,
  reference: RegistryReference,
  options: WaitOptions,
): Promise<ContentSource> {
  return new RegistrySource(await client.registry(reference.registry, options), reference);
}

class RegistrySource implements ContentSource {
  readonly reference: string;
  readonly isRemote = true;
  readonly #registry: Registry;
  readonly #where: RegistryReference;
  readonly #owned: AsyncDisposable | undefined;
  readonly #lifetime = new AbortController();
  /** Registries that do not serve ranges are asked once. */
  #servesRanges = true;

  constructor(registry: Registry, reference: RegistryReference, owned?: AsyncDisposable) {
    this.#registry = registry;
    this.#where = reference;
    this.#owned = owned;
    this.reference = formatReference(reference);
  }

  async root(options: WaitOptions): Promise<RootDocument> {
    const request = this.#rootRequest('GET');
    return await this.#registry.ask(
      request,
      async open => {
        const bytes = await this.#readDocument(open, request.task, options.signal);
        const named = this.#namedDigest(open, request.task);
        const digest = named === undefined ? digestOf(bytes) : digestOf(bytes, splitDigest(named).algorithm);
        if (named !== undefined && named !== digest) {
          throw new PlimsollError(
            'DIGEST_MISMATCH',
            `${request.task}: the registry names ${named} and sends ${digest}`,
          );
        }
        return { bytes, digest, mediaType: mediaTypeOf(open) };
      },
      this.#until(options),
    );
  }

  async headRoot(options: WaitOptions): Promise<RootHead | undefined> {
    const request = { ...this.#rootRequest('HEAD'), expected: NO_HEAD };
    return await this.#registry.ask(
      request,
      async open => {
        if (open.answer.status !== 200) return undefined;
        const digest = this.#namedDigest(open, request.task);
        return digest === undefined ? undefined : { digest, mediaType: mediaTypeOf(open) };
      },
      this.#until(options),
    );
  }

  async document(descriptor: Descriptor, kind: 'manifest' | 'config', options: WaitOptions): Promise<Uint8Array> {
    const { digest, size } = descriptor;
    const task = `Cannot read ${kind} ${digest} of "${printable(this.reference)}"`;
    if (size > MAX_DOCUMENT_BYTES) {
      throw new PlimsollError('LIMIT_EXCEEDED', `${task}: ${size} bytes, the limit is ${MAX_DOCUMENT_BYTES}`);
    }
    const request: RegistryRequest = {
      ...this.#request(kind === 'manifest' ? 'manifest' : 'blob', digest, task),
      headers: { accept: kind === 'manifest' ? ACCEPTED_MANIFESTS.join(', ') : '*/*' },
    };
    const read = async (open: OpenAnswer) =>
      verifiedBytes(await this.#readDocument(open, task, options.signal), { digest, sizeBytes: size });
    return await this.#registry.ask(request, read, this.#until(options));
  }

  blob(descriptor: Descriptor, options: WaitOptions): Promise<AsyncIterable<Uint8Array>> {
    const request = this.#blobRequest(descriptor);
    return Promise.resolve(streamBlob(this.#registry, request, descriptor, this.#until(options)));
  }

  async blobRange(descriptor: Descriptor, range: ByteRange, options: WaitOptions): Promise<Uint8Array | undefined> {
    const { offset, length } = range;
    if (!this.#servesRanges) return undefined;
    if (length === 0) return new Uint8Array(0);
    const request: RegistryRequest = {
      ...this.#blobRequest(descriptor),
      headers: { range: `bytes=${offset}-${offset + length - 1}` },
      expected: [416],
    };
    const { task } = request;
    return await this.#registry.ask(
      request,
      async open => {
        if (open.answer.status === 200) this.#servesRanges = false;
        return await readRange(open, range, { task, signal: options.signal });
      },
      this.#until(options),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lifetime.abort();
    await this.#owned?.[Symbol.asyncDispose]();
  }

  async #readDocument(open: OpenAnswer, task: string, signal: AbortSignal): Promise<Uint8Array> {
    const { answer, transport } = open;
    if (isWebPage(answer)) throw webPage(answer, task);
    const bytes = await readAll(answer, transport, { task, signal, limitBytes: MAX_DOCUMENT_BYTES });
    // A page may come under any name; no manifest or config begins like one.
    if (isWebPage(answer, Buffer.from(bytes.subarray(0, 200)).toString('latin1'))) throw webPage(answer, task);
    return bytes;
  }

  /** The digest that the reference or the registry gives the root; `undefined` when neither does. They must agree. */
  #namedDigest({ answer }: OpenAnswer, task: string): Digest | undefined {
    const said = answer.header('docker-content-digest')?.trim() ?? '';
    const registrys = isDigest(said) ? said : undefined;
    const ours = this.#where.digest;
    if (ours !== undefined && registrys !== undefined && ours !== registrys) {
      const sameAlgorithm = splitDigest(ours).algorithm === splitDigest(registrys).algorithm;
      // Asked by sha512, a registry may well answer with the sha256 it keeps it under.
      if (sameAlgorithm) {
        throw new PlimsollError(
          'DIGEST_MISMATCH',
          `${task}: asked for ${ours}, the registry answers with ${registrys}`,
        );
      }
    }
    return ours ?? registrys;
  }

  #rootRequest(method: 'GET' | 'HEAD'): RegistryRequest {
    const task = `Cannot read "${printable(this.reference)}"`;
    const name = this.#where.digest ?? this.#where.tag ?? 'latest';
    return { ...this.#request('manifest', name, task), method, headers: { accept: ACCEPTED_MANIFESTS.join(', ') } };
  }

  #blobRequest({ digest }: Descriptor): RegistryRequest {
    return this.#request('blob', digest, `Cannot read layer ${digest} of "${printable(this.reference)}"`);
  }

  #request(wanted: 'manifest' | 'blob', name: string, task: string): RegistryRequest {
    return { method: 'GET', repository: this.#where.repository, wanted, name, headers: {}, task };
  }

  #until({ signal }: WaitOptions): WaitOptions {
    return { signal: AbortSignal.any([signal, this.#lifetime.signal]) };
  }
}

function mediaTypeOf({ answer }: OpenAnswer): string {
  return answer.header('content-type') ?? '';
}
