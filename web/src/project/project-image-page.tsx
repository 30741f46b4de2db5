/** One image of a project: whether it can be published and why not, what the checks found, its health, what is wrong in it. */
import {
  Alert,
  Button,
  Card,
  CardBody,
  CardTitle,
  DescriptionList,
  Grid,
  GridItem,
  List,
  ListItem,
  PageSection,
} from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'react-router';
import type { Project, ProjectImage } from '../api/model.ts';
import { cataloguePath } from '../display/addresses.ts';
import { severityCounts, totalOf } from '../display/counts.ts';
import { ShortDigest } from '../display/digest.tsx';
import { EndOfLife } from '../display/end-of-life.tsx';
import { Fact } from '../display/fact.tsx';
import { formatBytes } from '../display/format-number.ts';
import { GradeLabel, GradeSchedule } from '../display/grade.tsx';
import { SeverityCounts } from '../display/severity.tsx';
import { Time, useNow } from '../display/time.tsx';
import { NotFound } from '../feedback/not-found.tsx';
import { PageAnswer } from '../feedback/page-answer.tsx';
import { useRole } from '../session/session.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { RowActions } from '../table/data-table.tsx';
import { useImageActions } from './image-actions.tsx';
import { imageName, Tags } from './images-tab.tsx';
import { projectImageQuery, projectQuery } from './project-queries.ts';
import { VerdictLabel } from './state-labels.tsx';
import { TestResults } from './test-results.tsx';

interface Objection {
  readonly situation: string;
  readonly message: string;
  readonly isWaivable: boolean;
}

export function ProjectImagePage() {
  const { projectId = '', imageId = '' } = useParams();
  const project = useQuery(projectQuery(projectId));
  const image = useQuery(projectImageQuery(imageId));
  return (
    <PageAnswer of={project} what="the project">
      {known => (
        <PageAnswer of={image} what="the image">
          {found =>
            found.image.projectId === known.id ? (
              <Shown project={known} image={found.image} objections={found.objections} />
            ) : (
              <NotFound what="image" />
            )
          }
        </PageAnswer>
      )}
    </PageAnswer>
  );
}

function Shown({
  project,
  image,
  objections,
}: {
  readonly project: Project;
  readonly image: ProjectImage;
  readonly objections: readonly Objection[];
}) {
  const actions = useImageActions(project);
  const mayOperate = useRole('operator', project.namespaceId) && project.status === 'active';
  return (
    <>
      <PageHeader
        title={imageName(image)}
        crumbs={[
          { title: 'Projects', to: '/projects' },
          { title: project.name, to: `/projects/${project.id}` },
          { title: 'Images', to: `/projects/${project.id}/images` },
        ]}
        labels={<VerdictLabel image={image} />}
        actions={mayOperate ? <RowActions items={actions.actionsOf(image)} name={imageName(image)} /> : undefined}
      >
        <ShortDigest digest={image.digest} />
      </PageHeader>
      <PageSection>
        <Grid hasGutter>
          <GridItem>
            <Publishing
              project={project}
              image={image}
              objections={objections}
              actions={actions}
              mayOperate={mayOperate}
            />
          </GridItem>
          <GridItem lg={8}>
            <Card>
              <CardTitle component="h2">Checks</CardTitle>
              <CardBody>
                <TestResults image={image} />
              </CardBody>
            </Card>
          </GridItem>
          <GridItem lg={4}>
            <Health image={image} />
            <About image={image} />
          </GridItem>
        </Grid>
      </PageSection>
      {actions.dialog}
    </>
  );
}

