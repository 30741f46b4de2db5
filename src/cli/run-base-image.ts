/** What `plimsoll base-image` does. */
import { z } from 'zod';
import { printable } from '#base/text.ts';
import type { CliContext } from './context.ts';
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

const PAGE = 100;

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
  for (let cursor: string | null = ''; cursor !== null; ) {
    const after: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page: { items: BaseImage[]; nextCursor: string | null } = await server.ask(
      {
        method: 'GET',
        path: `/base-images?limit=${PAGE}${after}`,
        task: 'Cannot list base images',
        answer: z.object({ items: z.array(baseImage), nextCursor: z.string().nullable() }),
      },
      context.signal,
    );
    for (const image of page.items) context.stdout.write(toLine(image));
    cursor = page.nextCursor;
  }
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
