/** Manifests, tags, referrers and the catalogue of the registry. */
import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { nameOf, seesEverything } from '#hosting/caller.ts';
import { deleteManifest, getManifest, listReferrers, type ManifestName, readManifest } from '#hosting/content.ts';
import { DistributionError } from '#hosting/distribution-error.ts';
import { paced } from '#hosting/pace.ts';
import { putManifest, tooLarge } from '#hosting/put-manifest.ts';
import { ensureRepositoryAt } from '#hosting/upload.ts';
import { isTag } from '#oci/reference.ts';
import { listTagNames } from '#store/hosting-manifest.ts';
import { listPublishedTags } from '#store/hosting-published.ts';
import { listHostedRepositories } from '#store/hosting-space.ts';
import { authorise, challengeOf, identify } from './authorise.ts';
import { digestFrom, type Exchange } from './blob-routes.ts';
import { ChallengeError } from './errors.ts';
import { nextLink, readContentLength, readCount, readOne, readQuery } from './headers.ts';
import type { OciContext } from './oci-context.ts';

/** Tags that one push may name; the draft of the protocol wants ten at least. */
const MAX_TAG_PARAMETERS = 100;
const MAX_PAGE = 10_000;
const CATALOGUE_PAGE = 1000;

/** `GET`, `HEAD`, `PUT` and `DELETE` of a manifest. */
export async function serveManifest(exchange: Exchange, name: string, reference: string) {
  const { context, request, reply } = exchange;
  const { hosting, pulls } = context;
  if (request.method === 'PUT') return await pushManifest(exchange, name, reference);
  if (request.method === 'DELETE') {
    const { caller, place } = await authorise(context, request, name, ['delete']);
    await deleteManifest(hosting, place.repository, manifestName(reference), nameOf(caller));
    return await reply.code(202).send();
  }
  const by = manifestName(reference);
  const { place } = await authorise(context, request, name, ['pull'], by);
  const manifest = await getManifest(hosting, place.repository, by);
  reply.headers({
    'docker-content-digest': manifest.digest,
    'content-type': manifest.contentType,
    etag: `"${manifest.digest}"`,
  });
  if (request.method === 'HEAD') return await reply.header('content-length', manifest.sizeBytes).send();
  const bytes = await readManifest(hosting, manifest);
  if (place.repository !== undefined) pulls.count(place.repository, manifest, 'tag' in by ? by.tag : undefined);
  return await reply.send(Buffer.from(bytes));
}

async function pushManifest({ context, request, reply, signal }: Exchange, name: string, reference: string) {
  const { hosting } = context;
  const { caller, place } = await authorise(context, request, name, ['pull', 'push']);
  const by = manifestName(reference);
  const more = readQuery(request, 'tag');
  if (more.length > MAX_TAG_PARAMETERS) {
    throw new DistributionError(
      'UNSUPPORTED',
      `Cannot set ${more.length} tags at once: ${MAX_TAG_PARAMETERS} at most`,
      {
        status: 414,
      },
    );
  }
  const tags = [...('tag' in by ? [by.tag] : []), ...more];
  const wrong = tags.find(tag => !isTag(tag));
  if (wrong !== undefined) {
    throw new DistributionError(
      'MANIFEST_INVALID',
      'Cannot push: a tag is up to 128 letters, digits, dots, dashes and underscores',
    );
  }
  const bytes = await readWhole(context, request);
  const repository = await ensureRepositoryAt(hosting, caller, place);
  const { digest, subject } = await putManifest(hosting, repository, {
    bytes,
    contentType: request.headers['content-type']?.trim() ?? '',
    digest: 'digest' in by ? by.digest : undefined,
    tags,
    pushedBy: nameOf(caller),
    signal,
  });
  reply.headers({ location: `/v2/${name}/manifests/${digest}`, 'docker-content-digest': digest });
  if (subject !== undefined) reply.header('oci-subject', subject);
  if (more.length > 0) reply.header('oci-tag', [...new Set(tags)]);
  return await reply.code(201).send();
}

