/** Changes at the server: they say what came of them, and what has grown stale by them. */
import { type UseMutationResult, useMutation, useQueryClient } from '@tanstack/react-query';
import { useToasts } from './toasts.tsx';

interface ChangeOptions<I, O> {
  readonly call: (input: I) => Promise<O>;
  /** First words of query keys, as in `live/event-kinds.ts`. */
  readonly stale: readonly string[];
  /** Said when it is done; missing: nothing is said. */
  readonly done?: string | ((output: O, input: I) => string);
  /** Said before the reason when it failed; `false` where the form shows that itself. */
  readonly failed: string | false;
  readonly onDone?: (output: O, input: I) => void;
}

/** `change.mutate(input)` makes the change; `change.isPending`, `change.error` tell how it is. */
export function useChange<I, O>({
  call,
  stale,
  done,
  failed,
  onDone,
}: ChangeOptions<I, O>): UseMutationResult<O, Error, I> {
  const client = useQueryClient();
  const toasts = useToasts();
  return useMutation<O, Error, I>({
    mutationFn: call,
    onSuccess: async (output, input) => {
      if (done !== undefined) toasts.say(typeof done === 'string' ? done : done(output, input));
      onDone?.(output, input);
      await Promise.all(stale.map(key => client.invalidateQueries({ queryKey: [key] })));
    },
    onError: error => {
      if (failed !== false) toasts.fail(failed, error);
    },
  });
}
