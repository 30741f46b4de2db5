/** A project: what is missing, its images, what was asked for, its settings. Each tab has an address. */
import { PageSection, Tab, Tabs, TabTitleText } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { useNavigate, useParams } from 'react-router';
import type { Project } from '../api/model.ts';
import { Loading } from '../feedback/answer.tsx';
import { NotFound } from '../feedback/not-found.tsx';
import { PageAnswer } from '../feedback/page-answer.tsx';
import { useRole } from '../session/session.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { ImagesTab } from './images-tab.tsx';
import { ProjectOverview } from './project-overview.tsx';
import { projectQuery } from './project-queries.ts';
import { RequestsTab } from './requests-tab.tsx';
import { ProjectLabel } from './state-labels.tsx';

const BuildsTab = lazy(async () => ({ default: (await import('../build/builds-tab.tsx')).BuildsTab }));
// The form is large, and few open it.
const ProjectSettings = lazy(async () => ({ default: (await import('./project-settings.tsx')).ProjectSettings }));

/** A tab is a row here, a title and a case below. */
const TABS = ['overview', 'images', 'builds', 'requests', 'settings'] as const;
const TITLES: Readonly<Record<(typeof TABS)[number], string>> = {
  overview: 'Overview',
  images: 'Images',
  builds: 'Builds',
  requests: 'Requests',
  settings: 'Settings',
};

export function ProjectPage() {
  const { projectId = '' } = useParams();
  const project = useQuery(projectQuery(projectId));
  return (
    <PageAnswer of={project} what="the project">
      {found => <Shown project={found} />}
    </PageAnswer>
  );
}

function Shown({ project }: { readonly project: Project }) {
  const { tab: wanted = 'overview' } = useParams();
  const navigate = useNavigate();
  const mayChange = useRole('operator', project.namespaceId);
  const tabs = TABS.filter(tab => tab !== 'settings' || mayChange);
  const tab = tabs.find(known => known === wanted);
  if (tab === undefined) return <NotFound />;
  return (
    <>
      <PageHeader
        title={project.name}
        crumbs={[{ title: 'Projects', to: '/projects' }]}
        labels={<ProjectLabel project={project} />}
      >
        <span className="plimsoll-name">{project.pid}</span>
      </PageHeader>
      <PageSection type="tabs">
        <Tabs
          activeKey={tab}
          usePageInsets
          aria-label="About the project"
          onSelect={(_, key) => void navigate(`/projects/${project.id}${key === 'overview' ? '' : `/${key}`}`)}
        >
          {tabs.map(key => (
            <Tab
              key={key}
              eventKey={key}
              title={<TabTitleText>{TITLES[key]}</TabTitleText>}
              tabContentId="project-tab"
            />
          ))}
        </Tabs>
      </PageSection>
      <PageSection id="project-tab" role="tabpanel" aria-label={TITLES[tab]}>
        <Suspense fallback={<Loading what={TITLES[tab]} />}>
          <TabContent tab={tab} project={project} />
        </Suspense>
      </PageSection>
    </>
  );
}

function TabContent({ tab, project }: { readonly tab: (typeof TABS)[number]; readonly project: Project }) {
  switch (tab) {
    case 'overview':
      return <ProjectOverview project={project} />;
    case 'images':
      return <ImagesTab project={project} />;
    case 'builds':
      return <BuildsTab project={project} />;
    case 'requests':
      return <RequestsTab project={project} />;
    case 'settings':
      return <ProjectSettings project={project} />;
    default:
      return tab satisfies never;
  }
}
