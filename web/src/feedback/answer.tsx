/** The four states of whatever is asked of the server, in this order: loading, failed, empty, data. */
import {
  Button,
  Content,
  EmptyState,
  EmptyStateActions,
  EmptyStateBody,
  EmptyStateFooter,
  Skeleton,
  Stack,
  StackItem,
} from '@patternfly/react-core';
import { ExclamationCircleIcon } from '@patternfly/react-icons/dist/esm/icons/exclamation-circle-icon';
import { PlusCircleIcon } from '@patternfly/react-icons/dist/esm/icons/plus-circle-icon';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ComponentType, ReactNode } from 'react';
import { ApiProblem } from '../api/client.ts';

/** What is being loaded, for screen readers: `registries`. */
interface Named {
  readonly what: string;
}

/** Shows the answer of a query: `<Answer of={registries} what="registries">{data => …}</Answer>`. What was shown stays while it is asked anew. */
export function Answer<T>({
  of: query,
  what,
  loading,
  isEmpty,
  empty,
  children,
}: Named & {
  readonly of: UseQueryResult<T>;
  /** In place of the skeleton. */
  readonly loading?: ReactNode;
  readonly isEmpty?: (data: T) => boolean;
  readonly empty?: ReactNode;
  readonly children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) return isEmpty?.(query.data) === true ? empty : children(query.data);
  if (query.isError) return <Failure error={query.error} what={what} onRetry={() => void query.refetch()} />;
  return loading ?? <Loading what={what} />;
}

/** Grey lines while something loads. */
export function Loading({ what, lines = 5 }: Named & { readonly lines?: number }) {
  return (
    <Stack hasGutter>
      {Array.from({ length: lines }, (_, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike
        <StackItem key={line}>
          <Skeleton
            {...(line === 0 ? { screenreaderText: `Loading ${what}` } : { 'aria-hidden': true })}
            height="2rem"
          />
        </StackItem>
      ))}
    </Stack>
  );
}

/** What failed, in the words of the server, with a way to try again. */
export function Failure({ error, what, onRetry }: Named & { readonly error: unknown; readonly onRetry?: () => void }) {
  const requestId = error instanceof ApiProblem ? error.requestId : undefined;
  return (
    <EmptyState
      status="danger"
      icon={ExclamationCircleIcon}
      titleText={`Could not load ${what}`}
      headingLevel="h2"
      variant="sm"
    >
      <EmptyStateBody>
        {sentenceOf(error)}
        {requestId !== undefined && (
          <Content component="small">
            Request <code>{requestId}</code>
          </Content>
        )}
      </EmptyStateBody>
      {onRetry !== undefined && (
        <EmptyStateFooter>
          <EmptyStateActions>
            <Button variant="primary" onClick={onRetry}>
              Try again
            </Button>
          </EmptyStateActions>
        </EmptyStateFooter>
      )}
    </EmptyState>
  );
}

/** Nothing there: says why that is so, and what to do next. */
export function Empty({
  title,
  children,
  action,
  icon = PlusCircleIcon,
}: {
  readonly title: string;
  readonly children?: ReactNode;
  readonly action?: ReactNode;
  readonly icon?: ComponentType;
}) {
  return (
    <EmptyState icon={icon} titleText={title} headingLevel="h2" variant="sm">
      {children !== undefined && <EmptyStateBody>{children}</EmptyStateBody>}
      {action !== undefined && (
        <EmptyStateFooter>
          <EmptyStateActions>{action}</EmptyStateActions>
        </EmptyStateFooter>
      )}
    </EmptyState>
  );
}

/** An error as one sentence. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error && error.message !== '' ? error.message : 'Something failed that should not';
}
