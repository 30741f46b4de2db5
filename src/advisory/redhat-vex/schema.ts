/**
 * The frame of a CSAF 2.0 VEX document of Red Hat. What is inside the product tree and the statuses runs to 100,000 values a file and
 * is read by hand (see feed-json.ts).
 *
 * Source: OASIS CSAF 2.0, "Profile 5: VEX"; security.access.redhat.com/data/csaf/v2/vex.
 */
import * as z from 'zod';

export const vexSchema = z.object({
  document: z.object({
    category: z.string(),
    csaf_version: z.literal('2.0'),
    aggregate_severity: z.object({ text: z.string() }).nullish(),
    tracking: z.object({
      id: z.string(),
      current_release_date: z.string().nullish(),
      initial_release_date: z.string().nullish(),
    }),
  }),
  product_tree: z.looseObject({}).nullish(),
  vulnerabilities: z.array(z.looseObject({})).nullish(),
});

/** `repository-to-cpe.json`: the CPEs whose advisories speak of the packages of a repository. */
export const repositoryMapSchema = z.object({
  data: z.record(z.string(), z.unknown()),
});

export const repositorySchema = z.object({ cpes: z.array(z.string()) });
