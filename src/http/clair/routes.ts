/**
 * Clair's API (v4), for Quay: give its `SECURITY_SCANNER_V4_ENDPOINT` the address of this server.
 *
 * Source: Clair's HTTP transport, and Quay's client: it waits for an index to its end, compares the `ETag` of the answer with the state,
 * never tries a manifest again of which it was told 400, and shows nothing of a report that its schema refuses.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { isDigest, parseDigest } from '#oci/digest.ts';
import type { ClairContext } from '#scan/clair/clair-context.ts';
import { type ClairManifest, indexImage } from '#scan/clair/index-image.ts';
import { inventoryOfImage, reportOfImage } from '#scan/content/report-of-image.ts';
import { analyserVersion } from '#scan/sensor/layer-store.ts';
import { type ClairIndex, findClairIndex, removeClairIndexes, touchClairIndex } from '#store/clair-index.ts';
import { findClairNotification, listClairChanges, removeClairNotification } from '#store/clair-notification.ts';
import { sendDocument, sendError, sendFailure } from './answer.ts';
import { toIndexReport } from './index-report.ts';
import { toNotificationPage } from './notification.ts';
import { isSigned } from './psk.ts';
import { toVulnerabilityReport } from './vulnerability-report.ts';

const INDEXER = '/indexer/api/v1';
const MATCHER = '/matcher/api/v1';
const NOTIFIER = '/notifier/api/v1';
const TYPES = {
  index: 'application/vnd.clair.index_report.v1+json',
  state: 'application/vnd.clair.index_state.v1+json',
  vulnerabilities: 'application/vnd.clair.vulnerability_report.v1+json',
  deleted: 'application/vnd.clair.bulk_delete.v1+json',
  page: 'application/vnd.clair.notification_page.v1+json',
} as const;
/** Quay gives up after ten minutes. */
const MAX_WAIT_MS = 9 * 60_000;
/** Links to layers are up to two kilobytes each. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;
const MAX_LAYERS = 1000;
const MAX_DELETED = 10_000;
const PAGE_SIZE = 500;

const digest = z.string().refine(isDigest, 'must be sha256 or sha512 and its hex');
const layer = z.object({
  hash: digest,
  uri: z.string().max(16_384).refine(isLink, 'must be a link of https or http, without a password'),
  headers: z.record(z.string(), z.array(z.string().max(65_536)).nullable()).nullish(),
});
const manifest = z.object({ hash: digest, layers: z.array(layer).min(1).max(MAX_LAYERS) });
const digests = z.array(digest).max(MAX_DELETED);

/** Adds the routes. Whoever asks must sign with `key`; without one, everybody may. */
export function clairRoutes(context: ClairContext, key: Uint8Array | undefined) {
  const { db } = context.store;
  const state = analyserVersion();
  const etag = `"${state}"`;
  return (instance: FastifyInstance): void => {
    instance.setErrorHandler(async (error, request, reply) => await sendFailure(request, reply, error));
    instance.addHook('onRequest', async (request, reply) => {
      const { authorization } = request.headers;
      if (key !== undefined && !(await isSigned(authorization, { key, now: context.now() })))
        return reply.code(401).send();
    });
    // Clients say that they send JSON when they send nothing at all.
    const readJson = instance.getDefaultJsonParser('error', 'error');
    instance.removeAllContentTypeParsers();
    instance.addContentTypeParser('*', { parseAs: 'string' }, (request, body, done) => {
      if (body === '') done(null, undefined);
      else void readJson(request, body as string, done);
    });
    const access = { config: { access: 'own' as const }, schema: { hide: true } };

    instance.get(`${INDEXER}/index_state`, access, async (request, reply) => {
      reply.header('etag', etag);
      if (isKnown(request, etag)) return await reply.code(304).send();
      return await sendDocument(request, reply, { type: TYPES.state, body: { state } });
    });

    instance.post(`${INDEXER}/index_report`, { ...access, bodyLimit: MAX_BODY_BYTES }, async (request, reply) => {
      if (isKnown(request, etag)) return await reply.code(412).send();
      const wanted = readManifest(request.body);
      const index = await untilIndexed(wanted, whenLeft(reply));
      // Never again, says that to Quay: only of what no version will ever read.
      if (index.isUnsupported) return await sendError(reply, 400, index.error ?? 'This is no image');
      reply
        .code(201)
        .header('location', `${INDEXER}/index_report/${wanted.hash}`)
        .header('link', [
          `<${INDEXER}/index_report/${wanted.hash}>; rel="https://projectquay.io/clair/v1/index_report"`,
          `<${MATCHER}/vulnerability_report/${wanted.hash}>; rel="https://projectquay.io/clair/v1/vulnerability_report"`,
        ]);
      return await sendIndex(request, reply, index);
    });

    instance.get(`${INDEXER}/index_report/:digest`, access, async (request, reply) => {
      const { digest: named } = request.params as { digest: string };
      const hash = parseDigest(named);
      if (!takesIndex(request)) return await sendError(reply, 415, `Cannot answer: only ${TYPES.index} can be had`);
      const index = await findClairIndex(db, hash, { at: context.now() });
      if (index === undefined) throw unknown(hash);
      if (index.state === 'done' && index.version === state && isKnown(request, etag)) {
        return await reply.code(304).header('etag', etag).send();
      }
      return await sendIndex(request, reply, index);
    });

    instance.delete(`${INDEXER}/index_report/:digest`, access, async (request, reply) => {
      const { digest: named } = request.params as { digest: string };
      await removeClairIndexes(db, [parseDigest(named)]);
      return await reply.code(204).send();
    });

    instance.delete(`${INDEXER}/index_report`, access, async (request, reply) => {
      const parsed = digests.safeParse(request.body);
      if (!parsed.success) throw invalid('expected a list of digests');
      return await sendDocument(request, reply, {
        type: TYPES.deleted,
        body: await removeClairIndexes(db, parsed.data),
      });
    });

    instance.get(`${MATCHER}/vulnerability_report/:digest`, access, async (request, reply) => {
      const { digest: hash } = request.params as { digest: string };
      const at = context.now();
      // Of a 400 Quay makes an error of its own.
      const index = isDigest(hash) ? await findClairIndex(db, hash, { at }) : undefined;
      const report =
        index === undefined
          ? undefined
          : await reportOfImage(db, index.documentDigest, { reference: index.manifestHash, today: at });
      if (report === undefined) throw unknown(hash);
      await touchClairIndex(db, hash, at);
      return await sendDocument(request, reply.header('cache-control', 'no-cache'), {
        type: TYPES.vulnerabilities,
        body: toVulnerabilityReport(report, hash),
      });
    });

    instance.get(`${NOTIFIER}/notification/:id`, access, async (request, reply) => {
      const { id } = request.params as { id: string };
      const query = request.query as { page_size?: string; next?: string };
      const size = Math.min(Math.max(Math.trunc(Number(query.page_size ?? PAGE_SIZE)) || PAGE_SIZE, 1), PAGE_SIZE);
      const after = query.next;
      if (after !== undefined && !isUuid(after)) throw invalid('its "next" is not one of ours');
      const notification = isUuid(id) ? await findClairNotification(db, id) : undefined;
      if (notification === undefined) {
        throw new PlimsollError('NOT_FOUND', `Cannot find the notification "${printable(id, 60)}"`);
      }
      // An image has up to three entries: what is new, gone, and changed.
      const images = Math.max(1, Math.trunc(size / 3));
      const changes = await listClairChanges(db, { rematchId: notification.rematchId, after, images });
      return await sendDocument(request, reply, {
        type: TYPES.page,
        body: toNotificationPage(notification, changes, size),
      });
    });

    instance.delete(`${NOTIFIER}/notification/:id`, access, async (request, reply) => {
      const { id } = request.params as { id: string };
      if (isUuid(id)) await removeClairNotification(db, id);
      return await reply.code(200).send();
    });

    async function untilIndexed(wanted: ClairManifest, left: AbortSignal): Promise<ClairIndex> {
      const { stopping } = instance;
      const signal = AbortSignal.any([stopping, left, AbortSignal.timeout(MAX_WAIT_MS)]);
      try {
        return await indexImage(context, wanted, { signal });
      } catch (cause) {
        if (!stopping.aborted) throw cause;
        throw new PlimsollError('SERVER_UNAVAILABLE', 'Cannot wait for the index: the server is stopping', { cause });
      }
    }

    async function sendIndex(request: FastifyRequest, reply: FastifyReply, index: ClairIndex): Promise<FastifyReply> {
      const inventory =
        index.state === 'done'
          ? await inventoryOfImage(db, index.documentDigest, { reference: index.manifestHash })
          : undefined;
      if (index.state === 'done' && inventory === undefined) throw unknown(index.manifestHash);
      return await sendDocument(request, reply.header('etag', `"${index.version}"`), {
        type: TYPES.index,
        body: toIndexReport(index, inventory),
      });
    }
  };
}

