/**
 * Quay's API for repositories, tags, manifests and their security, as its clients and pages ask it.
 *
 * A repository is `namespace/name`, with as many slashes as it has. Where two registries have one of the same name, `registry/namespace/name`
 * names the right one.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { visibleNamespaces } from '#access/principal.ts';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { reportOfImage } from '#scan/content/report-of-image.ts';
import type { StoredConfig } from '#scan/content/trim-config.ts';
import type { ServerContext } from '#store/context.ts';
import { findManifestScans, listChildren, readManifestView } from '#store/manifest-view.ts';
import { findInPlace, findPlace, listPlaces, listTagLives, type NamedPlace, type TagLife } from '#store/quay-view.ts';
import { withWaivers } from '#store/waived-finding.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { signedIn } from '../route-access.ts';
import { sendQuayError } from './errors.ts';
import { toQuaySecurity } from './security.ts';

const PAGE = 100;
const MAX_TAGS = 500;
const DIGEST = /^[A-Za-z0-9_+.-]+:[A-Fa-f0-9]+$/;
/** What stands for no, as Quay reads it. */
const FALSY = new Set(['false', 'False', 'FALSE', '0', '', 'null']);

type Query = Readonly<Record<string, string | string[] | undefined>>;

/** Adds the routes. */
export function quayRoutes(context: ServerContext) {
  return (instance: FastifyInstance): void => {
    instance.register(async app => {
      app.setErrorHandler(async (error, request, reply) => await sendQuayError(error, request, reply));
      const access = { config: { access: 'signed-in' as const }, schema: { hide: true } };
      app.get('/api/v1/repository', access, async request => await listRepositories(context, request));
      app.get('/api/v1/repository/*', access, async request => await answer(context, request));
    });
  };
}

/** Repositories have slashes in their names, so that what is asked of them is found from the end. */
async function answer(context: ServerContext, request: FastifyRequest): Promise<unknown> {
  const path = (request.params as { '*': string })['*'].replace(/\/+$/, '');
  const security = /^(.+)\/manifest\/([^/]+)\/security$/.exec(path);
  if (security !== null) return await manifestSecurity(context, request, security[1] ?? '', security[2] ?? '');
  const manifest = /^(.+)\/manifest\/([^/]+)$/.exec(path);
  if (manifest !== null) return await readManifest(context, request, manifest[1] ?? '', manifest[2] ?? '');
  const tags = /^(.+)\/tag$/.exec(path);
  if (tags !== null) return await listTags(context, request, tags[1] ?? '');
  return await readRepository(context, request, path);
}

async function placeFor({ store: { db } }: ServerContext, request: FastifyRequest, name: string): Promise<NamedPlace> {
  const place = await findPlace(db, name, visibleNamespaces(signedIn(request)));
  if (place === undefined) throw new PlimsollError('NOT_FOUND', 'Not Found');
  return place;
}

async function manifestSecurity(
  context: ServerContext,
  request: FastifyRequest,
  name: string,
  digest: string,
): Promise<unknown> {
  const { db } = context.store;
  const place = await placeFor(context, request, name);
  const id = await manifestIn(context, place, digest);
  const scan = (await findManifestScans(db, [id])).get(id);
  const nothing = (status: string) => ({
    status,
    data: null,
    // Quay says no reason; its clients pass over keys that they do not know.
    ...(scan?.errorCode == null ? {} : { Plimsoll: { ErrorCode: scan.errorCode, Error: scan.errorMessage ?? '' } }),
  });
  // A report stays until there is a newer one, whatever became of a later scan.
  if (scan?.scannedAt != null) {
    // Quay has no word for what somebody accepts, so it is left out.
    const seen = { namespaceIds: visibleNamespaces(signedIn(request)), repository: place.name };
    const today = context.now();
    const scope = await withWaivers(db, seen, today);
    const report = await reportOfImage(db, digest, { reference: `${name}@${digest}`, today, scope });
    if (report !== undefined) return toQuaySecurity(report, digest);
  }
  switch (scan?.state) {
    case 'failed':
      return nothing('failed');
    case 'layer-too-large':
      return nothing('manifest_layer_too_large');
    case 'queued':
    case 'not-scanned':
    case 'scanned':
      return nothing('queued');
    default:
      // Indexes and what is no image; Quay's clients ask for the children of an index one by one.
      return nothing('unsupported');
  }
}

