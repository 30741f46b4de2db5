/** For addresses that lead nowhere. */
import { EmptyState, EmptyStateBody, EmptyStateFooter, PageSection } from '@patternfly/react-core';
import { SearchIcon } from '@patternfly/react-icons/dist/esm/icons/search-icon';
import { Link } from 'react-router';

export function NotFound({ what = 'page' }: { readonly what?: string }) {
  return (
    <PageSection>
      <title>Not found · Plimsoll</title>
      <EmptyState icon={SearchIcon} headingLevel="h1" titleText={`There is no such ${what}`}>
        <EmptyStateBody>The address is wrong, the {what} was removed, or you may not see it.</EmptyStateBody>
        <EmptyStateFooter>
          <Link to="/">Go to the overview</Link>
        </EmptyStateFooter>
      </EmptyState>
    </PageSection>
  );
}
