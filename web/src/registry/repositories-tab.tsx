/** The repositories of a registry that are known, by name. */
import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { api, bodyOf } from '../api/client.ts';
import type { Registry, Repository } from '../api/model.ts';
import { repositoryPath } from '../display/addresses.ts';
import { formatCount } from '../display/format-number.ts';
import { Time } from '../display/time.tsx';
import { Empty } from '../feedback/answer.tsx';
import { type Column, DataTable } from '../table/data-table.tsx';
import { useListView } from '../table/use-list-view.ts';
import { VulnerableImages } from './totals.tsx';

const COLUMNS: readonly Column<Repository>[] = [
  {
    title: 'Name',
    width: 35,
    render: ({ registryId, name }) => (
      <Link to={repositoryPath(registryId, name)} className="plimsoll-name">
        {name}
      </Link>
    ),
  },
  { title: 'Tags', render: ({ totals }) => <span className="plimsoll-numbers">{formatCount(totals.tags)}</span> },
  { title: 'Images', render: ({ totals }) => <span className="plimsoll-numbers">{formatCount(totals.images)}</span> },
  { title: 'Vulnerable images', width: 30, render: ({ totals }) => <VulnerableImages totals={totals} /> },
  { title: 'Last scan', render: ({ totals }) => <Time at={totals.lastScannedAt} isRelative missing="Never" /> },
];

export function RepositoriesTab({ registry }: { readonly registry: Registry }) {
  const view = useListView();
  const repositories = useQuery(repositoriesQuery(registry.id, view.cursor));
  return (
    <DataTable
      what="repositories"
      query={repositories}
      view={view}
      columns={COLUMNS}
      keyOf={({ name }) => name}
      empty={<Empty title="No repository is known yet">They are listed by the first run of a scan job.</Empty>}
    />
  );
}

function repositoriesQuery(registryId: string, cursor: string | undefined) {
  return queryOptions({
    queryKey: ['repositories', 'list', registryId, { cursor }],
    queryFn: async ({ signal }) => {
      const params = { path: { registryId }, query: cursor === undefined ? {} : { cursor } };
      return await bodyOf(api.GET('/api/v1/registries/{registryId}/repositories', { params, signal }));
    },
    placeholderData: keepPreviousData,
  });
}
