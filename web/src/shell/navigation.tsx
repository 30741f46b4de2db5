/** The navigation at the side: what the account may use, and nothing else. */
import { Nav, NavGroup, NavItem, PageSidebar, PageSidebarBody } from '@patternfly/react-core';
import { Link, useLocation } from 'react-router';
import { hasRole, useSession } from '../session/session.tsx';
import { NAV_GROUPS, PAGES } from './pages.ts';

export function Navigation() {
  const session = useSession();
  const { pathname } = useLocation();
  const entries = PAGES.flatMap(({ path, nav }) =>
    nav !== undefined && (nav.needs === undefined || hasRole(session, nav.needs.role, nav.needs.place))
      ? [{ to: `/${path}`, ...nav }]
      : [],
  );
  return (
    <PageSidebar>
      <PageSidebarBody>
        <Nav aria-label="Pages">
          {NAV_GROUPS.map(group => {
            const own = entries.filter(entry => entry.group === group);
            return own.length === 0 ? null : (
              <NavGroup key={group} title={group}>
                {own.map(({ to, title }) => (
                  <NavItem key={to} isActive={pathname === to || pathname.startsWith(`${to}/`)}>
                    <Link to={to}>{title}</Link>
                  </NavItem>
                ))}
              </NavGroup>
            );
          })}
        </Nav>
      </PageSidebarBody>
    </PageSidebar>
  );
}
