/**
 * GraphQL, asked without any key: what is published, and the catalogue of base images that preflight looks layers up in.
 *
 * The library selects exactly the fields that were asked for, which clients rely on: one key more and they refuse the answer.
 */
import {
  buildSchema,
  type DocumentNode,
  execute,
  GraphQLError,
  Kind,
  parse,
  type SelectionSetNode,
  validate,
} from 'graphql';
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import { listCatalogImages, listCatalogRepositories } from '#project/catalog.ts';
import { getImage } from '#project/image.ts';
import type { ProjectContext } from '#project/project-context.ts';
import { type BaseImage, findBaseImagesByLayers, listBaseImages } from '#store/project-base-image.ts';
import { toWireRepository } from './catalog-handlers.ts';
import { meetsInput, wantedIn } from './graphql-filter.ts';
import { SCHEMA_TEXT } from './graphql-schema.ts';
import { presentOne } from './image-handlers.ts';
import type { Wire } from './list-answer.ts';
import { PyxisError } from './pyxis-error.ts';
import { orderOf, valuesAt } from './rsql-match.ts';
import { findRpms, listVulnerabilities } from './weaknesses.ts';

const MAX_TOKENS = 4000;
const MAX_DEPTH = 15;
/** Roots of one query: each may look through the catalogue. */
const MAX_ROOTS = 5;
const MAX_PAGE_SIZE = 250;
const MAX_LAYERS = 1000;
const MAX_BASES = 2000;

/** Under this name preflight looks for base images, whatever registry an operator took them from. */
const BASE_REGISTRY = 'registry.access.redhat.com';

const schema = buildSchema(SCHEMA_TEXT);
const bodySchema = z.object({
  query: z.string().max(64 * 1024),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().max(200).nullish(),
});

/** Answers a query. The status is 200 whatever is wrong with it; what is, stands in `errors`. */
export async function answerGraphQL(context: ProjectContext, body: unknown, signal: AbortSignal): Promise<unknown> {
  const result = bodySchema.safeParse(body);
  if (!result.success) throw new PyxisError(400, 'Expected a JSON object with "query" and, perhaps, "variables"');
  const { query, variables, operationName } = result.data;
  let document: DocumentNode;
  try {
    document = parse(query, { maxTokens: MAX_TOKENS, noLocation: true });
    requireModest(document);
  } catch (error) {
    if (error instanceof GraphQLError) return { errors: [error.toJSON()], data: null };
    throw error;
  }
  const faults = validate(schema, document, undefined, { maxErrors: 10 });
  if (faults.length > 0) return { errors: faults.map(fault => fault.toJSON()), data: null };
  const answer = await execute({
    schema,
    document,
    rootValue: rootsFor(context, signal),
    variableValues: variables ?? {},
    ...(operationName === null || operationName === undefined ? {} : { operationName }),
  });
  if (!('errors' in answer) || answer.errors === undefined) return { data: answer.data };
  return { data: answer.data ?? null, errors: answer.errors.map(({ message, path }) => ({ message, path })) };
}

interface PageArguments {
  readonly page?: number | null;
  readonly page_size?: number | null;
  readonly sort_by?: readonly ({ readonly field: string; readonly order?: string | null } | null)[] | null;
  readonly filter?: unknown;
}

/** Of one thing. */
interface Single {
  readonly data: Wire | null;
  readonly error: Wire | null;
}

function rootsFor(context: ProjectContext, signal: AbortSignal) {
  const { db } = context.store;
  const published = async (id: string): Promise<Single> =>
    await single(async () => {
      const { image, project } = await getImage(context, { principal: undefined }, id);
      return await presentOne(context, image, project, true);
    });
  const rpms = async (id: string): Promise<Single> =>
    await single(async () => {
      const { image } = await getImage(context, { principal: undefined }, id);
      const manifest = await findRpms(context, image);
      return manifest === undefined ? undefined : { _id: manifest.id, image_id: image.id, rpms: manifest.rpms };
    });
  const imagesAt = async (registry: string, repository: string): Promise<readonly Wire[]> => {
    const images = await listCatalogImages(db, { registry, repository });
    return await Promise.all(images.map(({ image, project }) => presentOne(context, image, project, true)));
  };
  return {
    find_images: async (args: PageArguments) => page(await candidates(context, args.filter, signal), args),
    get_image: async ({ id }: { id: string }) => await published(id),
    get_image_rpm_manifest: async ({ id }: { id: string }) => await rpms(id),
    get_rpm_manifest: async ({ id }: { id: string }) => await rpms(id),
    find_repositories: async (args: PageArguments) =>
      page((await listCatalogRepositories(db)).map(toWireRepository), args),
    get_repository_by_registry_path: async ({ registry, repository }: { registry: string; repository: string }) =>
      await single(async () => {
        const [found] = await listCatalogRepositories(db, { registry, repository });
        return found === undefined ? undefined : toWireRepository(found);
      }),
    find_repository_images_by_registry_path: async (
      args: PageArguments & { readonly registry: string; readonly repository: string },
    ) => page(await imagesAt(args.registry, args.repository), args),
    find_repository_grades_by_registry_path: async (
      args: PageArguments & { readonly registry: string; readonly repository: string },
    ) => page((await imagesAt(args.registry, args.repository)).flatMap(gradesOf), args),
    find_image_vulnerabilities: async (args: PageArguments & { readonly id: string }) => {
      try {
        const { image } = await getImage(context, { principal: undefined }, args.id);
        return page(await listVulnerabilities(context, image), args);
      } catch (error) {
        return { ...page([], args), error: toError(error) };
      }
    },
    // Projects are nobody's business who shows no key.
    get_certification_project: () => ({ data: null, error: NO_KEY }),
    get_cert_project_artifact: () => ({ data: null, error: NO_KEY }),
    get_cert_project_artifacts: (args: PageArguments) => ({ ...page([], args), error: NO_KEY }),
  };
}

