/** The frame around every page: masthead, navigation, and the page. */
import { Page, SkipToContent } from '@patternfly/react-core';
import { Suspense } from 'react';
import { Outlet, ScrollRestoration } from 'react-router';
import { Loading } from '../feedback/answer.tsx';
import { Head } from './masthead.tsx';
import { Navigation } from './navigation.tsx';

const MAIN = 'plimsoll-main';

export function Layout() {
  return (
    <Page
      masthead={<Head />}
      sidebar={<Navigation />}
      isManagedSidebar
      mainContainerId={MAIN}
      mainTabIndex={-1}
      skipToContent={<SkipToContent href={`#${MAIN}`}>Skip to content</SkipToContent>}
    >
      <Suspense fallback={<Loading what="the page" />}>
        <Outlet />
      </Suspense>
      <ScrollRestoration />
    </Page>
  );
}
