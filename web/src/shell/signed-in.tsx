/** Lets pass who has signed in, and sends everybody else to the sign-in, or to the set-up of a new server. */
import { Bullseye, Spinner } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { Navigate, Outlet, useLocation } from 'react-router';
import { Failure } from '../feedback/answer.tsx';
import { LiveUpdates } from '../live/live-updates.tsx';
import { SessionProvider } from '../session/session.tsx';
import { sessionQuery } from '../session/session-queries.ts';
import { setThemeOwner } from './theme.ts';

export function SignedIn() {
  const session = useQuery(sessionQuery);
  const { pathname, search } = useLocation();
  const accountId = session.data?.account.id;
  useEffect(() => {
    if (accountId !== undefined) setThemeOwner(accountId);
  }, [accountId]);
  if (session.data === null) {
    const returnTo = `${pathname}${search}`;
    const query = returnTo === '/' ? '' : `?${new URLSearchParams({ returnTo })}`;
    return <Navigate to={`/sign-in${query}`} replace />;
  }
  // While the server is away, what was known of the session counts.
  if (session.data === undefined) {
    return (
      <Bullseye className="plimsoll-splash">
        {session.isError ? (
          <Failure error={session.error} what="who you are" onRetry={() => void session.refetch()} />
        ) : (
          <Spinner aria-label="Loading" />
        )}
      </Bullseye>
    );
  }
  return (
    <SessionProvider value={session.data}>
      <LiveUpdates>
        <Outlet />
      </LiveUpdates>
    </SessionProvider>
  );
}
