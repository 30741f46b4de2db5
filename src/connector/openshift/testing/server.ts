/**
 * The registry and the API of an OpenShift cluster in this process.
 *
 * Oddities: lists go on by an opaque `continue` that is forgotten (410); a tag has a history; tags may refer to images elsewhere; a tag whose
 * import failed has no history.
 */
import type { ServerResponse } from 'node:http';
import { type SeenRequest, sendJson } from '../../../../test/fixtures/registry-server.ts';
import { type HeldImages, holdImages, pageOf } from '../../testing/held-images.ts';

/** The token of a service account, as a JWT that ends in 2040. */
const claims = Buffer.from(JSON.stringify({ sub: 'system:serviceaccount:a:plimsoll', exp: 2_208_988_800 }));
export const OPENSHIFT_TOKEN = `eyJhbGciOiJSUzI1NiJ9.${claims.toString('base64url')}.c2lnbmF0dXJl`;
const INTERNAL = 'image-registry.openshift-image-registry.svc:5000';

/** A tag that is no image of this registry. */
interface ForeignTag {
  readonly repository: string;
  readonly tag: string;
  readonly reference?: string;
  readonly policy?: 'Local' | 'Source';
}

/** See above. */
export class OpenshiftServer implements AsyncDisposable {
  readonly images: HeldImages;
  readonly foreign: ForeignTag[] = [];
  maxPageSize = 500;
  /** How many times the place in a list is forgotten. */
  forgets = 0;

  constructor(images: HeldImages) {
    this.images = images;
  }

  answer(request: SeenRequest, url: URL, response: ServerResponse): boolean {
    const [, path] = /^\/apis\/image\.openshift\.io\/v1\/(.*)$/.exec(url.pathname) ?? [];
    if (path === undefined) return false;
    if (request.headers.authorization !== `Bearer ${OPENSHIFT_TOKEN}`) return fail(response, 401, 'Unauthorized');
    const [, namespace, name] = /^(?:namespaces\/([^/]+)\/)?imagestreams(?:\/([^/]+))?$/.exec(path) ?? [];
    if (name !== undefined) return this.#stream(`${namespace}/${name}`, response);
    return this.#list(namespace, url, response);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.images[Symbol.asyncDispose]();
  }

  #list(namespace: string | undefined, url: URL, response: ServerResponse): boolean {
    const place = url.searchParams.get('continue');
    if (place !== null && this.forgets > 0) {
      this.forgets -= 1;
      return fail(
        response,
        410,
        'Expired',
        'The provided continue parameter is too old to display a consistent list result.',
      );
    }
    const names = this.images
      .repositories()
      .filter(name => namespace === undefined || name.startsWith(`${namespace}/`));
    const start = Number(Buffer.from(place ?? '', 'base64').toString() || 0);
    const { page, next } = pageOf(
      names,
      start,
      Math.min(Number(url.searchParams.get('limit') ?? 500), this.maxPageSize),
    );
    const items = page.map(full => {
      const [ns = '', name = ''] = full.split('/');
      return { metadata: { name, namespace: ns } };
    });
    const metadata = next === undefined ? {} : { continue: Buffer.from(String(next)).toString('base64') };
    sendJson(response, 200, { kind: 'ImageStreamList', apiVersion: 'image.openshift.io/v1', metadata, items });
    return true;
  }

  #stream(full: string, response: ServerResponse): boolean {
    const held = this.images.tagsOf(full);
    if (held === undefined)
      return fail(response, 404, 'NotFound', `imagestreams.image.openshift.io "${full}" not found`);
    const own = held.map(({ tag, digest, pushedAt }) => ({
      tag,
      items: [
        {
          created: pushedAt.toISOString().replace('.000Z', 'Z'),
          dockerImageReference: `${INTERNAL}/${full}@${digest}`,
          image: digest,
          generation: 2,
        },
        {
          created: '2020-01-01T00:00:00Z',
          dockerImageReference: `${INTERNAL}/${full}@old`,
          image: 'old',
          generation: 1,
        },
      ],
    }));
    const foreign = this.foreign.filter(({ repository }) => repository === full);
    const others = foreign.map(({ tag, reference }) => ({
      tag,
      items:
        reference === undefined
          ? null
          : [{ created: '2026-01-01T00:00:00Z', dockerImageReference: reference, image: reference.split('@')[1] }],
    }));
    sendJson(response, 200, {
      kind: 'ImageStream',
      metadata: {},
      spec: { tags: foreign.map(({ tag, policy }) => ({ name: tag, referencePolicy: { type: policy ?? 'Source' } })) },
      status: { dockerImageRepository: `${INTERNAL}/${full}`, tags: [...own, ...others] },
    });
    return true;
  }
}

/** Starts the server. */
export async function startOpenshiftServer(): Promise<OpenshiftServer> {
  let server: OpenshiftServer | undefined;
  const images = await holdImages((request, url, response) => server?.answer(request, url, response) ?? false, {
    auth: 'bearer',
    login: { username: 'serviceaccount', password: OPENSHIFT_TOKEN },
  });
  server = new OpenshiftServer(images);
  return server;
}

function fail(response: ServerResponse, code: number, reason: string, message = reason): boolean {
  sendJson(response, code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, code });
  return true;
}
