/** Google's own `tags/list`: folders, tags, and all manifests with their dates. Numbers are texts. */
import { z } from 'zod';

const digits = z.union([z.string().regex(/^\d{1,16}$/), z.number()]).transform(Number);

const manifest = z.object({
  imageSizeBytes: digits.optional().catch(undefined),
  mediaType: z.string().optional().catch(undefined),
  tag: z.array(z.string()).nullish(),
  timeUploadedMs: digits.optional().catch(undefined),
});

/** `GET /v2/{path}/tags/list`. */
export const gcrFolder = z.object({
  child: z.array(z.string()).nullish(),
  tags: z.array(z.string()).nullish(),
  manifest: z.record(z.string(), manifest).nullish(),
});

export type GcrFolder = z.infer<typeof gcrFolder>;
