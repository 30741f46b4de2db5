/** What is particular to Mirantis Secure Registry. */
import { z } from 'zod';
import { HARBOR_CAPABILITIES } from '../harbor/settings.ts';

export const msrSettings = z.strictObject({});

/** The versions before 4 record no pull times; which version it is shows only when it is asked. */
export const MIRANTIS_MSR = { type: 'mirantis-msr', capabilities: HARBOR_CAPABILITIES } as const;
