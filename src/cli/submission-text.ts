/** A submission for people at a terminal. Nothing that an image or a server says is printed raw. */
import picocolors from 'picocolors';
import { printable } from '#base/text.ts';
import type { CheckFact } from '#certification/check.ts';
import { factText } from '#report/certification/fact-text.ts';

/** An image as the server certified it. */
export interface SubmittedImage {
  readonly id: string;
  readonly digest: string;
  readonly listDigest: string | null;
  readonly architecture: string;
  readonly isCertified: boolean;
  /** A to F; null: unknown. */
  readonly grade: string | null;
  /** ISO 8601; null: it is not published. */
  readonly publishedAt: string | null;
  readonly policy: string | null;
  readonly gate: { readonly outcome: string; readonly summary: string } | null;
  readonly checks: readonly {
    readonly name: string;
    readonly outcome: string;
    readonly summary: string | null;
    readonly fix: string | null;
    readonly found: readonly {
      readonly kind: string;
      readonly subject: string;
      readonly detail: string | null;
      readonly layer: number | null;
    }[];
  }[];
  /** What stands against publishing it. */
  readonly objections: readonly string[];
}

/** What came of a submission: the JSON format is this. */
export interface Submission {
  readonly projectId: string;
  readonly requestId: string;
  readonly pullSpec: string;
  readonly tag: string;
  readonly images: readonly SubmittedImage[];
}

const MAX_FACTS = 5;
const WORDS: Readonly<Record<string, string>> = {
  failed: 'FAILED',
  error: 'NOT JUDGED',
  'not-applicable': 'not applicable',
};

/** The text, ending in a line feed. */
export function renderSubmission(
  { pullSpec, tag, images }: Submission,
  { hasColors }: { readonly hasColors: boolean },
): string {
  const colors = picocolors.createColors(hasColors);
  const lines = [colors.bold(printable(`${pullSpec} as ${tag}`, 4096))];
  for (const image of images) {
    const verdict = image.isCertified ? colors.green('certified') : colors.red('NOT certified');
    const published = image.publishedAt === null ? 'not published' : 'published';
    lines.push(
      '',
      printable(`${image.architecture}  ${image.digest}`),
      `  ${verdict}, grade ${printable(image.grade ?? 'unknown')}, ${published}; image ${printable(image.id)}`,
    );
    for (const { name, outcome, summary, fix, found } of image.checks) {
      const isBad = outcome === 'failed' || outcome === 'error';
      const word = (WORDS[outcome] ?? printable(outcome)).padEnd(15);
      const painted = isBad ? colors.red(word) : word;
      lines.push(`  ${painted}${printable(name).padEnd(28)}${printable(summary ?? '', 1000)}`);
      if (!isBad) continue;
      for (const fact of found.slice(0, MAX_FACTS)) lines.push(`      ${printable(factText(toFact(fact)), 1000)}`);
      if (found.length > MAX_FACTS) lines.push(`      and ${found.length - MAX_FACTS} more`);
      if (fix !== null) lines.push(`      Fix: ${printable(fix, 1000)}`);
    }
    if (image.gate !== null) lines.push(`  Gate: ${printable(image.gate.summary, 1000)}`);
    if (image.publishedAt === null && image.objections.length > 0) {
      lines.push('  Against publishing it:', ...image.objections.map(one => `      ${printable(one, 2000)}`));
    }
  }
  return `${lines.join('\n')}\n`.toWellFormed();
}

function toFact({ kind, subject, detail, layer }: SubmittedImage['checks'][number]['found'][number]): CheckFact {
  return {
    // The server has the same kinds; an unknown one reads as any other.
    kind: kind as CheckFact['kind'],
    subject,
    ...(detail === null ? {} : { detail }),
    ...(layer === null ? {} : { layer }),
  };
}
