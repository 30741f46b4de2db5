/** Pages that everybody may see: inside the usual frame for who has signed in, in a frame of their own for all others. */
import {
  Masthead,
  MastheadBrand,
  MastheadContent,
  MastheadLogo,
  MastheadMain,
  Page,
  SkipToContent,
  Toolbar,
  ToolbarContent,
  ToolbarGroup,
  ToolbarItem,
} from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { Suspense } from 'react';
import { Link, Outlet, ScrollRestoration, useLocation } from 'react-router';
import { Loading } from '../feedback/answer.tsx';
import { LiveUpdates } from '../live/live-updates.tsx';
import { SessionProvider } from '../session/session.tsx';
import { sessionQuery } from '../session/session-queries.ts';
import { Layout } from './layout.tsx';
import { LoadLine } from './load-line.tsx';
import { ThemeSwitch } from './theme-switch.tsx';

const MAIN = 'plimsoll-main';

export function Visitor() {
  const session = useQuery(sessionQuery);
  if (session.data) {
    return (
      <SessionProvider value={session.data}>
        <LiveUpdates>
          <Layout />
        </LiveUpdates>
      </SessionProvider>
    );
  }
  // Until it is known who looks, and when nobody has signed in: what is public waits for neither.
  return <PublicFrame isKnown={session.data === null || session.isError} />;
}

function PublicFrame({ isKnown }: { readonly isKnown: boolean }) {
  const { pathname, search } = useLocation();
  const returnTo = new URLSearchParams({ returnTo: `${pathname}${search}` });
  return (
    <Page
      masthead={
        <Masthead>
          <MastheadMain>
            <MastheadBrand>
              <MastheadLogo
                component={props => <Link {...props} to="/catalogue" />}
                aria-label="Plimsoll, to the catalogue"
              >
                <LoadLine />
                <span className="plimsoll-brand">Plimsoll</span>
              </MastheadLogo>
            </MastheadBrand>
          </MastheadMain>
          <MastheadContent>
            <Toolbar isStatic>
              <ToolbarContent>
                <ToolbarGroup align={{ default: 'alignEnd' }} variant="action-group-plain">
                  <ToolbarItem>
                    <ThemeSwitch />
                  </ToolbarItem>
                  <ToolbarItem>{isKnown && <Link to={`/sign-in?${returnTo}`}>Sign in</Link>}</ToolbarItem>
                </ToolbarGroup>
              </ToolbarContent>
            </Toolbar>
          </MastheadContent>
        </Masthead>
      }
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