async function manifestIn({ store: { db } }: ServerContext, place: NamedPlace, digest: string): Promise<number> {
  const id = DIGEST.test(digest) ? await findInPlace(db, place.id, digest) : undefined;
  if (id === undefined) throw new PlimsollError('NOT_FOUND', 'Not Found');
  return id;
}

async function readManifest(
  context: ServerContext,
  request: FastifyRequest,
  name: string,
  digest: string,
): Promise<unknown> {
  const { db } = context.store;
  const view = await readManifestView(db, await manifestIn(context, await placeFor(context, request, name), digest));
  if (view === undefined) throw new PlimsollError('NOT_FOUND', 'Not Found');
  const text = Buffer.from(view.document).toString('utf8');
  const isList = view.kind === 'index';
  const { config, layers } = JSON.parse(text) as {
    config?: { mediaType?: string };
    layers?: { size?: number; digest?: string; urls?: string[] }[];
  };
  const history = historyOf(view.config, layers?.length ?? 0);
  return {
    digest: view.digest,
    is_manifest_list: isList,
    manifest_data: text,
    config_media_type: config?.mediaType ?? null,
    layers_compressed_size: isList ? null : view.layersSizeBytes,
    layers: isList
      ? null
      : (layers ?? []).map((layer, index) => ({
          index,
          compressed_size: layer.size ?? 0,
          is_remote: layer.urls !== undefined,
          urls: layer.urls ?? null,
          command: history[index]?.command ?? null,
          comment: history[index]?.comment ?? null,
          // Kept of the whole image alone, where nobody says who made which layer.
          author: null,
          blob_digest: layer.digest ?? '',
          created_datetime: history[index]?.created ?? null,
        })),
  };
}

async function listTags(context: ServerContext, request: FastifyRequest, name: string): Promise<unknown> {
  const { db } = context.store;
  const place = await placeFor(context, request, name);
  const query = request.query as Query;
  const limit = Math.min(PAGE, positive(query, 'limit', 50));
  const page = positive(query, 'page', 1);
  const filter = one(query['filter_tag_name']) ?? '';
  const [, operator, value] = /^(like|eq):(.*)$/s.exec(filter) ?? [];
  if (filter !== '' && operator === undefined) {
    throw new PlimsollError('REQUEST_INVALID', 'Unsupported syntax for filter_tag_name: expected like:TEXT or eq:TEXT');
  }
  const lives = await listTagLives(db, place.id, {
    name: one(query['specificTag']) || (operator === 'eq' ? value : undefined),
    like: operator === 'like' ? value : undefined,
    isActive: truthy(query['onlyActiveTags']),
    offset: (page - 1) * limit,
    limit: limit + 1,
  });
  const shown = lives.slice(0, limit);
  const children = await listChildren(
    db,
    shown.filter(({ kind }) => kind === 'index').map(({ manifestId }) => manifestId),
  );
  return {
    tags: shown.map(life => {
      const listed = (children.get(life.manifestId) ?? []).filter(({ kind }) => kind === 'image' || kind === 'index');
      const presence = Object.fromEntries(listed.map(({ digest, manifestId }) => [digest, manifestId !== null]));
      const present = listed.filter(({ manifestId }) => manifestId !== null).length;
      return {
        ...toTag(life),
        ...(life.kind === 'index'
          ? {
              is_sparse: present < listed.length,
              child_manifest_count: listed.length,
              present_child_count: present,
              child_manifests_presence: presence,
            }
          : {}),
      };
    }),
    page,
    has_additional: lives.length > limit,
  };
}

function toTag({ name, digest, kind, sizeBytes, pushedAt, startedAt, endedAt }: TagLife) {
  const start = pushedAt ?? startedAt;
  return {
    name,
    reversion: false,
    start_ts: seconds(start),
    ...(endedAt === null ? {} : { end_ts: seconds(endedAt), expiration: rfc2822(endedAt) }),
    manifest_digest: digest,
    is_manifest_list: kind === 'index',
    size: kind === 'index' ? null : sizeBytes,
    last_modified: rfc2822(start),
  };
}

