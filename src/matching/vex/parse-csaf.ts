/**
 * VEX in CSAF: product ids of a tree, in lists by status.
 *
 * Source: CSAF 2.0, profile 5 "VEX", "Product Tree", "Relationships".
 */

import { z } from 'zod';
import { countOf } from '#base/count-of.ts';
import { readJustification } from './justification.ts';
import type { VexContent, VexProduct, VexStatement, VexStatus } from './statement.ts';

const text = z.string().max(4096);
const ids = z.array(text).max(200_000).optional();
const product = z.object({
  product_id: text,
  product_identification_helper: z.object({ purl: text.optional(), cpe: text.optional() }).partial().optional(),
});
const relationship = z.object({
  product_reference: text,
  relates_to_product_reference: text,
  full_product_name: z.object({ product_id: text }),
});
const branch = z.object({ product: z.unknown().optional(), branches: z.array(z.unknown()).max(100_000).optional() });
const remark = z.object({
  product_ids: ids,
  details: text.optional(),
  category: text.optional(),
  label: text.optional(),
});
const vulnerability = z.object({
  cve: text.optional(),
  ids: z.array(z.object({ text }).partial()).max(1000).optional(),
  product_status: z
    .object({ known_not_affected: ids, fixed: ids, known_affected: ids, under_investigation: ids })
    .partial()
    .optional(),
  flags: z.array(remark).max(100_000).optional(),
  threats: z.array(remark).max(100_000).optional(),
  release_date: text.optional(),
});
const document = z.object({
  document: z.object({
    csaf_version: text,
    publisher: z.object({ name: text }).partial().optional(),
    tracking: z.object({ current_release_date: text }).partial().optional(),
  }),
  product_tree: z
    .object({
      branches: z.array(z.unknown()).max(100_000),
      full_product_names: z.array(z.unknown()).max(200_000),
      relationships: z.array(z.unknown()).max(500_000),
    })
    .partial()
    .optional(),
  vulnerabilities: z.array(z.unknown()).max(10_000).optional(),
});

const LISTS = [
  ['known_affected', 'affected'],
  ['under_investigation', 'under_investigation'],
  ['known_not_affected', 'not_affected'],
  ['fixed', 'fixed'],
] as const satisfies readonly (readonly [string, VexStatus])[];

/** Reads a document; `undefined` when it is none of CSAF. */
export function findCsafVex(value: unknown): VexContent | undefined {
  const parsed = document.safeParse(value);
  if (!parsed.success) return undefined;
  const { document: about, product_tree: tree, vulnerabilities = [] } = parsed.data;
  const products = readTree(tree ?? {});
  const timestamp = about.tracking?.current_release_date;
  const statements: VexStatement[] = [];
  let lost = 0;
  let bad = 0;
  for (const one of vulnerabilities) {
    const { data } = vulnerability.safeParse(one);
    if (data === undefined) bad += 1;
    else lost += readVulnerability(data, { products, timestamp, statements });
  }
  const author = about.publisher?.name;
  return {
    ...(author === undefined ? {} : { author }),
    statements,
    gaps: [
      ...(bad === 0 ? [] : [`${countOf(bad, 'vulnerability', 'vulnerabilities')} of another form than CSAF has`]),
      ...(lost === 0 ? [] : [`${lost} product id(s) without a purl, so that nobody can tell which packages they are`]),
    ],
  };
}

interface Reading {
  readonly products: ReadonlyMap<string, VexProduct>;
  readonly timestamp: string | undefined;
  readonly statements: VexStatement[];
}

/** Adds the statements of one vulnerability; answers how many products are not known. */
function readVulnerability(data: z.infer<typeof vulnerability>, { products, timestamp, statements }: Reading): number {
  const names = [data.cve, ...(data.ids ?? []).map(one => one.text)].filter(one => one !== undefined);
  const remarks = new Map<string, { label?: string; details?: string }>();
  for (const { label, product_ids = [] } of data.flags ?? []) {
    if (label !== undefined) for (const id of product_ids) remarks.set(id, { ...remarks.get(id), label });
  }
  for (const { category, details, product_ids = [] } of data.threats ?? []) {
    if (category !== 'impact' || details === undefined) continue;
    for (const id of product_ids) remarks.set(id, { ...remarks.get(id), details });
  }
  let lost = 0;
  for (const [list, status] of LISTS) {
    const byReason = new Map<string, VexProduct[]>();
    for (const id of data.product_status?.[list] ?? []) {
      const found = products.get(id);
      const { label, details } = remarks.get(id) ?? {};
      // Red Hat's impact is a rating, not a reason.
      const reason = readJustification(status, label, status === 'not_affected' ? details : undefined);
      if (found === undefined) lost += 1;
      else byReason.set(reason, [...(byReason.get(reason) ?? []), found]);
    }
    for (const [reason, covered] of byReason) {
      const time = timestamp ?? data.release_date;
      statements.push({
        ids: names,
        status,
        products: covered,
        reason,
        ...(time === undefined ? {} : { timestamp: time }),
      });
    }
  }
  return lost;
}

interface Helper {
  readonly purl?: string | undefined;
  readonly cpe?: string | undefined;
}

const MAX_DEPTH = 30;

/** Products by id: those with a purl of their own, and components of a platform. */
function readTree(tree: NonNullable<z.infer<typeof document>['product_tree']>): ReadonlyMap<string, VexProduct> {
  const helpers = new Map<string, Helper>();
  const add = (value: unknown) => {
    const { data } = product.safeParse(value);
    if (data !== undefined) helpers.set(data.product_id, data.product_identification_helper ?? {});
  };
  const walk = (values: readonly unknown[], depth: number) => {
    if (depth > MAX_DEPTH) return;
    for (const value of values) {
      const { data } = branch.safeParse(value);
      if (data?.product !== undefined) add(data.product);
      if (data?.branches !== undefined) walk(data.branches, depth + 1);
    }
  };
  walk(tree.branches ?? [], 0);
  for (const value of tree.full_product_names ?? []) add(value);
  const products = new Map<string, VexProduct>();
  for (const [id, { purl }] of helpers) {
    if (purl !== undefined) products.set(id, { ids: [purl], subcomponents: [], within: [] });
  }
  for (const value of tree.relationships ?? []) {
    const { data } = relationship.safeParse(value);
    if (data === undefined) continue;
    const component = helpers.get(data.product_reference)?.purl;
    const { purl, cpe } = helpers.get(data.relates_to_product_reference) ?? {};
    const within = [purl, cpe].filter(one => one !== undefined);
    // A component of a platform that nobody can recognise is not just any component of that name.
    if (component === undefined || within.length === 0) continue;
    products.set(data.full_product_name.product_id, { ids: [component], subcomponents: [], within });
  }
  return products;
}
