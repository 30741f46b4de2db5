/** Mistakes that the server found, by the fields in which they are. */
import { ApiProblem } from '../api/client.ts';
import type { Violation } from '../api/model.ts';

/** The mistakes of a form. */
export interface Mistakes {
  /** Those of a field and all below it; `targets` has those of `targets.0.repository`. */
  of(field: string): readonly Violation[];
  /** Those of no field in `fields`: they are shown above the form. */
  besides(fields: readonly string[]): readonly Violation[];
}

/** The mistakes behind an error; none for errors of other kinds. */
export function mistakesOf(error: unknown): Mistakes {
  const violations = error instanceof ApiProblem ? error.violations.map(v => ({ ...v, field: plain(v.field) })) : [];
  const isAt = (violation: Violation, field: string) =>
    violation.field === field || violation.field.startsWith(`${field}.`);
  return {
    of: field => violations.filter(violation => isAt(violation, field)),
    besides: fields => violations.filter(violation => !fields.some(field => isAt(violation, field))),
  };
}

/** `body/targets/0/repository`, `targets[0].repository` and `targets.0.repository` are one field. */
function plain(field: string): string {
  return field
    .replace(/^\/?body[./]/, '')
    .replace(/^\//, '')
    .replaceAll('/', '.')
    .replace(/\[(\d+)\]/g, '.$1');
}
