/** Images of a project as a server has certified them. */
import { z } from 'zod';
import type { ServerApi } from './server-api.ts';
import type { SubmittedImage } from './submission-text.ts';

const imageSchema = z.object({
  image: z.object({
    id: z.string(),
    digest: z.string(),
    listDigest: z.string().nullable(),
    architecture: z.string(),
    isVerifiedCertified: z.boolean().nullable(),
    grade: z.string().nullable(),
    publishedAt: z.string().nullable(),
  }),
  objections: z.array(z.object({ message: z.string() })),
});

const resultsSchema = z.object({
  items: z.array(
    z.object({
      origin: z.string(),
      policy: z.string().nullable(),
      gate: z.object({ outcome: z.string(), summary: z.string() }).nullable(),
      checks: z.array(
        z.object({
          name: z.string(),
          outcome: z.string(),
          summary: z.string().nullable(),
          fix: z.string().nullable(),
          found: z.array(
            z.object({
              kind: z.string(),
              subject: z.string(),
              detail: z.string().nullable(),
              layer: z.number().nullable(),
            }),
          ),
        }),
      ),
    }),
  ),
});

/** Reads the images of these ids, by architecture. @throws {PlimsollError} what the server says. */
export async function readSubmitted(
  server: ServerApi,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<readonly SubmittedImage[]> {
  const images: SubmittedImage[] = [];
  for (const id of ids) {
    const path = `/project-images/${id}`;
    const task = `Cannot read image ${id}`;
    const { image, objections } = await server.ask({ method: 'GET', path, task, answer: imageSchema }, signal);
    const results = await server.ask(
      { method: 'GET', path: `${path}/test-results?limit=100`, task, answer: resultsSchema },
      signal,
    );
    const ours = results.items.find(({ origin }) => origin === 'verified');
    const { isVerifiedCertified, ...facts } = image;
    images.push({
      ...facts,
      isCertified: isVerifiedCertified === true,
      policy: ours?.policy ?? null,
      checks: ours?.checks ?? [],
      gate: ours?.gate ?? null,
      objections: objections.map(({ message }) => message),
    });
  }
  return images.toSorted((a, b) => (a.architecture < b.architecture ? -1 : 1));
}
