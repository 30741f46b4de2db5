/**
 * VEX in CycloneDX: vulnerabilities with an analysis, about components of the same document or of one that they refer to.
 *
 * Source: CycloneDX 1.6, `vulnerabilities[].analysis` and `affects[].ref`.
 */
import { z } from 'zod';
import { readJustification } from './justification.ts';
import type { VexContent, VexProduct, VexStatement, VexStatus } from './statement.ts';

const text = z.string().max(4096);

interface Component {
  readonly 'bom-ref'?: string | undefined;
  readonly purl?: string | undefined;
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  readonly components?: unknown[] | undefined;
}

const component: z.ZodType<Component> = z.object({
  'bom-ref': text.optional(),
  purl: text.optional(),
  name: text.optional(),
  version: text.optional(),
  components: z.array(z.unknown()).max(100_000).optional(),
});
const vulnerability = z.object({
  id: text,
  references: z
    .array(z.object({ id: text }).partial())
    .max(1000)
    .optional(),
  analysis: z.object({
    state: text,
    justification: text.optional(),
    detail: text.optional(),
    firstIssued: text.optional(),
    lastUpdated: text.optional(),
  }),
  affects: z
    .array(z.object({ ref: text }))
    .max(10_000)
    .default([]),
});
const document = z.object({
  bomFormat: z.literal('CycloneDX'),
  metadata: z.object({ timestamp: text.optional(), component: z.unknown().optional() }).partial().optional(),
  components: z.array(z.unknown()).max(200_000).optional(),
  vulnerabilities: z.array(z.unknown()).max(100_000).optional(),
});

const STATES: ReadonlyMap<string, VexStatus> = new Map([
  ['resolved', 'fixed'],
  ['resolved_with_pedigree', 'fixed'],
  ['exploitable', 'affected'],
  ['in_triage', 'under_investigation'],
  ['false_positive', 'not_affected'],
  ['not_affected', 'not_affected'],
]);

/** Reads a document; `undefined` when it is none of CycloneDX. Vulnerabilities without an analysis say nothing and are passed over. */
export function findCycloneDxVex(value: unknown): VexContent | undefined {
  const parsed = document.safeParse(value);
  if (!parsed.success) return undefined;
  const { metadata, components = [], vulnerabilities = [] } = parsed.data;
  const names = new Map<string, readonly string[]>();
  collect([metadata?.component, ...components], names, 0);
  const statements: VexStatement[] = [];
  let unknown = 0;
  let lost = 0;
  for (const one of vulnerabilities) {
    const { data } = vulnerability.safeParse(one);
    if (data === undefined) continue;
    const status = STATES.get(data.analysis.state);
    if (status === undefined) {
      unknown += 1;
      continue;
    }
    const products = data.affects.flatMap(({ ref }) => toProduct(ref, names) ?? []);
    lost += data.affects.length - products.length;
    statements.push(toStatement(data, status, products, metadata?.timestamp));
  }
  return {
    statements,
    gaps: [
      ...(unknown === 0 ? [] : [`${unknown} analysis state(s) that CycloneDX does not have`]),
      ...(lost === 0 ? [] : [`${lost} reference(s) to components that are not in the document`]),
    ],
  };
}

function toStatement(
  { id, references = [], analysis }: z.infer<typeof vulnerability>,
  status: VexStatus,
  products: readonly VexProduct[],
  documentTime: string | undefined,
): VexStatement {
  const timestamp = analysis.lastUpdated ?? analysis.firstIssued ?? documentTime;
  return {
    ids: [...new Set([id, ...references.flatMap(reference => reference.id ?? [])])],
    status,
    products,
    reason: readJustification(status, analysis.justification, analysis.detail),
    ...(timestamp === undefined ? {} : { timestamp }),
  };
}

const MAX_DEPTH = 20;

/** What every component of the tree is called, by its reference: its purl, else name and version, which may name an image. */
function collect(values: readonly unknown[], names: Map<string, readonly string[]>, depth: number): void {
  if (depth > MAX_DEPTH) return;
  for (const value of values) {
    const { data } = component.safeParse(value);
    if (data === undefined) continue;
    const { 'bom-ref': ref, purl, name, version } = data;
    const written = [purl, version, ...(name && version ? [`${name}:${version}`, `${name}@${version}`] : [])];
    if (ref !== undefined) names.set(ref, purl === undefined ? written.filter(one => one !== undefined) : [purl]);
    if (data.components !== undefined) collect(data.components, names, depth + 1);
  }
}

/** A reference is a `bom-ref`, a purl, or `urn:cdx:serial/version#bom-ref` into another document, whose references are often purls. */
function toProduct(ref: string, names: ReadonlyMap<string, readonly string[]>): VexProduct | undefined {
  const local = ref.startsWith('urn:cdx:') ? decode(ref.slice(ref.indexOf('#') + 1)) : ref;
  const ids = names.get(ref) ?? names.get(local) ?? (local.startsWith('pkg:') ? [local] : undefined);
  return ids === undefined ? undefined : { ids, subcomponents: [], within: [] };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