const NO_KEY: Wire = { status: 401, detail: 'Projects cannot be read here, where no key is shown; use the REST API' };

/** Images that a filter may be about: looked up by layer or digest where it says so, all published ones where it does not. */
async function candidates(context: ProjectContext, filter: unknown, signal: AbortSignal): Promise<readonly Wire[]> {
  const { db } = context.store;
  const layers = wantedIn(filter, 'uncompressed_top_layer_id')?.slice(0, MAX_LAYERS);
  const digests = wantedIn(filter, 'docker_image_digest') ?? wantedIn(filter, 'image_id');
  const bases =
    layers === undefined ? await listBaseImages(db, { limit: MAX_BASES }) : await findBaseImagesByLayers(db, layers);
  const found: Wire[] = bases.map(toWireBase);
  if (layers?.length === 0) return [];
  const [digest] = digests ?? [];
  const isOne = digests?.length === 1 && digest !== undefined;
  for (const { image, project } of await listCatalogImages(db, isOne ? { digest } : {})) {
    signal.throwIfAborted();
    if (layers !== undefined && !layers.includes(image.diffIds?.at(-1) ?? '')) continue;
    if (digests !== undefined && !digests.includes(image.digest)) continue;
    found.push(await presentOne(context, image, project, true));
  }
  return found;
}

function toWireBase(base: BaseImage): Wire {
  const { id, registry, repository, tag, digest, architecture, topLayer, createdAt } = base;
  const place = {
    published: true,
    repository,
    tags: tag === undefined ? [] : [{ name: tag, added_date: createdAt }],
    push_date: createdAt,
  };
  return {
    _id: id,
    architecture,
    certified: true,
    deleted: false,
    docker_image_digest: digest,
    image_id: digest,
    uncompressed_top_layer_id: topLayer,
    repositories: [
      ...(registry === BASE_REGISTRY ? [] : [{ ...place, registry: BASE_REGISTRY }]),
      { ...place, registry },
    ],
    freshness_grades: [],
    container_grades: { status: 'completed', status_message: null },
    creation_date: createdAt,
    last_update_date: createdAt,
  };
}

function gradesOf(image: Wire): readonly Wire[] {
  const now = Date.now();
  const grades = image['freshness_grades'] as readonly Wire[];
  const current = grades.find(
    ({ start_date, end_date }) =>
      Date.parse(String(start_date)) <= now && (end_date === null || now < Date.parse(String(end_date))),
  );
  const tags = valuesAt(image, ['repositories', 'tags', 'name'], 0).filter(name => typeof name === 'string');
  return tags.map(tag => ({
    tag,
    architecture: image['architecture'],
    image_id: image['_id'],
    current_grade: current?.['grade'] ?? null,
    next_drop_date: current?.['end_date'] ?? null,
    freshness_grades: grades,
  }));
}

function page(documents: readonly Wire[], args: PageArguments) {
  const number = Math.max(0, args.page ?? 0);
  const size = Math.min(MAX_PAGE_SIZE, Math.max(1, args.page_size ?? 100));
  const found =
    args.filter === undefined || args.filter === null
      ? documents
      : documents.filter(one => meetsInput(one, args.filter));
  const sorted = (args.sort_by ?? []).toReversed().reduce<readonly Wire[]>((rows, sort) => {
    if (sort === null) return rows;
    const path = sort.field.split('.');
    const sign = sort.order === 'DESC' ? -1 : 1;
    return rows.toSorted((a, b) => sign * (orderOf(valuesAt(a, path, 0)[0], valuesAt(b, path, 0)[0]) ?? 0));
  }, found);
  return {
    data: sorted.slice(number * size, (number + 1) * size),
    error: null as Wire | null,
    page: number,
    page_size: size,
    total: sorted.length,
  };
}

async function single(find: () => Promise<Wire | undefined>): Promise<Single> {
  try {
    const data = await find();
    return data === undefined ? { data: null, error: NOT_FOUND } : { data, error: null };
  } catch (error) {
    return { data: null, error: toError(error) };
  }
}

const NOT_FOUND: Wire = { status: 404, detail: 'There is no such thing, or it is not published' };

function toError(error: unknown): Wire {
  if (error instanceof PlimsollError && error.code === 'NOT_FOUND') return NOT_FOUND;
  throw error;
}

/** Few roots, and no deep nesting: the fields of a query multiply. Fragments are not needed for that, and could hide it. */
function requireModest(document: DocumentNode): void {
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) {
      throw new GraphQLError('Only queries without fragments are taken');
    }
    if (definition.selectionSet.selections.length > MAX_ROOTS) {
      throw new GraphQLError(`A query may have ${MAX_ROOTS} roots`);
    }
    requireDepth(definition.selectionSet, 0);
  }
}

function requireDepth({ selections }: SelectionSetNode, depth: number): void {
  if (depth > MAX_DEPTH) throw new GraphQLError(`A query may be ${MAX_DEPTH} deep`);
  for (const selection of selections) {
    if (selection.kind !== Kind.FIELD) throw new GraphQLError('Only queries without fragments are taken');
    if (selection.selectionSet !== undefined) requireDepth(selection.selectionSet, depth + 1);
  }
}
