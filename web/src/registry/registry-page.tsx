/** A registry: what is wrong in it, its repositories, its scan jobs, its connection and settings. Each tab has an address. */
import { PageSection, Tab, Tabs, TabTitleText } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { useNavigate, useParams } from 'react-router';
import type { Registry } from '../api/model.ts';
import { Loading } from '../feedback/answer.tsx';
import { NotFound } from '../feedback/not-found.tsx';
import { PageAnswer } from '../feedback/page-answer.tsx';
import { JobsTable } from '../job/jobs-table.tsx';
import { RunsTable } from '../run/runs-table.tsx';
import { useRole } from '../session/session.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { ConnectionTab } from './connection-tab.tsx';
import { HealthLabel } from './health-label.tsx';
import { isHosted } from './product-label.ts';
import { RegistryOverview } from './registry-overview.tsx';
import { registryQuery } from './registry-queries.ts';
import { RepositoriesTab } from './repositories-tab.tsx';

// The form is large, and few open it.
const RegistrySettings = lazy(async () => ({ default: (await import('./registry-settings.tsx')).RegistrySettings }));

const TABS = ['overview', 'repositories', 'jobs', 'runs', 'connection', 'settings'] as const;
const TITLES: Readonly<Record<(typeof TABS)[number], string>> = {
  overview: 'Overview',
  repositories: 'Repositories',
  jobs: 'Jobs',
  runs: 'Runs',
  connection: 'Connection',
  settings: 'Settings',
};

export function RegistryPage() {
  const { registryId = '' } = useParams();
  const registry = useQuery(registryQuery(registryId));
  return (
    <PageAnswer of={registry} what="the registry">
      {found => <Shown registry={found} />}
    </PageAnswer>
  );
}

function Shown({ registry }: { readonly registry: Registry }) {
  const { tab: wanted = 'overview' } = useParams();
  const navigate = useNavigate();
  const mayChange = useRole('admin', registry.namespaceId);
  // Nothing is connected to within this server, and no job reads what is scanned as it is pushed.
  const tabs = isHosted(registry)
    ? (['overview', 'repositories'] as const)
    : TABS.filter(tab => tab !== 'settings' || mayChange);
  const tab = tabs.find(known => known === wanted);
  if (tab === undefined) return <NotFound />;
  return (
    <>
      <PageHeader
        title={registry.name}
        crumbs={[{ title: 'Registries', to: '/registries' }]}
        labels={
          isHosted(registry) ? undefined : <HealthLabel health={registry.health} detail={registry.healthDetail} />
        }
      >
        <span className="plimsoll-name">{registry.url}</span>
      </PageHeader>
      <PageSection type="tabs">
        <Tabs
          activeKey={tab}
          usePageInsets
          aria-label="About the registry"
          onSelect={(_, key) => void navigate(`/registries/${registry.id}${key === 'overview' ? '' : `/${key}`}`)}
        >
          {tabs.map(key => (
            <Tab
              key={key}
              eventKey={key}
              title={<TabTitleText>{TITLES[key]}</TabTitleText>}
              tabContentId="registry-tab"
            />
          ))}
        </Tabs>
      </PageSection>
      <PageSection id="registry-tab" role="tabpanel" aria-label={TITLES[tab]}>
        <Suspense fallback={<Loading what={TITLES[tab]} />}>
          <TabContent tab={tab} registry={registry} />
        </Suspense>
      </PageSection>
    </>
  );
}

function TabContent({ tab, registry }: { readonly tab: (typeof TABS)[number]; readonly registry: Registry }) {
  switch (tab) {
    case 'overview':
      return <RegistryOverview registry={registry} />;
    case 'repositories':
      return <RepositoriesTab registry={registry} />;
    case 'jobs':
      return <JobsTable registry={registry} />;
    case 'runs':
      return <RunsTable registry={registry.id} />;
    case 'connection':
      return <ConnectionTab registry={registry} />;
    case 'settings':
      return <RegistrySettings registry={registry} />;
    default:
      return tab satisfies never;
  }
}
