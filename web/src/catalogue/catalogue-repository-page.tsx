/** A repository of the catalogue: what it is, its published images, how to pull them. */
import { PageSection } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'react-router';
import type { CatalogImage } from '../api/model.ts';
import { shortDigest } from '../display/digest.tsx';
import { EndOfLife } from '../display/end-of-life.tsx';
import { GradeLabel } from '../display/grade.tsx';
import { Time } from '../display/time.tsx';
import { Empty } from '../feedback/answer.tsx';
import { NotFound } from '../feedback/not-found.tsx';
import { PageAnswer } from '../feedback/page-answer.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { type Column, DataTable } from '../table/data-table.tsx';
import { useListView } from '../table/use-list-view.ts';
import { catalogueImagesQuery, catalogueRepositoryQuery } from './catalogue-queries.ts';

const COLUMNS: readonly Column<CatalogImage>[] = [
  {
    title: 'Tags',
    width: 35,
    render: ({ id, tags, digest }) => (
      <div className="plimsoll-name">
        <Link to={`/catalogue/image/${id}`}>{tags.length === 0 ? shortDigest(digest) : tags.join(', ')}</Link>
        <div className="plimsoll-quiet">
          <code>{shortDigest(digest)}</code>
        </div>
      </div>
    ),
  },
  { title: 'Architecture', render: ({ architecture }) => architecture },
  {
    title: 'Health',
    render: ({ grade, endOfLife }) => (
      <>
        <GradeLabel grade={grade} />
        <div>
          <EndOfLife endOfLife={endOfLife} />
        </div>
      </>
    ),
  },
  { title: 'Published', render: ({ publishedAt }) => <Time at={publishedAt} /> },
];

export function CatalogueRepositoryPage() {
  const { registry = '', '*': repository = '' } = useParams();
  const found = useQuery(catalogueRepositoryQuery(registry, repository));
  return (
    <PageAnswer of={found} what="the repository">
      {known => (known === null ? <NotFound what="published repository" /> : <Shown {...known} />)}
    </PageAnswer>
  );
}

function Shown({
  registry,
  repository,
  project,
  description,
}: {
  readonly registry: string;
  readonly repository: string;
  readonly project: string;
  readonly description: string | null;
}) {
  const view = useListView();
  const images = useQuery(
    catalogueImagesQuery({ registry, repository, ...(view.cursor === undefined ? {} : { cursor: view.cursor }) }),
  );
  return (
    <>
      <PageHeader title={project} crumbs={[{ title: 'Catalogue', to: '/catalogue' }]}>
        <span className="plimsoll-name">
          {registry}/{repository}
        </span>
        {description !== null && <p className="plimsoll-name">{description}</p>}
      </PageHeader>
      <PageSection>
        <DataTable
          what="images"
          query={images}
          view={view}
          columns={COLUMNS}
          keyOf={({ id }) => id}
          empty={<Empty title="Nothing is published here any more" />}
        />
      </PageSection>
    </>
  );
}
