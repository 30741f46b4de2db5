/** What a test of a connection says about a registry. Pure. */
import type { RegistryHealth } from '#store/registry.ts';

/** A test as it is kept with its registry. */
export interface StoredProbe {
  /** ISO 8601. */
  readonly at: string;
  readonly sensorId: string | undefined;
  /** No step failed. */
  readonly isOk: boolean;
  /** As in connector/connector.ts, `ProbeStep`. */
  readonly steps: readonly unknown[];
}

interface Step {
  readonly step?: unknown;
  readonly result?: unknown;
  readonly detail?: unknown;
  readonly code?: unknown;
}

/** The health by the first step that failed, and what it said. Without any step nobody knows. */
export function healthOfProbe(steps: readonly unknown[]): {
  readonly health: RegistryHealth;
  readonly detail: string | undefined;
  readonly isOk: boolean;
} {
  const failed = (steps as readonly Step[]).find(({ result }) => result === 'failed');
  if (failed === undefined) {
    return { health: steps.length === 0 ? 'not-tested' : 'connected', detail: undefined, isOk: steps.length > 0 };
  }
  const detail = typeof failed.detail === 'string' ? failed.detail.slice(0, 1000) : undefined;
  return { health: healthOfStep(failed), detail, isOk: false };
}

function healthOfStep({ step, code }: Step): RegistryHealth {
  if (code === 'RATE_LIMITED') return 'rate-limited';
  if (code === 'REGISTRY_DENIED') return 'auth-error';
  switch (step) {
    case 'tls':
      return 'tls-error';
    case 'challenge':
    case 'token':
      return 'auth-error';
    case 'catalogue':
    case 'tags':
    case 'manifest':
      // It answers; what is missing is one thing, not the registry.
      return 'connected';
    default:
      return 'unreachable';
  }
}
