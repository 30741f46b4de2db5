/** Certification > Projects: what is to be published, and how far it is. */
import { Button, PageSection, ToolbarItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import type { Project } from '../api/model.ts';
import { Time } from '../display/time.tsx';
import { Empty } from '../feedback/answer.tsx';
import { useRole } from '../session/session.tsx';
import { useNamespaces, useNamespaceView } from '../shell/namespace.ts';
import { NamespaceLabel } from '../shell/namespace-label.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { type Column, DataTable } from '../table/data-table.tsx';
import { FilterSelect } from '../table/filter-select.tsx';
import { SearchBox } from '../table/search-box.tsx';
import { useListView } from '../table/use-list-view.ts';
import { NewProjectDialog } from './new-project-dialog.tsx';
import { projectsQuery } from './project-queries.ts';
import { ProjectLabel } from './state-labels.tsx';

const FILTERS = ['status'] as const;
const STATUSES = [
  { value: 'active', label: 'Active' },
  { value: 'archived', label: 'Archived' },
] as const;

export function ProjectsPage() {
  const view = useListView({ filters: FILTERS });
  const { all } = useNamespaces();
  const { namespace, where } = useNamespaceView();
  const status = STATUSES.find(({ value }) => value === view.filters['status']?.[0])?.value;
  const projects = useQuery(
    projectsQuery({
      ...(view.cursor === undefined ? {} : { cursor: view.cursor }),
      ...(view.search === '' ? {} : { q: view.search }),
      ...(status === undefined ? {} : { status }),
      ...(namespace === undefined ? {} : { namespaceId: namespace }),
    }),
  );
  const navigate = useNavigate();
  const mayAdd = useRole('operator', 'anywhere');
  const [isMaking, setMaking] = useState(false);
  const add = (
    <Button variant="primary" onClick={() => setMaking(true)}>
      New project
    </Button>
  );
  const isFiltered = view.search !== '' || status !== undefined;
  const columns: readonly Column<Project>[] = [
    {
      title: 'Name',
      width: 30,
      render: ({ id, name, pid }) => (
        <div className="plimsoll-name">
          <Link to={`/projects/${id}`}>{name}</Link>
          <div className="plimsoll-quiet">{pid}</div>
        </div>
      ),
    },
    { title: 'Status', render: project => <ProjectLabel project={project} /> },
    {
      title: 'Catalogued at',
      width: 30,
      render: ({ registry, repository, isHosted }) =>
        registry === null ? (
          <span className="plimsoll-quiet">{isHosted ? 'In this server’s registry' : 'Not said yet'}</span>
        ) : (
          <span className="plimsoll-name">
            {registry}/{repository ?? ''}
          </span>
        ),
    },
    ...(all.length > 1
      ? [
          {
            title: 'Namespace',
            render: ({ namespaceId }: Project) => all.find(({ id }) => id === namespaceId)?.displayName ?? '–',
          },
        ]
      : []),
    { title: 'Changed', render: ({ updatedAt }) => <Time at={updatedAt} isRelative /> },
  ];
  return (
    <>
      <PageHeader title="Projects" labels={<NamespaceLabel />} actions={mayAdd ? add : undefined}>
        A project stands for one image repository that is checked, graded and published.
      </PageHeader>
      <PageSection>
        <DataTable
          what="projects"
          query={projects}
          view={view}
          columns={columns}
          keyOf={({ id }) => id}
          toolbar={
            <>
              <ToolbarItem>
                <SearchBox view={view} label="Search projects" />
              </ToolbarItem>
              <ToolbarItem>
                <FilterSelect view={view} name="status" label="Any status" options={STATUSES} />
              </ToolbarItem>
            </>
          }
          empty={
            isFiltered ? (
              <Empty title="No project is like that">Look for less, or for another status.</Empty>
            ) : (
              <Empty title={`There is no project${where}`} action={mayAdd ? add : undefined}>
                {mayAdd
                  ? 'Make one for the image that you want to publish: Plimsoll checks it, grades it, and says what is missing.'
                  : 'Whoever operates a namespace can make one.'}
              </Empty>
            )
          }
        />
      </PageSection>
      {isMaking && (
        <NewProjectDialog
          onClose={() => setMaking(false)}
          onMade={({ id }) => void navigate(`/projects/${id}`)}
          namespaceId={namespace}
        />
      )}
    </>
  );
}
