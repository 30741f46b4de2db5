/** Short messages about what was just done; they leave by themselves, failures stay. */
import { Alert, AlertActionCloseButton, AlertGroup } from '@patternfly/react-core';
import { createContext, type ReactNode, use, useCallback, useMemo, useState } from 'react';
import { ApiProblem } from '../api/client.ts';
import { sentenceOf } from './answer.tsx';

interface Toast {
  readonly id: number;
  readonly variant: 'success' | 'danger' | 'info';
  readonly title: string;
  readonly detail?: string | undefined;
}

/** Says something to whoever uses this window. */
export interface Toaster {
  say(title: string): void;
  /** That something failed, and why. */
  fail(title: string, error: unknown): void;
}

const MAX_SHOWN = 4;
const SHOWN_MS = 6000;
const ToastContext = createContext<Toaster>({ say() {}, fail() {} });

export function useToasts(): Toaster {
  return use(ToastContext);
}

export function ToastProvider({ children }: { readonly children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const add = useCallback((toast: Omit<Toast, 'id'>) => {
    setToasts(shown => [...shown, { ...toast, id: (shown.at(-1)?.id ?? 0) + 1 }].slice(-MAX_SHOWN));
  }, []);
  const remove = useCallback((id: number) => setToasts(shown => shown.filter(toast => toast.id !== id)), []);
  const toaster = useMemo<Toaster>(
    () => ({
      say: title => add({ variant: 'success', title }),
      fail: (title, error) => {
        const requestId = error instanceof ApiProblem ? error.requestId : undefined;
        const detail = `${sentenceOf(error)}${requestId === undefined ? '' : ` (request ${requestId})`}`;
        add({ variant: 'danger', title, detail });
      },
    }),
    [add],
  );
  return (
    <ToastContext value={toaster}>
      {children}
      <AlertGroup isToast isLiveRegion>
        {toasts.map(({ id, variant, title, detail }) => (
          <Alert
            key={id}
            variant={variant}
            title={title}
            // No heading: a message that comes and goes is no part of the page's outline.
            component="p"
            timeout={variant === 'danger' ? false : SHOWN_MS}
            onTimeout={() => remove(id)}
            actionClose={<AlertActionCloseButton title={title} onClose={() => remove(id)} />}
          >
            {detail}
          </Alert>
        ))}
      </AlertGroup>
    </ToastContext>
  );
}
