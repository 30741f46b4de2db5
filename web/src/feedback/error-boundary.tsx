/** What people see when a page itself breaks: never a blank window. */
import {
  Button,
  EmptyState,
  EmptyStateActions,
  EmptyStateBody,
  EmptyStateFooter,
  PageSection,
} from '@patternfly/react-core';
import { ExclamationCircleIcon } from '@patternfly/react-icons/dist/esm/icons/exclamation-circle-icon';
import { isRouteErrorResponse, useRouteError } from 'react-router';
import { NotFound } from './not-found.tsx';

/** For `errorElement` of routes. */
export function PageError() {
  const error = useRouteError();
  if (isRouteErrorResponse(error) && error.status === 404) return <NotFound />;
  // A page is a file of its own; after an update of the server the old ones are gone.
  const isOldVersion = error instanceof TypeError && /import|module|fetch/i.test(error.message);
  return (
    <PageSection>
      <EmptyState
        status="danger"
        icon={ExclamationCircleIcon}
        headingLevel="h1"
        titleText={isOldVersion ? 'This page could not be loaded' : 'This page broke'}
      >
        <EmptyStateBody>
          {isOldVersion
            ? 'The server cannot be reached, or has been updated since this window was opened.'
            : `It is our mistake, and nothing was changed: ${error instanceof Error ? error.message : String(error)}`}
        </EmptyStateBody>
        <EmptyStateFooter>
          <EmptyStateActions>
            <Button variant="primary" onClick={() => window.location.reload()}>
              Load again
            </Button>
          </EmptyStateActions>
        </EmptyStateFooter>
      </EmptyState>
    </PageSection>
  );
}
