/** What the commands of `plimsoll project` do with images. */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { awaitRequest, requestSchema } from '../await-request.ts';
import { type CliContext, hasColors } from '../context.ts';
import { type FoundProject, findProject } from '../find-project.ts';
import { listAll } from '../list-all.ts';
import { readSubmitted } from '../read-submitted.ts';
import { openServerApi, type ServerApi } from '../server-api.ts';
import { renderSubmission } from '../submission-text.ts';
import { imageSchema, type ProjectImage } from './project-answer.ts';
import { renderImages } from './project-text.ts';
import type { ProjectOptions } from './run-project.ts';
import { imagesOfTag } from './tagged-images.ts';

/** As commander hands them over. */
export interface ListImagesOptions extends ProjectOptions {
  readonly tag?: string;
}

/** As commander hands them over. */
export interface PublishOptions extends ProjectOptions {
  /** Why what stands against it is passed over. */
  readonly override?: string;
  /** Minutes. */
  readonly timeout: number;
}

/** Prints images of a project, or what every check found in those of a tag. */
export async function listImages(text: string, options: ListImagesOptions, context: CliContext): Promise<void> {
  const { tag, format } = options;
  const { stdout, stderr, signal } = context;
  await using server = await openServerApi(options, context);
  const all = await readImages(server, await findProject(server, text, signal), signal);
  if (tag !== undefined) {
    const { images } = imagesOfTag(all, tag);
    const submitted = await readSubmitted(
      server,
      images.map(({ id }) => id),
      signal,
    );
    if (format === 'json') stdout.write(`${JSON.stringify(submitted, undefined, 2)}\n`);
    else {
      const [first] = images;
      const shown = { projectId: '', requestId: '', pullSpec: first === undefined ? '' : pullSpecOf(first), tag };
      stdout.write(renderSubmission({ ...shown, images: submitted }, { hasColors: hasColors(context) }));
    }
  } else if (format === 'json') stdout.write(`${JSON.stringify(all, undefined, 2)}\n`);
  else if (all.length === 0) stderr.write('plimsoll: there are no images yet\n');
  else stdout.write(renderImages(all, { hasColors: hasColors(context), width: stdout.columns ?? 1000 }));
}

/** Publishes what a tag stands for, and prints it. @returns whether all of it is published now. */
export async function publishTag(
  text: string,
  tag: string,
  options: PublishOptions,
  context: CliContext,
): Promise<boolean> {
  return await change(text, tag, { ...options, operation: 'publish' }, context);
}

/** Takes back what a tag stands for, and prints it. @returns whether none of it is published now. */
export async function unpublishTag(
  text: string,
  tag: string,
  options: PublishOptions,
  context: CliContext,
): Promise<boolean> {
  return await change(text, tag, { ...options, operation: 'unpublish' }, context);
}

async function change(
  text: string,
  tag: string,
  options: PublishOptions & { readonly operation: 'publish' | 'unpublish' },
  context: CliContext,
): Promise<boolean> {
  const { operation, override, timeout } = options;
  const { stdout, stderr } = context;
  const deadline = AbortSignal.timeout(timeout * 60_000);
  const signal = AbortSignal.any([context.signal, deadline]);
  await using server = await openServerApi(options, context);
  const project = await findProject(server, text, signal);
  const say = (line: string) => void stderr.write(`plimsoll: ${printable(line, 4000)}\n`);
  try {
    const found = imagesOfTag(await readImages(server, project, signal), tag);
    const wishes =
      found.kind === 'index'
        ? [{ operation: `${operation}-manifest-list`, listDigest: found.listDigest }]
        : found.images.map(({ id }) => ({ operation, imageId: id }));
    let isDone = true;
    for (const wish of wishes) {
      const asked = await server.ask(
        {
          method: 'POST',
          path: `/projects/${project.id}/image-requests`,
          json: { ...wish, overrideReason: override },
          task: `Cannot ${operation} "${printable(tag)}"`,
          answer: requestSchema,
        },
        signal,
      );
      const { status, statusMessage } = await awaitRequest(server, asked, say, signal);
      if (status === 'completed') continue;
      isDone = false;
      say(statusMessage ?? `The request to ${operation} ended as ${status}`);
    }
    const ids = new Set(found.images.map(({ id }) => id));
    const images = (await readImages(server, project, signal)).filter(({ id }) => ids.has(id));
    if (options.format === 'json') stdout.write(`${JSON.stringify(images, undefined, 2)}\n`);
    else stdout.write(renderImages(images, { hasColors: hasColors(context), width: stdout.columns ?? 1000 }));
    return isDone;
  } catch (error) {
    if (!deadline.aborted || context.signal.aborted) throw error;
    const task = `Cannot wait any longer to ${operation} "${printable(tag)}"`;
    throw new PlimsollError('TIMED_OUT', `${task}: ${timeout} minutes are over; the server goes on with it`, {
      cause: error,
    });
  }
}

async function readImages(
  server: ServerApi,
  { id, name }: FoundProject,
  signal: AbortSignal,
): Promise<readonly ProjectImage[]> {
  const task = `Cannot list images of "${printable(name)}"`;
  return await listAll(server, { path: `/projects/${id}/images`, task, item: imageSchema }, signal);
}

function pullSpecOf({ registry, repository, listDigest, digest }: ProjectImage): string {
  return `${[registry, repository].filter(one => one !== null).join('/')}@${listDigest ?? digest}`;
}
