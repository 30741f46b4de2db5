/**
 * Facts about the files of images as they are kept beside inventories, and as sensors send them: checked like anything from outside, since a
 * certificate depends on them.
 */
import { z } from 'zod';
import type { FileFacts } from '#certification/file-facts.ts';
import type { Db } from '#store/database.ts';
import { findFileFacts as findStored } from '#store/project-base-image.ts';

const path = z.string().max(20_000);
const text = z.string().max(20_000);
const count = z.number().int().nonnegative();
const layer = z.number().int().min(1).max(10_000);

const owner = z.object({ name: text, version: text, arch: text.optional(), vendor: text.optional() });

const licenses = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('missing') }),
  z.object({ kind: z.literal('not-a-folder') }),
  z.object({ kind: z.literal('elsewhere'), path }),
  z.object({
    kind: z.literal('folder'),
    path,
    files: z.array(z.object({ path, sizeBytes: count.optional(), isEmpty: z.boolean() })).max(1000),
    fileCount: count,
    filledCount: count,
  }),
]);

const changes = z.object({
  changes: z
    .array(
      z.object({
        path,
        kind: z.enum(['written', 'removed', 'updated']),
        layer,
        owner,
        before: owner,
        isHardened: z.boolean(),
      }),
    )
    .max(10_000),
  isComplete: z.boolean(),
  removedFolders: z.array(z.object({ path, layer, fileCount: count })).max(1000),
  reinstalledCount: count,
});

const fileFacts = z.object({
  licenses,
  rpmDatabases: z.array(path).max(1000),
  platformId: text.optional(),
  hasOsRelease: z.boolean(),
  rootUsers: z.array(text).max(100_000).optional(),
  changes,
  unread: z.array(text).max(100_000),
  gaps: z.array(text).max(100_000),
});

/** Reads facts; `undefined` when they are none, or of a form that this version does not know. */
export function readFileFacts(value: unknown): FileFacts | undefined {
  const { success, data } = fileFacts.safeParse(value);
  // Checked above. Fields that are missing are missing here too, since JSON has no undefined.
  return success ? (data as FileFacts) : undefined;
}

/** The facts that are kept of an image; `undefined` when nobody read it whole, or another version did whose facts say something else. */
export async function findFileFacts(db: Db, digest: string): Promise<FileFacts | undefined> {
  return readFileFacts(await findStored(db, digest));
}
