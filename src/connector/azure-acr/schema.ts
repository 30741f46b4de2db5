/** Answers of Azure: Microsoft Entra's token service, and the registry's own API. */
import { z } from 'zod';

/** OAuth 2.0 client credentials, answered by Entra. */
export const entraToken = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().optional() });

/** `POST /oauth2/exchange`. */
export const exchanged = z.object({ refresh_token: z.string().min(1) });

/** `GET /acr/v1/_catalog`. */
export const catalogPage = z.object({ repositories: z.array(z.string()).nullish() });

/** One tag; dates have seven digits after the second. */
const tag = z.object({
  name: z.string(),
  digest: z.string().nullish(),
  createdTime: z.string().nullish(),
  lastUpdateTime: z.string().nullish(),
});

/** `GET /acr/v1/{name}/_tags`. */
export const tagPage = z.object({ tags: z.array(tag).nullish() });

/** `GET /acr/v1/{name}/_tags/{tag}`. */
export const oneTag = z.object({ tag });

export type AcrTag = z.infer<typeof tag>;
