/** From addresses to pages. */
import { createBrowserRouter, Navigate, type RouteObject } from 'react-router';
import { PageError } from '../feedback/error-boundary.tsx';
import { NotFound } from '../feedback/not-found.tsx';
import { Layout } from './layout.tsx';
import { PAGES, type PageEntry } from './pages.ts';
import { SignedIn } from './signed-in.tsx';

/** Where one lands. */
const HOME = '/overview';

/** While the first page is on its way. */
const SPLASH = <div className="plimsoll-splash" />;

function routesOf(pages: readonly PageEntry[]): RouteObject[] {
  return pages.map(({ path, load }) => ({
    path,
    lazy: async () => ({ Component: await load() }),
    errorElement: <PageError />,
  }));
}

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
      lazy: async () => ({ Component: (await import('./visitor.tsx')).Visitor }),
      hydrateFallbackElement: SPLASH,
      errorElement: <PageError />,
      children: routesOf(PAGES.filter(({ isPublic }) => isPublic === true)),
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
            ...routesOf(PAGES.filter(({ isPublic }) => isPublic === undefined)),
            { path: '*', element: <NotFound /> },
          ],
        },
      ],
    },
  ]);
}
