/** What a whole page is about: like `Answer`, in the frame of a page, and what is not there is a page that says so. */
import { PageSection } from '@patternfly/react-core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ApiProblem } from '../api/client.ts';
import { Failure, Loading } from './answer.tsx';
import { NotFound } from './not-found.tsx';

export function PageAnswer<T>({
  of: query,
  what,
  children,
}: {
  readonly of: UseQueryResult<T>;
  /** `the registry`. */
  readonly what: string;
  readonly children: (data: T) => ReactNode;
}) {
  const isMissing = query.error instanceof ApiProblem && (query.error.status === 404 || query.error.status === 400);
  if (isMissing) return <NotFound what={what.replace(/^the /, '')} />;
  if (query.data !== undefined) return children(query.data);
  return (
    <PageSection>
      {query.isError ? (
        <Failure error={query.error} what={what} onRetry={() => void query.refetch()} />
      ) : (
        <Loading what={what} />
      )}
    </PageSection>
  );
}