async function readRepository(context: ServerContext, request: FastifyRequest, name: string): Promise<unknown> {
  const place = await placeFor(context, request, name);
  const query = request.query as Query;
  const isWithTags = query['includeTags'] === undefined || truthy(query['includeTags']);
  const lives = isWithTags
    ? await listTagLives(context.store.db, place.id, { isActive: true, offset: 0, limit: MAX_TAGS })
    : [];
  const tags = Object.fromEntries(
    lives.map(life => [
      life.name,
      {
        name: life.name,
        size: life.kind === 'index' ? null : life.sizeBytes,
        last_modified: rfc2822(life.pushedAt ?? life.startedAt),
        manifest_digest: life.digest,
      },
    ]),
  );
  return {
    ...presentPlace(place),
    is_organization: true,
    status_token: '',
    trust_enabled: false,
    tag_expiration_s: 0,
    is_free_account: false,
    can_write: false,
    can_admin: false,
    // What is pulled elsewhere is not counted here.
    ...(truthy(query['includeStats']) ? { stats: [] } : {}),
    ...(isWithTags ? { tags } : {}),
  };
}

async function listRepositories({ store: { db } }: ServerContext, request: FastifyRequest): Promise<unknown> {
  const query = request.query as Query;
  const namespace = one(query['namespace']) || undefined;
  const isStarred = truthy(query['starred']);
  if (namespace === undefined && !isStarred && !truthy(query['public'])) {
    throw new PlimsollError('REQUEST_INVALID', 'namespace, starred, or public are required for this API call');
  }
  // Nobody can star anything here, and there are no repositories of other kinds.
  if (isStarred || (one(query['repo_kind']) ?? 'image') !== 'image') return { repositories: [] };
  const after = decodeCursor(one(query['next_page']), z.number().int());
  const namespaceIds = visibleNamespaces(signedIn(request));
  const places = await listPlaces(db, { namespaceIds, namespace, after, limit: PAGE + 1 });
  const shown = places.slice(0, PAGE);
  const last = shown.at(-1);
  return {
    repositories: shown.map(place => ({
      ...presentPlace(place),
      ...(truthy(query['last_modified'])
        ? { last_modified: place.lastModifiedAt === null ? null : seconds(place.lastModifiedAt) }
        : {}),
    })),
    ...(places.length > PAGE && last !== undefined ? { next_page: encodeCursor(last.id) } : {}),
  };
}

function presentPlace({ name }: NamedPlace) {
  const [namespace = '', ...rest] = name.split('/');
  const isFlat = rest.length === 0;
  return {
    namespace: isFlat ? '' : namespace,
    name: isFlat ? namespace : rest.join('/'),
    description: '',
    is_public: false,
    kind: 'image',
    state: 'NORMAL',
    is_starred: false,
  };
}

/** What made each layer, in the order of layers. Where history and layers do not fit each other, nothing is known of any. */
function historyOf(config: unknown, layers: number) {
  const { history = [] } = (config ?? {}) as Partial<StoredConfig>;
  const made = history.filter(({ emptyLayer }) => !emptyLayer);
  if (made.length !== layers) return [];
  return made.map(({ createdBy, comment, created }) => ({
    command: createdBy === undefined ? null : [createdBy],
    comment: comment ?? null,
    created: created === undefined || Number.isNaN(Date.parse(created)) ? null : rfc2822(created),
  }));
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function truthy(value: string | string[] | undefined): boolean {
  const text = one(value);
  return text !== undefined && !FALSY.has(text);
}

/** A count from 1. @throws {PlimsollError} `REQUEST_INVALID` for what is no number. */
function positive(query: Query, name: string, fallback: number): number {
  const text = one(query[name]) || String(fallback);
  const number = Number(text);
  if (!/^[+-]?\d{1,15}$/.test(text))
    throw new PlimsollError(
      'REQUEST_INVALID',
      `Cannot read ${name}: expected a number, found "${printable(text, 50)}"`,
    );
  return Math.max(1, number);
}

function seconds(time: string): number {
  return Math.floor(Date.parse(time) / 1000);
}

/** As Python writes it: `Wed, 01 Jan 2025 00:00:00 -0000`. */
function rfc2822(time: string): string {
  return new Date(time).toUTCString().replace('GMT', '-0000');
}
