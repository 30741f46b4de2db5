/** The catalogue: repositories with something published, for everybody. */
import { PageSection, ToolbarItem } from '@patternfly/react-core';
import { SearchIcon } from '@patternfly/react-icons/dist/esm/icons/search-icon';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { CatalogRepository } from '../api/model.ts';
import { cataloguePath } from '../display/addresses.ts';
import { formatCount } from '../display/format-number.ts';
import { GradeLabel } from '../display/grade.tsx';
import { Time } from '../display/time.tsx';
import { Empty } from '../feedback/answer.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { type Column, DataTable } from '../table/data-table.tsx';
import { SearchBox } from '../table/search-box.tsx';
import { useListView } from '../table/use-list-view.ts';
import { catalogueRepositoriesQuery } from './catalogue-queries.ts';

const COLUMNS: readonly Column<CatalogRepository>[] = [
  {
    title: 'Image',
    width: 45,
    render: ({ registry, repository, project, description }) => (
      <div className="plimsoll-name">
        <Link to={cataloguePath(registry, repository)}>{project}</Link>
        <div className="plimsoll-quiet">
          {registry}/{repository}
        </div>
        {description !== null && <div>{description}</div>}
      </div>
    ),
  },
  { title: 'Health', render: ({ grade }) => <GradeLabel grade={grade} /> },
  { title: 'Architectures', render: ({ architectures }) => architectures.join(', ') },
  { title: 'Images', render: ({ imageCount }) => <span className="plimsoll-numbers">{formatCount(imageCount)}</span> },
  { title: 'Published', render: ({ publishedAt }) => <Time at={publishedAt} isRelative /> },
];

export function CataloguePage() {
  const view = useListView();
  const repositories = useQuery(
    catalogueRepositoriesQuery({
      ...(view.cursor === undefined ? {} : { cursor: view.cursor }),
      ...(view.search === '' ? {} : { q: view.search }),
    }),
  );
  return (
    <>
      <PageHeader title="Catalogue">Images that were checked, graded and published.</PageHeader>
      <PageSection>
        <DataTable
          what="published images"
          query={repositories}
          view={view}
          columns={COLUMNS}
          keyOf={({ registry, repository }) => `${registry}/${repository}`}
          toolbar={
            <ToolbarItem>
              <SearchBox view={view} label="Search the catalogue" />
            </ToolbarItem>
          }
          empty={
            view.search === '' ? (
              <Empty title="Nothing is published yet" icon={SearchIcon}>
                An image is listed here when its project publishes it.
              </Empty>
            ) : (
              <Empty title="Nothing is called that" icon={SearchIcon}>
                Look for a part of the name, the place or the description.
              </Empty>
            )
          }
        />
      </PageSection>
    </>
  );
}
