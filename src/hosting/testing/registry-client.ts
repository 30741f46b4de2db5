/** A client of a registry, as bare as tests want it: what is sent is what the test says. */

/** Answers and what a test needs of them. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
  json(): unknown;
}

/** What to send. */
export interface Ask {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string | AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
}

/** Sends requests to one registry with one `Authorization` header, or none. */
export class RegistryClient {
  readonly #url: string;
  readonly #authorization: string | undefined;

  constructor(url: string, authorization?: string) {
    this.#url = url;
    this.#authorization = authorization;
  }

  /** Logged in with a name and password, sent with each request. */
  static basic(url: string, name: string, password: string): RegistryClient {
    return new RegistryClient(url, `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`);
  }

  /** One request; redirects are not followed. */
  async ask(method: string, path: string, { headers = {}, body, signal }: Ask = {}): Promise<Answer> {
    const response = await fetch(new URL(path, this.#url), {
      method,
      redirect: 'manual',
      headers: { ...(this.#authorization === undefined ? {} : { authorization: this.#authorization }), ...headers },
      ...(body === undefined ? {} : { body: body as NonNullable<RequestInit['body']>, duplex: 'half' }),
      ...(signal === undefined ? {} : { signal }),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const json = () => JSON.parse(bytes.toString('utf8')) as unknown;
    return { status: response.status, headers: response.headers, body: bytes, json };
  }

  /** Pushes a blob in one request after the start. Returns the answer to the last. */
  async pushBlob(name: string, digest: string, bytes: Uint8Array): Promise<Answer> {
    const location = await this.startUpload(name);
    return await this.ask('PUT', `${location}?digest=${digest}`, { body: bytes });
  }

  /** Starts an upload. Returns where it goes on. */
  async startUpload(name: string): Promise<string> {
    const started = await this.ask('POST', `/v2/${name}/blobs/uploads/`);
    if (started.status !== 202) throw new Error(`Upload not started: ${started.status} ${started.body}`);
    return started.headers.get('location') ?? '';
  }

  /** Pushes a document. */
  async pushManifest(name: string, reference: string, bytes: Uint8Array, mediaType: string): Promise<Answer> {
    return await this.ask('PUT', `/v2/${name}/manifests/${reference}`, {
      body: bytes,
      headers: { 'content-type': mediaType },
    });
  }

  /** Asks for a token with these scopes. */
  async token(scopes: readonly string[]): Promise<Answer> {
    const query = new URLSearchParams({ service: 'test' });
    for (const scope of scopes) query.append('scope', scope);
    return await this.ask('GET', `/v2/token?${query}`);
  }

  /** The same registry with a token of these scopes. */
  async withToken(scopes: readonly string[]): Promise<RegistryClient> {
    const { token } = (await this.token(scopes)).json() as { token: string };
    return new RegistryClient(this.#url, `Bearer ${token}`);
  }
}
