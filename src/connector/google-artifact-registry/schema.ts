/** Answers of the Artifact Registry API, version 1. Numbers of 64 bits are texts. */
import { z } from 'zod';

/** `GET …/repositories`. */
export const repositoriesPage = z.object({
  repositories: z
    .array(z.object({ name: z.string(), format: z.string().optional(), mode: z.string().optional() }))
    .nullish(),
  nextPageToken: z.string().nullish(),
});

const dockerImage = z.object({
  /** `europe-docker.pkg.dev/project/repository/path@sha256:…` */
  uri: z.string(),
  tags: z.array(z.string()).nullish(),
  imageSizeBytes: z.coerce.number().optional().catch(undefined),
  uploadTime: z.string().nullish(),
  mediaType: z.string().nullish(),
});

/** `GET …/dockerImages`: an entry for each digest. */
export const imagesPage = z.object({
  dockerImages: z.array(dockerImage).nullish(),
  nextPageToken: z.string().nullish(),
});
