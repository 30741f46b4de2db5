/** What `plimsoll base-image` does. */
import { z } from 'zod';
import { printable } from '#base/text.ts';
import type { CliContext } from './context.ts';
import { listAll } from './list-all.ts';
import { openServerApi } from './server-api.ts';
import type { ServerOptions } from './server-options.ts';

const baseImage = z.object({
  id: z.string(),
  registry: z.string(),
  repository: z.string(),
  tag: z.string().nullable(),
  digest: z.string(),
  architecture: z.string(),
});
type BaseImage = z.output<typeof baseImage>;

/** Approves an image; prints one line for each architecture. */
export async function addBaseImage(reference: string, options: ServerOptions, context: CliContext): Promise<void> {
  await using server = await openServerApi(options, context);
  const { items } = await server.ask(
    {
      method: 'POST',
      path: '/base-images',
      json: { reference },
      task: `Cannot approve "${printable(reference)}"`,
      answer: z.object({ items: z.array(baseImage) }),
    },
    context.signal,
  );
  for (const image of items) context.stdout.write(toLine(image));
}

/** Prints one line for each approved image. */
export async function listBaseImages(options: ServerOptions, context: CliContext): Promise<void> {
  await using server = await openServerApi(options, context);
  const list = { path: '/base-images', task: 'Cannot list base images', item: baseImage };
  for (const image of await listAll(server, list, context.signal)) context.stdout.write(toLine(image));
}

/** Approves an image no more. */
export async function removeBaseImage(id: string, options: ServerOptions, context: CliContext): Promise<void> {
  await using server = await openServerApi(options, context);
  const task = `Cannot remove base image "${printable(id)}"`;
  const path = `/base-images/${encodeURIComponent(id)}`;
  await server.ask({ method: 'DELETE', path, task, answer: z.unknown() }, context.signal);
}

function toLine({ id, registry, repository, tag, digest, architecture }: BaseImage): string {
  const name = `${registry}/${repository}${tag === null ? '' : `:${tag}`}`;
  return `${printable(`${id}  ${architecture.padEnd(8)}${name}@${digest}`, 4096)}\n`;
}
