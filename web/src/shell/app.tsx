/** What all pages share, from the outside in. */
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from 'react-router/dom';
import { createQueryClient } from '../api/query-client.ts';
import { ConfirmProvider } from '../feedback/confirm.tsx';
import { ToastProvider } from '../feedback/toasts.tsx';
import { createRouter } from './router.tsx';

const client = createQueryClient();
const router = createRouter();

export function App() {
  return (
    <QueryClientProvider client={client}>
      <ToastProvider>
        <ConfirmProvider>
          <RouterProvider router={router} />
        </ConfirmProvider>
      </ToastProvider>
    </QueryClientProvider>
  );
}
