/**
 * The test of a connection: everything that a scan will need, step by step, each with its result, its time and what to do.
 *
 * It runs where the scan would: in the server, or in a sensor. Each step has a limit of time, and all together have one.
 */
import { type PlimsollError, toPlimsollError } from '#base/errors.ts';
import type { RateLimit } from '#image/registry/rate-limit.ts';
import type { Connection } from '../connection.ts';
import type { CallOptions, Connector, ProbeStep, ProbeStepName, RegistryProduct } from '../connector.ts';
import { explainFailure } from './explain-failure.ts';
import { probeDns, probeTcp } from './network-steps.ts';
import {
  type Greeting,
  greet,
  judgeChallenge,
  judgeGreeting,
  probeCatalogue,
  probeManifest,
  probeTags,
  probeToken,
} from './registry-steps.ts';
import { type Outcome, runStep, skipped, warning } from './step.ts';
import { targetOf } from './target.ts';
import { probeTls } from './tls-step.ts';

/** What is tried. */
export interface ProbeSubject extends Pick<Connector, 'client' | 'listRepositories' | 'listTags' | 'toReference'> {
  readonly connection: Connection;
  readonly product: Pick<RegistryProduct, 'type' | 'capabilities'>;
  /** What to look into when nothing else is known to be there. */
  readonly fallbackRepository?: string | undefined;
}

/** How long a test may take. */
export interface ProbeLimits {
  readonly stepMs: number;
  readonly wholeMs: number;
}

const LIMITS: ProbeLimits = { stepMs: 15_000, wholeMs: 60_000 };

/** The steps in their order, each when it is done; never throws but for an abort by the caller. */
export async function* probeConnection(
  subject: ProbeSubject,
  options: CallOptions & { readonly repository?: string | undefined; readonly limits?: ProbeLimits },
): AsyncGenerator<ProbeStep> {
  const run = new ProbeRun(subject, options, options.limits ?? LIMITS);
  const { connection, product } = subject;
  const { tls } = connection.options.settings;
  const target = await targetOf(connection);

  yield await run.step('dns', call => probeDns(target, call));
  yield await run.step('tcp', call => probeTcp(target, call));
  yield await run.step('tls', call => probeTls(target, tls, { ...call, nowMs: connection.now() }));

  let greeting: Greeting | undefined;
  yield await run.step('ping', async call => {
    greeting = await greet(connection, call);
    return judgeGreeting(greeting, connection);
  });
  const greeted = greeting ?? { status: 0, isPage: false, url: connection.place.base, challenges: [] };
  yield await run.step('challenge', async () => {
    const outcome = await judgeChallenge(greeted, connection);
    return outcome ?? { result: 'skipped', detail: 'nobody has to log in' };
  });
  yield await run.step('token', async call => {
    const outcome = await probeToken(connection, greeted, call);
    return product.type === 'docker-hub' ? warnVisitors(outcome, connection) : outcome;
  });

  let { repository } = options;
  yield await run.step('catalogue', async call => {
    if (!product.capabilities.catalog)
      return { result: 'skipped', detail: 'this product does not list its repositories' };
    const { outcome, first } = await probeCatalogue(subject, connection, call);
    repository ??= first;
    return outcome;
  });
  repository ??= subject.fallbackRepository;
  let tag: string | undefined;
  yield await run.step('tags', async call => {
    if (repository === undefined) return { result: 'skipped', detail: 'no repository is known to look into; name one' };
    const { outcome, first } = await probeTags(subject, repository, call);
    tag = first;
    return outcome;
  });
  yield await run.step('manifest', async call => {
    if (repository === undefined || tag === undefined)
      return { result: 'skipped', detail: 'no tag is known to look at' };
    const outcome = await probeManifest(subject, { repository, tag }, call, () => run.limit);
    return product.type === 'docker-hub' ? warnVisitors(outcome, connection) : outcome;
  });
}

/** Steps after which nothing else can work. */
const VITAL: ReadonlySet<ProbeStepName> = new Set(['dns', 'tcp', 'tls', 'ping', 'challenge', 'token']);

/** One run: what was found so far, and what is left of the time. */
class ProbeRun {
  readonly #subject: ProbeSubject;
  readonly #caller: AbortSignal;
  readonly #limits: ProbeLimits;
  readonly #start = performance.now();
  #broken: ProbeStepName | undefined;
  /** The last rate limit of the registry itself. */
  limit: RateLimit | undefined;

  constructor(subject: ProbeSubject, { signal }: CallOptions, limits: ProbeLimits) {
    this.#subject = subject;
    this.#caller = signal;
    this.#limits = limits;
  }

  async step(step: ProbeStepName, work: (call: CallOptions) => Promise<Outcome>): Promise<ProbeStep> {
    if (this.#caller.aborted) throw toPlimsollError(this.#caller.reason);
    if (this.#broken !== undefined) return skipped(step, `not tried, since the step "${this.#broken}" failed`);
    const { stepMs, wholeMs } = this.#limits;
    const leftMs = Math.round(wholeMs - (performance.now() - this.#start));
    if (leftMs <= 0) {
      return skipped(step, `not tried, since the test took over ${wholeMs / 1000} s`);
    }
    const { connection } = this.#subject;
    const timeoutMs = Math.min(stepMs, leftMs);
    using _listening = connection.listen({
      onRateLimit: limit => {
        if (limit.registry === connection.place.host) this.limit = limit;
      },
    });
    const explain = (error: PlimsollError) => explainFailure(error, { step, connection, timeoutMs, limit: this.limit });
    const done = await runStep(step, work, { signal: this.#caller, connection, timeoutMs, explain });
    if (done.result === 'failed' && VITAL.has(step)) this.#broken = step;
    return done;
  }
}

/** Docker Hub counts what visitors pull by network address. */
function warnVisitors(outcome: Outcome, connection: Connection): Outcome {
  if (outcome.result !== 'ok' || connection.options.credentials.kind !== 'none') return outcome;
  return warning(
    `${outcome.detail}; all visitors of one network address share one small allowance of pulls`,
    'Add a Docker ID and an access token: pulls are then counted for the account, which may pull more',
  );
}
