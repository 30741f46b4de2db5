/** Settings of the server and its namespaces; each tab has an address, and is there for who may use it. */
import { PageSection, Tab, Tabs, TabTitleText } from '@patternfly/react-core';
import { type ComponentType, lazy, Suspense } from 'react';
import { useNavigate, useParams } from 'react-router';
import type { Role } from '../api/model.ts';
import { Loading } from '../feedback/answer.tsx';
import { NotFound } from '../feedback/not-found.tsx';
import { hasRole, useSession } from '../session/session.tsx';
import { PageHeader } from '../shell/page-header.tsx';

interface SettingsTab {
  readonly key: string;
  readonly title: string;
  /** Who may use it. */
  readonly role: Role;
  readonly place: 'server' | 'anywhere';
  readonly Content: ComponentType;
}

const TABS: readonly SettingsTab[] = [
  {
    key: 'database',
    title: 'Vulnerability database',
    // Whoever reads a report may ask how old its advisories are.
    role: 'viewer',
    place: 'anywhere',
    Content: lazy(async () => ({ default: (await import('./database.tsx')).Database })),
  },
  {
    key: 'namespaces',
    title: 'Namespaces',
    role: 'admin',
    place: 'anywhere',
    Content: lazy(async () => ({ default: (await import('./namespaces.tsx')).Namespaces })),
  },
  {
    key: 'accounts',
    title: 'Accounts',
    role: 'admin',
    place: 'server',
    Content: lazy(async () => ({ default: (await import('./accounts.tsx')).Accounts })),
  },
  {
    key: 'keys',
    title: 'API keys',
    role: 'admin',
    place: 'server',
    Content: lazy(async () => {
      const { ApiKeys } = await import('./api-keys.tsx');
      return { default: () => <ApiKeys account="all" /> };
    }),
  },
  {
    key: 'sign-in',
    title: 'Sign-in',
    role: 'admin',
    place: 'server',
    Content: lazy(async () => ({ default: (await import('./oidc.tsx')).Oidc })),
  },
  {
    key: 'webhooks',
    title: 'Webhooks',
    role: 'admin',
    place: 'anywhere',
    Content: lazy(async () => ({ default: (await import('./webhooks.tsx')).Webhooks })),
  },
  {
    key: 'audit',
    title: 'Audit log',
    role: 'admin',
    place: 'anywhere',
    Content: lazy(async () => ({ default: (await import('./audit-log.tsx')).AuditLog })),
  },
];

export function SettingsPage() {
  const { tab: wanted } = useParams();
  const session = useSession();
  const navigate = useNavigate();
  const tabs = TABS.filter(({ role, place }) => hasRole(session, role, place));
  const tab = wanted === undefined ? tabs[0] : tabs.find(({ key }) => key === wanted);
  if (tab === undefined) return <NotFound />;
  const { Content } = tab;
  return (
    <>
      <PageHeader title="Settings" />
      <PageSection type="tabs">
        <Tabs
          activeKey={tab.key}
          usePageInsets
          aria-label="Settings"
          onSelect={(_, key) => void navigate(`/settings/${key}`)}
        >
          {tabs.map(({ key, title }) => (
            <Tab key={key} eventKey={key} title={<TabTitleText>{title}</TabTitleText>} tabContentId="settings-tab" />
          ))}
        </Tabs>
      </PageSection>
      <PageSection id="settings-tab" role="tabpanel" aria-label={tab.title}>
        <title>{`${tab.title} · Settings · Plimsoll`}</title>
        <Suspense fallback={<Loading what={tab.title} />}>
          <Content />
        </Suspense>
      </PageSection>
    </>
  );
}
