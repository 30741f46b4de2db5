/** Waivers as the API takes and shows them. */
import { z } from 'zod';
import type { StoredWaiver, WaiverScope } from '#store/waiver.ts';
import { stateOfWaiver } from '#store/waiver.ts';
import type { WaiverEffect } from '#store/waiver-effect.ts';

const digest = z.string().regex(/^sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})$/, 'a digest');
/** Names are looked for as they are written; controls are in none of them. */
const nameOf = (maxLength: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(maxLength)
    .regex(/^\P{Cc}*$/u, 'a name without control characters')
    .refine(text => text.isWellFormed(), 'a name in whole characters');

/** In which images of its namespace a waiver holds. */
export const waiverScopeSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('namespace') }),
    z.strictObject({ kind: z.literal('registry'), registryId: z.uuid() }),
    z.strictObject({
      kind: z.literal('repository'),
      registryId: z.uuid(),
      repository: z.string().min(1).max(512).describe('Full name'),
    }),
    z.strictObject({ kind: z.literal('image'), digest }),
  ])
  .meta({ id: 'WaiverScope' });

const reason = z.string().trim().min(1).max(2000).describe('Why it is accepted');
const expiresOn = z.iso.date().describe('The last day on which it holds, in UTC');

/** What makes a waiver. */
export const newWaiverSchema = z.strictObject({
  namespaceId: z.uuid(),
  vulnerability: nameOf(200).describe('Any name of the weakness, in any capitals'),
  package: nameOf(300).optional().describe('Name of the package or of its source; missing: in any package'),
  scope: waiverScopeSchema.default({ kind: 'namespace' }),
  reason,
  expiresOn: expiresOn.optional().describe('The last day on which it holds, in UTC; missing: for ever'),
});

/** What may be changed of one. */
export const waiverChangeSchema = z.strictObject({
  reason: reason.optional(),
  expiresOn: expiresOn.nullable().optional().describe('The last day on which it holds, in UTC; null: for ever'),
});

export const WAIVER_STATES = ['active', 'expired', 'ended'] as const;

/** A waiver as it is shown. */
export const waiverSchema = z
  .object({
    id: z.uuid(),
    namespaceId: z.uuid(),
    vulnerability: z.string(),
    package: z.string().nullable().describe('Null: in any package'),
    scope: waiverScopeSchema,
    reason: z.string(),
    expiresOn: z.iso.date().nullable().describe('The last day on which it holds, in UTC; null: for ever'),
    state: z.enum(WAIVER_STATES),
    createdBy: z.string(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    endedBy: z.string().nullable(),
    endedAt: z.iso.datetime().nullable(),
    findings: z.number().int().describe('What it sets aside now: a weakness in a package in an image, each'),
    images: z.number().int().describe('Images with these'),
    revision: z.number().int(),
  })
  .meta({ id: 'Waiver' });

/** A waiver in a form that the schema takes. */
export function presentWaiver(
  waiver: StoredWaiver,
  { now, effect }: { readonly now: Date; readonly effect: WaiverEffect | undefined },
): z.output<typeof waiverSchema> {
  const { package: name, expiresOn: lastDay, endedBy, endedAt, scope, ...rest } = waiver;
  return {
    ...rest,
    scope: presentScope(scope),
    package: name ?? null,
    expiresOn: lastDay ?? null,
    state: stateOfWaiver(waiver, now),
    endedBy: endedBy ?? null,
    endedAt: endedAt ?? null,
    findings: effect?.findings ?? 0,
    images: effect?.images ?? 0,
  };
}

/** A scope in a form that the schema takes. */
export function presentScope(scope: WaiverScope): z.output<typeof waiverScopeSchema> {
  return { ...scope };
}
