/** Security > Packages: search one, and see which images have it. */
import { PageSection, ToolbarItem } from '@patternfly/react-core';
import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { api, bodyOf } from '../api/client.ts';
import type { Package } from '../api/model.ts';
import type { paths } from '../api/schema.d.ts';
import { severityCounts, totalOf } from '../display/counts.ts';
import { formatCount, formatThings } from '../display/format-number.ts';
import { SeverityCounts } from '../display/severity.tsx';
import { Empty } from '../feedback/answer.tsx';
import { useNamespaceView } from '../shell/namespace.ts';
import { NamespaceLabel } from '../shell/namespace-label.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { type Column, DataTable } from '../table/data-table.tsx';
import { FilterSelect } from '../table/filter-select.tsx';
import { FilterSwitch, isOn } from '../table/filter-switch.tsx';
import { SearchBox } from '../table/search-box.tsx';
import { useListView } from '../table/use-list-view.ts';

type PackagesQuery = NonNullable<paths['/api/v1/packages']['get']['parameters']['query']>;
const FILTERS = ['vulnerable', 'type'];
const TYPES = ['apk', 'deb', 'rpm', 'npm', 'pypi', 'maven', 'golang', 'gem', 'cargo', 'composer', 'nuget'].map(
  value => ({ value, label: value }),
);

const COLUMNS: readonly Column<Package>[] = [
  {
    title: 'Package',
    width: 35,
    render: ({ name, type, arch, distro }) => (
      <div className="plimsoll-name">
        {name}
        <div className="plimsoll-quiet">{[type, arch, distro].filter(one => one !== null).join(' · ')}</div>
      </div>
    ),
  },
  { title: 'Version', width: 15, render: ({ version }) => <span className="plimsoll-name">{version}</span> },
  {
    title: 'Findings',
    width: 30,
    render: ({ name, counts, isUndetermined }) =>
      totalOf(counts) === 0 && isUndetermined ? (
        <span className="plimsoll-quiet">Undetermined</span>
      ) : (
        <SeverityCounts counts={severityCounts(counts)} what={`Findings of ${name}`} />
      ),
  },
  {
    title: 'Images',
    render: ({ name, version, images }) => (
      <Link
        to={`/images?${new URLSearchParams({ package: name, version }).toString()}`}
        aria-label={`${formatThings(images, 'image that has', 'images that have')} ${name} ${version}`}
      >
        <span className="plimsoll-numbers">{formatCount(images)}</span>
      </Link>
    ),
  },
];

export function PackagesPage() {
  const view = useListView({ filters: FILTERS });
  const { namespace, where } = useNamespaceView();
  const type = view.filters['type']?.[0];
  const packages = useQuery(
    packagesQuery({
      ...(namespace === undefined ? {} : { namespace }),
      ...(view.search === '' ? {} : { q: view.search }),
      ...(type === undefined ? {} : { type }),
      ...(isOn(view, 'vulnerable') ? { vulnerable: 'true' } : {}),
      ...(view.cursor === undefined ? {} : { cursor: view.cursor }),
    }),
  );
  return (
    <>
      <PageHeader title="Packages" labels={<NamespaceLabel />}>
        What is installed in images, each name and version once.
      </PageHeader>
      <PageSection>
        <DataTable
          what="packages"
          query={packages}
          view={view}
          columns={COLUMNS}
          keyOf={({ purl, distro, arch }) => `${purl} ${distro} ${arch}`}
          toolbar={
            <>
              <ToolbarItem className="plimsoll-search">
                <SearchBox view={view} label="Search packages" />
              </ToolbarItem>
              <ToolbarItem>
                <FilterSelect view={view} name="type" label="Type" options={TYPES} />
              </ToolbarItem>
              <ToolbarItem alignSelf="center">
                <FilterSwitch view={view} name="vulnerable" label="Only vulnerable" />
              </ToolbarItem>
            </>
          }
          empty={<Empty title="No package matches">In no image{where} that was scanned, and that you may see.</Empty>}
        />
      </PageSection>
    </>
  );
}

function packagesQuery(query: PackagesQuery) {
  return queryOptions({
    queryKey: ['images', 'all-packages', query],
    queryFn: async ({ signal }) => await bodyOf(api.GET('/api/v1/packages', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  });
}