function Publishing({
  project,
  image,
  objections,
  actions,
  mayOperate,
}: {
  readonly project: Project;
  readonly image: ProjectImage;
  readonly objections: readonly Objection[];
  readonly actions: ReturnType<typeof useImageActions>;
  readonly mayOperate: boolean;
}) {
  const mayOverride = useRole('admin', project.namespaceId);
  const { publishedAt, registry, repository, exception } = image;
  const isUnderWay = image.scan.state === 'pending' || image.scan.state === 'running';
  if (publishedAt !== null) {
    return (
      <Alert
        variant="success"
        isInline
        title={
          <>
            In the catalogue since <Time at={publishedAt} />
          </>
        }
        actionLinks={
          registry !== null &&
          repository !== null && <Link to={cataloguePath(registry, repository)}>See it in the catalogue</Link>
        }
      >
        {exception !== null && (
          <p className="plimsoll-name">
            Published despite what stood against it, by {exception.by}: {exception.reason}
          </p>
        )}
      </Alert>
    );
  }
  const messages = objections.map(({ message }) => message);
  const canOverride = mayOperate && mayOverride && !isUnderWay && objections.every(({ isWaivable }) => isWaivable);
  if (objections.length === 0) {
    return (
      <Alert
        variant="success"
        isInline
        title="Nothing stands against publishing it"
        actionLinks={
          mayOperate && (
            <Button onClick={() => actions.publish(image)} isLoading={actions.isBusy} isDisabled={actions.isBusy}>
              {image.listDigest === null ? 'Publish' : 'Publish all architectures'}
            </Button>
          )
        }
      />
    );
  }
  return (
    <Alert
      variant={isUnderWay ? 'info' : 'warning'}
      isInline
      title={isUnderWay ? 'It is being checked' : 'It cannot be published yet'}
      actionLinks={
        canOverride && (
          <Button variant="secondary" onClick={() => actions.publishDespite(image, messages)}>
            Publish all the same…
          </Button>
        )
      }
    >
      <List>
        {messages.map(text => (
          <ListItem key={text} className="plimsoll-name">
            {text}
          </ListItem>
        ))}
      </List>
    </Alert>
  );
}

function Health({ image }: { readonly image: ProjectImage }) {
  const now = useNow(false);
  const { grade, grades, counts, digest, endOfLife } = image;
  const isDoubtful = counts !== null && totalOf(counts) === 0 && (counts.undetermined > 0 || endOfLife !== null);
  return (
    <Card className="plimsoll-before">
      <CardTitle component="h2">Health</CardTitle>
      <CardBody>
        <div className="plimsoll-before">
          {grades.length > 0 ? <GradeSchedule grades={grades} now={now} /> : <GradeLabel grade={grade} />}
        </div>
        <p className="plimsoll-quiet plimsoll-before">
          It falls as fixes stay out of the image; a new build with updates is the only cure.
        </p>
        {counts === null ? (
          <p className="plimsoll-quiet">What is wrong in it is not known here.</p>
        ) : (
          <>
            <SeverityCounts
              counts={severityCounts(counts)}
              what="findings"
              none={isDoubtful ? 'None found, not all known' : 'Nothing found'}
            />
            <p>
              <EndOfLife endOfLife={endOfLife} />
            </p>
            <p>
              <Link to={`/images/${digest}`}>Security report</Link>
            </p>
          </>
        )}
      </CardBody>
    </Card>
  );
}

const ORIGINS: Readonly<Record<ProjectImage['origin'], string>> = {
  scan: 'Scanned where it lies',
  push: 'Pushed here',
  report: 'Reported by a client',
};

function About({ image }: { readonly image: ProjectImage }) {
  const { registry, repository, tags, architecture, sizeBytes, origin, createdAt, listDigest } = image;
  return (
    <Card>
      <CardTitle component="h2">Image</CardTitle>
      <CardBody>
        <DescriptionList isCompact>
          <Fact term="Tags">
            <Tags names={tags.map(({ name }) => name)} />
          </Fact>
          <Fact term="Architecture">{architecture}</Fact>
          <Fact term="Place">{registry === null ? 'Not said' : `${registry}/${repository ?? ''}`}</Fact>
          {listDigest !== null && (
            <Fact term="Of index">
              <ShortDigest digest={listDigest} />
            </Fact>
          )}
          {sizeBytes !== null && <Fact term="Size">{formatBytes(sizeBytes)}</Fact>}
          <Fact term="Came by">{ORIGINS[origin]}</Fact>
          <Fact term="Added">
            <Time at={createdAt} />
          </Fact>
          <Fact term="Id">
            <code>{image.id}</code>
          </Fact>
        </DescriptionList>
      </CardBody>
    </Card>
  );
}
