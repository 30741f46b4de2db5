/**
 * Keeps webhooks going on one server: passes events on as they come, and makes deliveries.
 */
import type { ServerContext } from '#store/context.ts';
import { EVENT_CHANNEL } from '#store/event.ts';
import { type DeliverOptions, deliver, rescueDeliveries } from './deliver.ts';
import { dispatchEvents } from './dispatch-events.ts';

/** Deliveries at a time. */
const CONCURRENCY = 4;
/** Should a notice be lost, events are passed on this late at most. */
const POLL_MS = 10_000;
const RESCUE_MS = 5 * 60_000;

/** Starts it; closing it ends what is under way. `onError` is told of failures that nobody waits for. */
export async function runNotifier(
  context: ServerContext,
  { onError, ...options }: DeliverOptions & { readonly onError: (error: unknown) => void },
): Promise<AsyncDisposable> {
  const stopping = new AbortController();
  let isDispatching = false;
  let isAskedAgain = false;
  let done: Promise<void> = Promise.resolve();
  const dispatch = async () => {
    isDispatching = true;
    try {
      do {
        isAskedAgain = false;
        while (!stopping.signal.aborted && (await dispatchEvents(context)).hasMore);
      } while (isAskedAgain && !stopping.signal.aborted);
    } catch (error) {
      if (!stopping.signal.aborted) onError(error);
    } finally {
      isDispatching = false;
    }
  };
  const wake = () => {
    if (stopping.signal.aborted) return;
    if (isDispatching) isAskedAgain = true;
    else done = dispatch();
  };
  await context.queue.work(
    'webhook-delivery',
    async ({ deliveryId }, { signal }) =>
      await deliver(context, deliveryId, { ...options, signal: AbortSignal.any([signal, stopping.signal]) }),
    CONCURRENCY,
  );
  const listener = await context.store.listen(EVENT_CHANNEL, wake);
  const poll = setInterval(wake, POLL_MS);
  const rescue = setInterval(() => void rescueDeliveries(context).catch(onError), RESCUE_MS);
  wake();
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      clearInterval(poll);
      clearInterval(rescue);
      await listener[Symbol.asyncDispose]();
      await done;
    },
  };
}
