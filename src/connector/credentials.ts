/**
 * What people give us to log in to a registry, by kind. Sealed at rest, never returned by any API, never in a message.
 */
import { z } from 'zod';

const secret = z
  .string()
  .min(1)
  .max(64 * 1024);
const word = z.string().trim().min(1).max(512);

/** No log-in at all. */
const none = z.strictObject({ kind: z.literal('none') });

/** A user name with a password: people, robots, access tokens used as passwords. */
const basic = z.strictObject({ kind: z.literal('basic'), username: word, password: secret });

/** A bearer token, personal access token or service account token; what it is used as is the product's business. */
const token = z.strictObject({
  kind: z.literal('token'),
  token: secret,
  /** Where the registry's own API wants a user name beside it. */
  username: word.optional(),
});

/** Red Hat Quay: an OAuth application's token for its API, and a robot for pulling; either may be missing. */
const quay = z.strictObject({
  kind: z.literal('quay'),
  apiToken: secret.optional(),
  robot: z.strictObject({ username: word, password: secret }).optional(),
});

/** AWS: an identity of its own, or the machine's; either may assume a role. */
const aws = z.strictObject({
  kind: z.literal('aws'),
  accessKeyId: word.optional(),
  secretAccessKey: secret.optional(),
  sessionToken: secret.optional(),
  roleArn: word.optional(),
  externalId: word.optional(),
});

/** An application registered in Microsoft Entra. */
const azure = z.strictObject({
  kind: z.literal('azure-service-principal'),
  tenantId: word,
  applicationId: word,
  clientSecret: secret,
});

/** The JSON key file of a Google service account, as text. */
const google = z.strictObject({ kind: z.literal('google-service-account'), keyFile: secret });

/** Any credentials, as the API takes them and as they are sealed. */
export const registryCredentials = z.discriminatedUnion('kind', [none, basic, token, quay, aws, azure, google]);

export type RegistryCredentials = z.infer<typeof registryCredentials>;

/** The names of the kinds. */
export type CredentialKind = RegistryCredentials['kind'];
