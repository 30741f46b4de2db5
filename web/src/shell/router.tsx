/** From addresses to pages. */
import { createBrowserRouter, Navigate, type RouteObject } from 'react-router';
import { PageError } from '../feedback/error-boundary.tsx';
import { NotFound } from '../feedback/not-found.tsx';
import { Layout } from './layout.tsx';
import { PAGES } from './pages.ts';
import { SignedIn } from './signed-in.tsx';

/** Where one lands; the overview, once there is one. */
const HOME = '/registries';

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
      errorElement: <PageError />,
    },
    {
      path: '/setup',
      lazy: async () => ({ Component: (await import('../session/setup-page.tsx')).SetupPage }),
      errorElement: <PageError />,
    },
    {
      path: '/',
      element: <SignedIn />,
      hydrateFallbackElement: <div className="plimsoll-splash" />,
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
