/**
 * What a test result says, check by check: our own results have reasons and fixes, those of clients what preflight writes. A document from a
 * client is anything at all, so that what cannot be read is left out.
 */
import { z } from 'zod';

/** `warning`: preflight says it beside what passed and failed. */
export const CHECK_OUTCOMES = ['failed', 'error', 'warning', 'passed', 'not-applicable'] as const;
type Outcome = (typeof CHECK_OUTCOMES)[number];

/** One check of a document. */
export interface ShownCheck {
  readonly name: string;
  readonly outcome: Outcome;
  /** What an image must have. */
  readonly description: string | null;
  /** What was found. */
  readonly summary: string | null;
  readonly why: string | null;
  /** What to do. */
  readonly fix: string | null;
  readonly found: readonly {
    readonly kind: string;
    readonly subject: string;
    readonly detail: string | null;
    /** Place of the layer, 1 being the lowest. */
    readonly layer: number | null;
  }[];
  readonly differsFromPreflight: string | null;
}

/** What a document says. */
export interface ShownResult {
  /** Those that block first. */
  readonly checks: readonly ShownCheck[];
  readonly policy: string | null;
  readonly gate: { readonly outcome: string; readonly summary: string } | null;
}

/** More checks than there are in any policy. */
const MAX_CHECKS = 200;
const text = z.string().max(20_000).nullable().catch(null).default(null);
const factSchema = z.object({
  kind: z.string().max(100),
  subject: z.string().max(5000),
  detail: text,
  layer: z.number().int().nullable().catch(null).default(null),
});
const checkSchema = z.object({
  name: z.string().max(500),
  outcome: z.enum(CHECK_OUTCOMES).optional().catch(undefined),
  description: text,
  summary: text,
  help: text,
  why: text,
  suggestion: text,
  message: text,
  found: z.array(z.unknown()).catch([]).default([]),
  differs_from_preflight: text,
});
const list = z.array(z.unknown()).catch([]).default([]);
const documentSchema = z.object({
  results: z.object({ failed: list, errors: list, warning: list, passed: list }).partial().catch({}).default({}),
  policy: text,
  gate: z.object({ outcome: z.string(), summary: z.string() }).nullable().catch(null).default(null),
});
/** The lists of results.json, with what it means to be in one. */
const LISTS = [
  ['failed', 'failed'],
  ['errors', 'error'],
  ['warning', 'warning'],
  ['passed', 'passed'],
] as const;

/** Reads a document. Never throws. */
export function readResultDocument(document: Readonly<Record<string, unknown>>): ShownResult {
  const { data } = documentSchema.safeParse(document);
  if (data === undefined) return { checks: [], policy: null, gate: null };
  const checks = LISTS.flatMap(([name, outcome]) =>
    (data.results[name] ?? []).slice(0, MAX_CHECKS).flatMap(one => readCheck(one, outcome)),
  );
  return {
    checks: checks.toSorted((a, b) => CHECK_OUTCOMES.indexOf(a.outcome) - CHECK_OUTCOMES.indexOf(b.outcome)),
    policy: data.policy,
    gate: data.gate,
  };
}

function readCheck(value: unknown, listed: Outcome): readonly ShownCheck[] {
  const { data } = checkSchema.safeParse(value);
  if (data === undefined) return [];
  const { name, outcome, description, summary, help, why, suggestion, message } = data;
  return [
    {
      name,
      // The list decides: a check that says of itself that it passed is none the better for it.
      outcome: listed === 'passed' && outcome === 'not-applicable' ? outcome : listed,
      description,
      summary: summary ?? help ?? message,
      why,
      fix: suggestion,
      found: data.found.slice(0, 50).flatMap(fact => factSchema.safeParse(fact).data ?? []),
      differsFromPreflight: data.differs_from_preflight,
    },
  ];
}
