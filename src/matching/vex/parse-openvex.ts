/**
 * OpenVEX documents.
 *
 * Source: OpenVEX specification 0.2.0; 0.0.x had `vulnerability` as a text, and products and subcomponents as lists of texts.
 */
import { z } from 'zod';
import { readJustification } from './justification.ts';
import type { VexContent, VexProduct, VexStatement } from './statement.ts';

const text = z.string().max(4096);
const identifiers = z.record(z.string(), text).optional();
const component = z.union([
  text.transform(id => ({ ids: [id] })),
  z.object({ '@id': text.optional(), identifiers }).transform(one => ({ ids: idsOf(one) })),
]);
const product = z.union([
  text.transform(id => ({ ids: [id], subcomponents: [] })),
  z
    .object({ '@id': text.optional(), identifiers, subcomponents: z.array(component).max(10_000).optional() })
    .transform(one => ({ ids: idsOf(one), subcomponents: one.subcomponents?.flatMap(({ ids }) => ids) ?? [] })),
]);
const vulnerability = z.union([
  text.transform(name => [name]),
  z
    .object({ '@id': text.optional(), name: text.optional(), aliases: z.array(text).max(1000).optional() })
    .transform(({ '@id': id, name, aliases = [] }) => [name, lastPart(id), ...aliases].filter(isText)),
]);
const statement = z.object({
  vulnerability,
  products: z.array(product).max(10_000).default([]),
  subcomponents: z.array(component).max(10_000).optional(),
  status: z.enum(['not_affected', 'affected', 'fixed', 'under_investigation']),
  justification: text.optional(),
  impact_statement: text.optional(),
  status_notes: text.optional(),
  action_statement: text.optional(),
  timestamp: text.optional(),
  last_updated: text.optional(),
});
const document = z.object({
  author: text.optional(),
  timestamp: text.optional(),
  last_updated: text.optional(),
  statements: z.array(z.unknown()).max(100_000),
});

/** Reads a document; `undefined` when it is none of OpenVEX. One bad statement is told in `gaps`, the others stay. */
export function findOpenVex(value: unknown): VexContent | undefined {
  const parsed = document.safeParse(value);
  if (!parsed.success) return undefined;
  const { author, statements, last_updated, timestamp = last_updated } = parsed.data;
  const read = statements.map(one => statement.safeParse(one));
  const bad = read.filter(({ success }) => !success).length;
  return {
    ...(author === undefined ? {} : { author }),
    statements: read.flatMap(({ data }) => (data === undefined ? [] : [toStatement(data, timestamp)])),
    gaps: bad === 0 ? [] : [`${bad} statement(s) of another form than OpenVEX has`],
  };
}

function toStatement(data: z.infer<typeof statement>, documentTime: string | undefined): VexStatement {
  const { vulnerability: ids, status, justification } = data;
  const timestamp = data.last_updated ?? data.timestamp ?? documentTime;
  const common = data.subcomponents?.flatMap(one => one.ids) ?? [];
  const products: VexProduct[] = data.products.map(one => ({
    ids: one.ids,
    subcomponents: [...one.subcomponents, ...common],
    within: [],
  }));
  const note = data.impact_statement ?? data.status_notes ?? data.action_statement;
  return {
    ids: [...new Set(ids)],
    status,
    products,
    reason: readJustification(status, justification, note),
    ...(timestamp === undefined ? {} : { timestamp }),
  };
}

function idsOf(one: { '@id'?: string | undefined; identifiers?: Readonly<Record<string, string>> | undefined }) {
  return [one['@id'], ...Object.values(one.identifiers ?? {})].filter(isText);
}

/** `https://nvd.nist.gov/vuln/detail/CVE-2024-1` names `CVE-2024-1`. */
function lastPart(id: string | undefined): string | undefined {
  return id?.slice(id.lastIndexOf('/') + 1);
}

function isText(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}