/** `GET` of the list of tags; of published ones for who may pull nothing else. */
export async function serveTags({ context, request, reply }: Exchange, name: string) {
  const { place, seesPublishedAlone } = await authorise(context, request, name, ['pull'], { tags: true });
  if (place.repository === undefined) {
    throw new DistributionError('NAME_UNKNOWN', `Cannot list the tags of "${name}": nothing was pushed there`);
  }
  const count = readCount(request, MAX_PAGE);
  if (count === 0) return await reply.type('application/json').send(Buffer.from(JSON.stringify({ name, tags: [] })));
  const { store, address } = context.hosting;
  const page = { after: readOne(request, 'last'), limit: count === undefined ? undefined : count + 1 };
  const found = seesPublishedAlone
    ? await listPublishedTags(store.db, place.repository, { ...page, host: address.host })
    : await listTagNames(store.db, place.repository.id, page);
  const tags = found.slice(0, count);
  if (tags.length < found.length) {
    reply.header('link', nextLink(`/v2/${name}/tags/list`, { n: String(count), last: tags.at(-1) ?? '' }));
  }
  return await reply.type('application/json').send(Buffer.from(JSON.stringify({ name, tags })));
}

/** `GET` of the manifests about a manifest; an empty list for what nobody knows. Of an image that is published everybody may see them. */
export async function serveReferrers({ context, request, reply }: Exchange, name: string, reference: string) {
  const subject = digestFrom(reference);
  const { place, seesPublishedAlone } = await authorise(context, request, name, ['pull'], { subject });
  const artifactType = readOne(request, 'artifactType') || undefined;
  const after = Number(readOne(request, 'after'));
  const page = await listReferrers(context.hosting, place.repository, {
    subject,
    artifactType,
    after: Number.isSafeInteger(after) && after > 0 ? after : undefined,
    seesPublishedAlone,
  });
  if (artifactType !== undefined) reply.header('oci-filters-applied', 'artifactType');
  if (page.next !== undefined) {
    const filter = artifactType === undefined ? {} : { artifactType };
    reply.header('link', nextLink(`/v2/${name}/referrers/${subject}`, { ...filter, after: String(page.next) }));
  }
  const index = {
    schemaVersion: 2,
    mediaType: INDEX,
    manifests: page.referrers.map(({ mediaType, digest, sizeBytes, artifactType: type, annotations }) => ({
      mediaType: mediaType.split(';', 1)[0],
      digest,
      size: sizeBytes,
      ...(type === undefined ? {} : { artifactType: type }),
      ...(annotations === undefined ? {} : { annotations }),
    })),
  };
  reply.header('content-type', INDEX);
  return await reply.send(Buffer.from(JSON.stringify(index)));
}

const INDEX = 'application/vnd.oci.image.index.v1+json';

/** `GET` of the names of repositories that the caller may see. */
export async function serveCatalogue({ context, request, reply }: Exchange) {
  const { caller, hasCredentials } = await identify(context, request);
  if (!hasCredentials) {
    throw new ChallengeError(
      'Cannot list repositories: log in first',
      challengeOf(context, request, { scope: 'registry:catalog:*' }),
    );
  }
  const count = readCount(request, CATALOGUE_PAGE) ?? CATALOGUE_PAGE;
  const found =
    count === 0
      ? []
      : await listHostedRepositories(context.hosting.store.db, {
          after: readOne(request, 'last'),
          limit: count + 1,
          namespaceIds: seesEverything(caller)
            ? 'everywhere'
            : caller.kind === 'account'
              ? [...caller.principal.namespaces.keys()]
              : [],
          space: caller.kind === 'project' ? caller.key.space : undefined,
        });
  const repositories = found.slice(0, count);
  if (repositories.length < found.length) {
    reply.header('link', nextLink('/v2/_catalog', { n: String(count), last: repositories.at(-1) ?? '' }));
  }
  return await reply.type('application/json').send(Buffer.from(JSON.stringify({ repositories })));
}

/** The body of a manifest, in memory, as large as manifests may be. */
async function readWhole({ hosting }: OciContext, request: FastifyRequest): Promise<Uint8Array> {
  const { maxManifestBytes, stallMs } = hosting.limits;
  const announced = readContentLength(request) ?? 0;
  if (announced > maxManifestBytes) throw tooLarge(announced, maxManifestBytes);
  if (!(request.body instanceof Readable)) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  // It is small: whoever sends nothing for so long sends nothing at all.
  for await (const chunk of paced(request.body, { windowMs: stallMs, minBytes: 1024 })) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > maxManifestBytes) throw tooLarge(sizeBytes, maxManifestBytes);
    chunks.push(Uint8Array.from(chunk));
  }
  return Buffer.concat(chunks);
}

/** A tag has no colon in it, a digest has. */
function manifestName(reference: string): ManifestName {
  if (reference.includes(':')) return { digest: digestFrom(reference) };
  return { tag: reference };
}
