/** A published image: its grade, how to pull it, what is wrong in it, what it is made of. For everybody. */
import {
  Card,
  CardBody,
  CardTitle,
  DescriptionList,
  Grid,
  GridItem,
  List,
  ListItem,
  PageSection,
  ToolbarItem,
} from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from 'react-router';
import type { CatalogFinding, CatalogImageDetails } from '../api/model.ts';
import { cataloguePath } from '../display/addresses.ts';
import { CopyBlock } from '../display/copy.tsx';
import { severityCounts, totalOf } from '../display/counts.ts';
import { ShortDigest, shortDigest } from '../display/digest.tsx';
import { EndOfLife } from '../display/end-of-life.tsx';
import { Fact } from '../display/fact.tsx';
import { formatBytes } from '../display/format-number.ts';
import { GradeLabel, GradeSchedule } from '../display/grade.tsx';
import { SeverityCounts, SeverityLabel } from '../display/severity.tsx';
import { Time, useNow } from '../display/time.tsx';
import { Empty } from '../feedback/answer.tsx';
import { PageAnswer } from '../feedback/page-answer.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { type Column, DataTable } from '../table/data-table.tsx';
import { SearchBox } from '../table/search-box.tsx';
import { useListView } from '../table/use-list-view.ts';
import { catalogueFindingsQuery, catalogueImageQuery, SBOM_FORMATS, sbomPath } from './catalogue-queries.ts';
import { pullCommands } from './pull-commands.ts';

export function CatalogueImagePage() {
  const { imageId = '' } = useParams();
  const image = useQuery(catalogueImageQuery(imageId));
  return (
    <PageAnswer of={image} what="the published image">
      {found => <Shown image={found} />}
    </PageAnswer>
  );
}

function Shown({ image }: { readonly image: CatalogImageDetails }) {
  const { registry, repository, tags, digest, architecture, grade, description, project } = image;
  return (
    <>
      <PageHeader
        title={`${tags.at(-1) ?? shortDigest(digest)}, ${architecture}`}
        crumbs={[
          { title: 'Catalogue', to: '/catalogue' },
          { title: project, to: cataloguePath(registry, repository) },
        ]}
        labels={<GradeLabel grade={grade} />}
      >
        <span className="plimsoll-name">
          {registry}/{repository}
        </span>
        {description !== null && <p className="plimsoll-name">{description}</p>}
      </PageHeader>
      <PageSection>
        <Grid hasGutter>
          <GridItem lg={8}>
            <Card className="plimsoll-before">
              <CardTitle component="h2">How to pull it</CardTitle>
              <CardBody>
                <CopyBlock text={pullCommands(image)} what="the commands" />
              </CardBody>
            </Card>
            <Weaknesses image={image} />
          </GridItem>
          <GridItem lg={4}>
            <Facts image={image} />
          </GridItem>
        </Grid>
      </PageSection>
    </>
  );
}

const COLUMNS: readonly Column<CatalogFinding>[] = [
  { title: 'Severity', render: ({ severity }) => <SeverityLabel severity={severity} /> },
  {
    title: 'Weakness',
    width: 40,
    render: ({ id, title, isKnownExploited }) => (
      <div className="plimsoll-name">
        {id}
        {isKnownExploited && <strong> · exploited</strong>}
        {title !== null && <div className="plimsoll-quiet">{title}</div>}
      </div>
    ),
  },
  {
    title: 'Package',
    render: ({ package: { name, version } }) => (
      <div className="plimsoll-name">
        {name} <span className="plimsoll-quiet">{version}</span>
      </div>
    ),
  },
  {
    title: 'Fixed in',
    render: ({ fix }) => <span className="plimsoll-name">{fix.version ?? 'No fix'}</span>,
  },
];

function Weaknesses({ image }: { readonly image: CatalogImageDetails }) {
  const view = useListView();
  const { id, counts, endOfLife } = image;
  const findings = useQuery({
    ...catalogueFindingsQuery(id, {
      ...(view.cursor === undefined ? {} : { cursor: view.cursor }),
      ...(view.search === '' ? {} : { q: view.search }),
    }),
    enabled: counts !== null,
  });
  return (
    <Card>
      <CardTitle component="h2">Vulnerabilities</CardTitle>
      <CardBody>
        {counts === null ? (
          <p>It has not been read, so that nothing is known of its weaknesses.</p>
        ) : (
          <>
            <SeverityCounts counts={severityCounts(counts)} what="findings" none={noneText(image)} />
            {endOfLife !== null && (
              <p>
                <EndOfLife endOfLife={endOfLife} /> since {endOfLife.since}: advisories and fixes may be missing.
              </p>
            )}
            {totalOf(counts) > 0 && (
              <DataTable
                what="vulnerabilities"
                query={findings}
                view={view}
                columns={COLUMNS}
                keyOf={one => `${one.id} ${one.package.type} ${one.package.name} ${one.package.version}`}
                toolbar={
                  <ToolbarItem>
                    <SearchBox view={view} label="Search vulnerabilities" />
                  </ToolbarItem>
                }
                empty={<Empty title="None is like that">Look for a name of a weakness or of a package.</Empty>}
              />
            )}
          </>
        )}
      </CardBody>
    </Card>
  );
}

/** Nothing found is good news only where all could be judged. */
function noneText({ counts, endOfLife }: CatalogImageDetails): string {
  if (endOfLife !== null) return 'None known';
  return counts?.undetermined === 0 ? 'None known' : 'None known; not every package could be judged';
}

function Facts({ image }: { readonly image: CatalogImageDetails }) {
  const now = useNow(false);
  const { id, digest, listDigest, architecture, sizeBytes, tags, publishedAt, scannedAt, grades, grade } = image;
  return (
    <Card>
      <CardTitle component="h2">Image</CardTitle>
      <CardBody>
        <DescriptionList isCompact>
          <Fact term="Health">
            {grades.length === 0 ? <GradeLabel grade={grade} /> : <GradeSchedule grades={grades} now={now} />}
          </Fact>
          <Fact term="Tags">{tags.length === 0 ? 'None' : tags.join(', ')}</Fact>
          <Fact term="Architecture">{architecture}</Fact>
          <Fact term="Digest">
            <ShortDigest digest={digest} />
          </Fact>
          {listDigest !== null && (
            <Fact term="Of index">
              <ShortDigest digest={listDigest} />
            </Fact>
          )}
          {sizeBytes !== null && <Fact term="Size">{formatBytes(sizeBytes)}</Fact>}
          <Fact term="Published">
            <Time at={publishedAt} />
          </Fact>
          <Fact term="Read">
            <Time at={scannedAt} missing="Never" />
          </Fact>
          {scannedAt !== null && (
            <Fact term="SBOM">
              <List isPlain>
                {SBOM_FORMATS.map(([format, name]) => (
                  <ListItem key={format}>
                    <a href={sbomPath(id, format)} download="">
                      {name}
                    </a>
                  </ListItem>
                ))}
              </List>
            </Fact>
          )}
        </DescriptionList>
      </CardBody>
    </Card>
  );
}
