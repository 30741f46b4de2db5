/**
 * NVD's CVE records, as the API and the yearly feeds have them.
 *
 * Source: NVD, "CVE API 2.0" schema. Metrics and CPE matches are checked one by one: a record is worth keeping without a bad one.
 */
import * as z from 'zod';

const listOfUnknown = z.array(z.unknown()).nullish().catch(undefined);

export const responseSchema = z.object({ vulnerabilities: z.array(z.unknown()) });

export const cveSchema = z.object({
  cve: z.object({
    id: z.string().regex(/^CVE-[0-9]{4}-[0-9]{4,19}$/),
    vulnStatus: z.string().nullish().catch(undefined),
    published: z.string().nullish().catch(undefined),
    lastModified: z.string().nullish().catch(undefined),
    descriptions: listOfUnknown,
    metrics: z.record(z.string(), listOfUnknown).nullish().catch(undefined),
    weaknesses: listOfUnknown,
    configurations: listOfUnknown,
    references: listOfUnknown,
  }),
});

export const metricSchema = z.object({
  source: z.string().nullish(),
  /** `Primary` is NVD's own, `Secondary` of whoever assigned the CVE, or of CISA. */
  type: z.string().nullish(),
  cvssData: z.object({ vectorString: z.string() }),
});

export const descriptionSchema = z.object({ lang: z.string(), value: z.string() });

export const configurationSchema = z.object({
  operator: z.string().nullish(),
  negate: z.boolean().nullish(),
  nodes: z.array(
    z.object({
      operator: z.string().nullish(),
      negate: z.boolean().nullish(),
      cpeMatch: z.array(
        z.object({
          vulnerable: z.boolean(),
          criteria: z.string(),
          versionStartIncluding: z.string().nullish(),
          versionStartExcluding: z.string().nullish(),
          versionEndIncluding: z.string().nullish(),
          versionEndExcluding: z.string().nullish(),
        }),
      ),
    }),
  ),
});
