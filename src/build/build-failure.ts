/**
 * How a build fails: which step, which line of the Dockerfile, and what was said last.
 */
import { type ErrorCode, PlimsollError } from '#base/errors.ts';
import type { BuildStep } from './build-request.ts';

/** What is known of a failure beside its sentence. */
export interface FailureDetails {
  readonly step: BuildStep;
  /** Line of the Dockerfile where the instruction starts that failed, from 1. */
  readonly line?: number | undefined;
  /** That instruction, arguments not filled in, on one line and cut at 200 characters. */
  readonly instruction?: string | undefined;
  /** The last lines of output, secrets masked; up to 20. */
  readonly tail: readonly string[];
}

/** A build that came to nothing. Its message never has a secret in it. */
export class BuildFailure extends PlimsollError {
  readonly step: BuildStep;
  readonly line: number | undefined;
  readonly instruction: string | undefined;
  readonly tail: readonly string[];

  constructor(code: ErrorCode, message: string, details: FailureDetails, options?: ErrorOptions) {
    super(code, message, options);
    this.name = 'BuildFailure';
    this.step = details.step;
    this.line = details.line;
    this.instruction = details.instruction;
    this.tail = details.tail;
  }
}
