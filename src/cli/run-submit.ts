/** What `plimsoll submit` does: look up the tag, ask for the scan, wait, print what the checks found, publish. */
import { z } from 'zod';
import { type ErrorCode, PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { RegistryClient } from '#image/registry/client.ts';
import { openRegistryWith } from '#image/registry/open-registry.ts';
import { parseReference, type RegistryReference } from '#oci/reference.ts';
import { awaitRequest, type ProjectRequest, requestSchema } from './await-request.ts';
import { type CliContext, hasColors } from './context.ts';
import { findProject } from './find-project.ts';
import { registryOptions } from './image-options.ts';
import { readInput } from './read-input.ts';
import { readSubmitted } from './read-submitted.ts';
import { openServerApi, type ServerApi } from './server-api.ts';
import type { ServerOptions } from './server-options.ts';
import { renderSubmission, type Submission, type SubmittedImage } from './submission-text.ts';

/** As commander hands them over. */
export interface SubmitCommandOptions extends ServerOptions {
  readonly project: string;
  readonly tag?: string;
  readonly pullSecret?: string;
  readonly publish?: boolean;
  /** Minutes. */
  readonly timeout: number;
  readonly format: 'table' | 'json';
  readonly quiet?: boolean;
  readonly authfile?: string;
  readonly tlsVerify: boolean;
}

const MAX_SECRET_BYTES = 1024 * 1024;

/** What the situation of a failed scan is called among our errors; `docs/projects.md` lists situations. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  auth_required: 'REGISTRY_DENIED',
  auth_failed: 'REGISTRY_DENIED',
  secret_no_match: 'REGISTRY_DENIED',
  hub_account_required: 'REGISTRY_DENIED',
  rate_limited: 'RATE_LIMITED',
  not_found: 'MANIFEST_UNKNOWN',
  unsupported_arch: 'MANIFEST_UNSUPPORTED',
};

/** Runs the command. @returns whether every image is certified, and with `--publish` published. */
export async function runSubmit(text: string, options: SubmitCommandOptions, context: CliContext): Promise<boolean> {
  const { stdout } = context;
  const say = (line: string) => {
    if (options.quiet !== true) context.stderr.write(`plimsoll: ${printable(line, 4000)}\n`);
  };
  const deadline = AbortSignal.timeout(options.timeout * 60_000);
  const signal = AbortSignal.any([context.signal, deadline]);
  await using server = await openServerApi(options, context);
  const { pullSpec, tag } = await readImage(text, options, context);
  const { id: projectId } = await findProject(server, options.project, signal);
  if (options.pullSecret !== undefined) await saveSecret(server, projectId, options.pullSecret, signal);
  const asked = await server.ask(
    {
      method: 'POST',
      path: `/projects/${projectId}/scans`,
      json: { pullSpec, tag },
      task: `Cannot submit "${printable(pullSpec)}"`,
      answer: requestSchema,
    },
    signal,
  );
  for (const { message } of asked.warnings) say(message);
  try {
    const done = await awaitRequest(server, asked, say, signal);
    requireDone(done, `Cannot scan "${printable(pullSpec)}"`);
    for (const { message } of done.warnings.slice(asked.warnings.length)) say(message);
    let images = await readSubmitted(server, done.imageIds, signal);
    const isCertified = images.every(({ isCertified: one }) => one);
    if (options.publish === true && isCertified) {
      await publish(server, projectId, images, say, signal);
      images = await readSubmitted(server, done.imageIds, signal);
    }
    const submission: Submission = { projectId, requestId: done.id, pullSpec, tag, images };
    stdout.write(
      options.format === 'json'
        ? `${JSON.stringify(submission, undefined, 2)}\n`
        : renderSubmission(submission, { hasColors: hasColors(context) }),
    );
    const isPublished = images.every(({ publishedAt }) => publishedAt !== null);
    return isCertified && (options.publish !== true || isPublished);
  } catch (error) {
    if (!deadline.aborted || context.signal.aborted) throw error;
    throw new PlimsollError(
      'TIMED_OUT',
      `Cannot wait any longer for request ${asked.id}: ${options.timeout} minutes are over; the server goes on with it`,
      { cause: error },
    );
  }
}

async function readImage(
  text: string,
  options: SubmitCommandOptions,
  context: CliContext,
): Promise<{ readonly pullSpec: string; readonly tag: string }> {
  const reference = parseReference(text);
  if (reference.transport !== 'docker') {
    throw new PlimsollError(
      'USAGE',
      `Cannot submit "${printable(text)}": the server pulls images from registries only`,
    );
  }
  const tag = options.tag ?? reference.tag;
  if (tag === undefined) {
    throw new PlimsollError(
      'USAGE',
      `Cannot submit "${printable(text)}": say with --tag which tag it gets in the project`,
    );
  }
  const { registry, repository } = reference;
  const digest = reference.digest ?? (await lookUp(reference, options, context));
  return { pullSpec: `${registry}/${repository}@${digest}`, tag };
}

/** The digest that a tag points at now. */
async function lookUp(
  reference: RegistryReference,
  { authfile, tlsVerify, caFile }: SubmitCommandOptions,
  context: CliContext,
): Promise<string> {
  const { signal } = context;
  const options = {
    tlsVerify,
    ...(authfile === undefined ? {} : { authfile }),
    ...(caFile === undefined ? {} : { caFile }),
  };
  await using client = new RegistryClient(registryOptions(options, context));
  await using source = await openRegistryWith(client, reference, { signal });
  return (await source.headRoot?.({ signal }))?.digest ?? (await source.root({ signal })).digest;
}

async function saveSecret(server: ServerApi, projectId: string, path: string, signal: AbortSignal): Promise<void> {
  const secret = await readInput(path, { what: 'pull secret', maxBytes: MAX_SECRET_BYTES, signal });
  await server.ask(
    {
      method: 'PUT',
      path: `/projects/${projectId}/pull-secret`,
      json: { pullSecret: secret.toString('utf8') },
      task: 'Cannot save the pull secret',
      answer: z.unknown(),
    },
    signal,
  );
}

/** @throws {PlimsollError} for a request that came to nothing. */
function requireDone({ status, statusMessage, situation, imageIds }: ProjectRequest, task: string): void {
  // What was scanned and cannot be judged is shown with its checks.
  if (status === 'completed' || imageIds.length > 0) return;
  const code = CODES[situation ?? ''] ?? 'REGISTRY_UNAVAILABLE';
  throw new PlimsollError(code, `${task}: ${printable(statusMessage ?? status, 4000)}`);
}

/** Publishes the images, those of an index as one. What stands against it is said, and in their objections. */
async function publish(
  server: ServerApi,
  projectId: string,
  images: readonly SubmittedImage[],
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const [first] = images;
  if (first === undefined) return;
  const { id, listDigest } = first;
  const json =
    listDigest === null ? { operation: 'publish', imageId: id } : { operation: 'publish-manifest-list', listDigest };
  const asked = await server.ask(
    {
      method: 'POST',
      path: `/projects/${projectId}/image-requests`,
      json,
      task: 'Cannot publish the image',
      answer: requestSchema,
    },
    signal,
  );
  const { status, statusMessage } = await awaitRequest(server, asked, say, signal);
  if (status !== 'completed') say(statusMessage ?? 'The image was not published');
}