function readManifest(body: unknown): ClairManifest {
  const parsed = manifest.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(`${issue?.path.join('.') || 'its body'}: ${issue?.message ?? 'malformed'}`);
  }
  const { hash, layers } = parsed.data;
  return {
    hash,
    layers: layers.map(({ hash: of, uri, headers }) => {
      const named = new Map(Object.entries(headers ?? {}).map(([name, values]) => [name.toLowerCase(), values?.[0]]));
      return { digest: of, url: uri, authorization: named.get('authorization'), accept: named.get('accept') };
    }),
  };
}

function isLink(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
}

function isKnown({ headers }: FastifyRequest, etag: string): boolean {
  return (headers['if-none-match'] ?? '').split(',').some(one => one.trim().replace(/^W\//, '') === etag);
}

function takesIndex({ headers: { accept } }: FastifyRequest): boolean {
  if (accept === undefined) return true;
  const names = accept.split(',').map(one => (one.split(';')[0] ?? '').trim().toLowerCase());
  return names.some(name => [TYPES.index, 'application/json', 'application/*', '*/*', ''].includes(name));
}

/** Aborted when the client has gone: the work goes on, nobody waits for it. */
function whenLeft({ raw }: FastifyReply): AbortSignal {
  const left = new AbortController();
  raw.once('close', () => left.abort());
  return left.signal;
}

const isUuid = (text: string) => z.uuid().safeParse(text).success;

const unknown = (hash: string) =>
  new PlimsollError('NOT_FOUND', `Cannot find "${printable(hash, 200)}": nobody has had it indexed`);

function invalid(why: string): PlimsollError {
  return new PlimsollError('REQUEST_INVALID', `Cannot take the request: ${why}`);
}
