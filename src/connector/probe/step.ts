/**
 * One step of the test of a connection: bounded in time, never throwing but for the caller's own abort.
 */
import { type ErrorCode, type PlimsollError, toPlimsollError } from '#base/errors.ts';
import type { Connection } from '../connection.ts';
import type { CallOptions, ProbeCertificate, ProbeStep, ProbeStepName } from '../connector.ts';

/** What a step found. */
export interface Outcome {
  readonly result: ProbeStep['result'];
  readonly detail: string;
  readonly remedy?: string | undefined;
  readonly code?: ErrorCode | undefined;
  readonly certificates?: readonly ProbeCertificate[] | undefined;
}

/** How a step is run. */
export interface StepOptions extends CallOptions {
  readonly connection: Connection;
  readonly timeoutMs: number;
  /** What the step fails with, as people should read it. */
  readonly explain: (error: PlimsollError) => Outcome;
}

/**
 * Runs one step. What would be tried again is not: the person in front of it can press the button again, and waiting for a rate limit
 * tells less than the limit itself.
 */
export async function runStep(
  step: ProbeStepName,
  work: (call: CallOptions) => Promise<Outcome>,
  options: StepOptions,
): Promise<ProbeStep> {
  const { connection, timeoutMs, explain } = options;
  const start = performance.now();
  const first = new AbortController();
  let firstError: PlimsollError | undefined;
  using _listening = connection.listen({
    onRetry: ({ error }) => {
      firstError ??= toPlimsollError(error);
      first.abort();
    },
  });
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(timeoutMs), first.signal]);
  let outcome: Outcome;
  try {
    outcome = await work({ signal });
  } catch (error) {
    if (options.signal.aborted) throw toPlimsollError(options.signal.reason);
    outcome = explain(firstError ?? toPlimsollError(error));
  }
  const { result, detail, remedy, code, certificates } = outcome;
  return {
    step,
    result,
    detail,
    ...(remedy === undefined ? {} : { remedy }),
    ...(code === undefined ? {} : { code }),
    durationMs: Math.round(performance.now() - start),
    ...(certificates === undefined ? {} : { certificates }),
  };
}

/** A step that was not tried. */
export function skipped(step: ProbeStepName, detail: string): ProbeStep {
  return { step, result: 'skipped', detail, durationMs: 0 };
}

export function ok(detail: string): Outcome {
  return { result: 'ok', detail };
}

export function warning(detail: string, remedy: string, code?: ErrorCode): Outcome {
  return { result: 'warning', detail, remedy, code };
}

export function failed(code: ErrorCode, detail: string, remedy: string): Outcome {
  return { result: 'failed', detail, remedy, code };
}
