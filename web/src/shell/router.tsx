/** From addresses to pages. */
import { createBrowserRouter, Navigate, type RouteObject } from 'react-router';
import { PageError } from '../feedback/error-boundary.tsx';
import { NotFound } from '../feedback/not-found.tsx';
import { Layout } from './layout.tsx';
import { PAGES } from './pages.ts';
import { SignedIn } from './signed-in.tsx';

/** Where one lands. */
const HOME = '/overview';

/** While the first page is on its way. */
const SPLASH = <div className="plimsoll-splash" />;

const pages: RouteObject[] = PAGES.map(({ path, load }) => ({
  path,
  lazy: async () => ({ Component: await load() }),
  errorElement: <PageError />,
}));

/** Makes the router of this window. */
export function createRouter() {
  return createBrowserRouter([
    {
      path: '/sign-in',
      lazy: async () => ({ Component: (await import('../session/sign-in-page.tsx')).SignInPage }),
      hydrateFallbackElement: SPLASH,
      errorElement: <PageError />,
    },
    {
      path: '/setup',
      lazy: async () => ({ Component: (await import('../session/setup-page.tsx')).SetupPage }),
      hydrateFallbackElement: SPLASH,
      errorElement: <PageError />,
    },
    {
      path: '/',
      element: <SignedIn />,
      hydrateFallbackElement: SPLASH,
      errorElement: <PageError />,
      children: [
        {
          element: <Layout />,
          children: [
            { index: true, element: <Navigate to={HOME} replace /> },
            ...pages,
            { path: '*', element: <NotFound /> },
          ],
        },
      ],
    },
  ]);
}
