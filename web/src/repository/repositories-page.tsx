/** Security > Repositories: those of all registries, with what is wrong in each. */
import { PageSection, ToolbarItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { PlacedRepository } from '../api/model.ts';
import { repositoryPath } from '../display/addresses.ts';
import { formatCount } from '../display/format-number.ts';
import { Time } from '../display/time.tsx';
import { Empty } from '../feedback/answer.tsx';
import { registriesQuery } from '../registry/registry-queries.ts';
import { VulnerableImages } from '../registry/totals.tsx';
import { useNamespaceView } from '../shell/namespace.ts';
import { NamespaceLabel } from '../shell/namespace-label.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { type Column, DataTable } from '../table/data-table.tsx';
import { FilterSelect } from '../table/filter-select.tsx';
import { SearchBox } from '../table/search-box.tsx';
import { useListView } from '../table/use-list-view.ts';
import { repositoriesQuery } from './repository-queries.ts';

const FILTERS = ['registry'];

const COLUMNS: readonly Column<PlacedRepository>[] = [
  {
    title: 'Repository',
    width: 35,
    render: ({ registryId, name, registryName, host }) => (
      <div className="plimsoll-name">
        <Link to={repositoryPath(registryId, name)}>{name}</Link>
        <div className="plimsoll-quiet">
          {registryName} · {host}
        </div>
      </div>
    ),
  },
  { title: 'Tags', render: ({ totals }) => <span className="plimsoll-numbers">{formatCount(totals.tags)}</span> },
  { title: 'Images', render: ({ totals }) => <span className="plimsoll-numbers">{formatCount(totals.images)}</span> },
  { title: 'Vulnerable images', width: 30, render: ({ totals }) => <VulnerableImages totals={totals} /> },
  { title: 'Last scan', render: ({ totals }) => <Time at={totals.lastScannedAt} isRelative missing="Never" /> },
];

export function RepositoriesPage() {
  const view = useListView({ filters: FILTERS });
  const { namespace, where } = useNamespaceView();
  const registry = view.filters['registry']?.[0];
  const repositories = useQuery(repositoriesQuery({ search: view.search, namespace, registry, cursor: view.cursor }));
  const registries = useQuery(registriesQuery({ namespace }));
  const isNarrowed = view.search !== '' || registry !== undefined;
  return (
    <>
      <PageHeader title="Repositories" labels={<NamespaceLabel />}>
        Open one to see its tags, and the security of what each names.
      </PageHeader>
      <PageSection>
        <DataTable
          what="repositories"
          query={repositories}
          view={view}
          columns={COLUMNS}
          keyOf={({ registryId, name }) => `${registryId} ${name}`}
          toolbar={
            <>
              <ToolbarItem className="plimsoll-search">
                <SearchBox view={view} label="Search repositories" />
              </ToolbarItem>
              <ToolbarItem>
                <FilterSelect
                  view={view}
                  name="registry"
                  label="Registry"
                  options={(registries.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name }))}
                />
              </ToolbarItem>
            </>
          }
          empty={
            isNarrowed ? (
              <Empty title="No repository matches">Change the search or the filter.</Empty>
            ) : (
              <Empty
                title={`No repository is known${where} yet`}
                action={<Link to="/registries">To the registries</Link>}
              >
                Connect a registry, and scan it: its repositories appear here.
              </Empty>
            )
          }
        />
      </PageSection>
    </>
  );
}
