/** Refusals that carry their named codes: a form shows each beside its field, an API tells each. */
import { type ErrorCode, PlimsollError } from '#base/errors.ts';
import type { Violation } from '../schedule/violation.ts';

/** Settings that break rules (`SCHEDULE_INVALID`), or a wish that the state of a job does not allow (`CONFLICT`). */
export class ViolationError extends PlimsollError {
  /** Never empty; the first is the one in the message. */
  readonly violations: readonly Violation[];

  constructor(code: Extract<ErrorCode, 'SCHEDULE_INVALID' | 'CONFLICT'>, violations: readonly Violation[]) {
    const [first] = violations;
    const rest = violations.length > 1 ? ` (and ${violations.length - 1} more)` : '';
    super(code, `${first?.message ?? 'Refused'}: ${first?.remedy ?? ''}${rest}`);
    this.violations = violations;
  }
}
