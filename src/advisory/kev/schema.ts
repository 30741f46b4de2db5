/** CISA's catalogue of known exploited vulnerabilities. Source: cisa.gov, known_exploited_vulnerabilities_schema.json, 2025-08. */
import * as z from 'zod';

const date = z.string().regex(/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/);

export const catalogueSchema = z.object({
  catalogVersion: z.string().max(50),
  dateReleased: z.string().max(50).nullish(),
  vulnerabilities: z.array(z.unknown()),
});

export const exploitedSchema = z.object({
  cveID: z.string().regex(/^CVE-[0-9]{4}-[0-9]{4,19}$/),
  dateAdded: date,
  dueDate: date.nullish().catch(undefined),
  /** `Known` or `Unknown`; missing before October 2023. */
  knownRansomwareCampaignUse: z.string().nullish().catch(undefined),
  requiredAction: z.string().nullish().catch(undefined),
});
