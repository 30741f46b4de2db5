/** The steps of a connection test: the API has them as they come, here is what is read of them. */

export interface ProbeCertificate {
  readonly subject: string;
  readonly issuer: string;
  readonly validFrom: string;
  readonly validTo: string;
  readonly fingerprint: string;
  readonly pem: string;
}

export interface ProbeStep {
  readonly step: string;
  readonly result: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly detail: string;
  readonly remedy?: string;
  readonly durationMs: number;
  readonly certificates?: readonly ProbeCertificate[];
}

/** A test as it is kept with a registry. */
export interface KeptProbe {
  readonly at: string;
  readonly isOk: boolean;
  readonly steps: readonly ProbeStep[];
}

/** What each step is about. */
export const STEP_TITLES: Readonly<Record<string, string>> = {
  dns: 'Name',
  tcp: 'Connection',
  tls: 'Certificate',
  ping: 'Registry',
  challenge: 'How to log in',
  token: 'Log-in',
  catalogue: 'List of repositories',
  tags: 'List of tags',
  manifest: 'Head of an image',
};

/** The steps that can be read; anything else is left out. */
export function readSteps(steps: readonly unknown[]): readonly ProbeStep[] {
  return steps.filter(
    (step): step is ProbeStep => typeof step === 'object' && step !== null && 'step' in step && 'result' in step,
  );
}

/** The last test of a registry, if it can be read. */
export function readProbe(probe: unknown): KeptProbe | undefined {
  if (typeof probe !== 'object' || probe === null || !('steps' in probe) || !Array.isArray(probe.steps))
    return undefined;
  const { at, isOk } = probe as { at?: unknown; isOk?: unknown };
  return { at: String(at), isOk: isOk === true, steps: readSteps(probe.steps) };
}
