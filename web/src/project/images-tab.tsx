/** The images of a project: how each is, and the two ways in which one comes here. */
import { Alert, Button, Label, LabelGroup, ToolbarItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import type { Project, ProjectImage } from '../api/model.ts';
import { severityCounts, totalOf } from '../display/counts.ts';
import { shortDigest } from '../display/digest.tsx';
import { EndOfLife } from '../display/end-of-life.tsx';
import { GradeLabel } from '../display/grade.tsx';
import { SeverityCounts } from '../display/severity.tsx';
import { Time } from '../display/time.tsx';
import { Empty } from '../feedback/answer.tsx';
import { useRole } from '../session/session.tsx';
import { type Column, DataTable } from '../table/data-table.tsx';
import { useListView } from '../table/use-list-view.ts';
import { useImageActions } from './image-actions.tsx';
import { projectImagesQuery, requestsQuery } from './project-queries.ts';
import { PushDialog } from './push-dialog.tsx';
import { ScanDialog } from './scan-dialog.tsx';
import { RequestLabel, requestTitle, VerdictLabel } from './state-labels.tsx';

/** Requests that are shown above the images. */
const LATEST = 5;

export function ImagesTab({ project }: { readonly project: Project }) {
  const view = useListView();
  const images = useQuery(projectImagesQuery(project.id, view.cursor));
  const mayOperate = useRole('operator', project.namespaceId) && project.status === 'active';
  const [opened, setOpened] = useState<'scan' | 'push'>();
  const { actionsOf, dialog } = useImageActions(project);
  const scan = <Button onClick={() => setOpened('scan')}>Scan new image</Button>;
  const push = (
    <Button variant="secondary" onClick={() => setOpened('push')}>
      Push image manually
    </Button>
  );
  const columns: readonly Column<ProjectImage>[] = [
    {
      title: 'Image',
      width: 25,
      render: image => (
        <div className="plimsoll-name">
          <Link to={imagePath(image)}>{imageName(image)}</Link>
          <div className="plimsoll-quiet">
            <code>{shortDigest(image.digest)}</code>
            {image.listDigest !== null && (
              <>
                {' '}
                · of index <code>{shortDigest(image.listDigest)}</code>
              </>
            )}
          </div>
        </div>
      ),
    },
    { title: 'Tags', render: ({ tags }) => <Tags names={tags.map(({ name }) => name)} /> },
    { title: 'Architecture', render: ({ architecture }) => architecture },
    { title: 'Certification', render: image => <VerdictLabel image={image} /> },
    { title: 'Health', render: ({ grade }) => <GradeLabel grade={grade} /> },
    { title: 'Security', width: 25, render: image => <Security image={image} /> },
    {
      title: 'Published',
      render: ({ publishedAt }) =>
        publishedAt === null ? <span className="plimsoll-quiet">No</span> : <Time at={publishedAt} isRelative />,
    },
  ];
  return (
    <>
      {view.cursor === undefined && <LatestRequests project={project} />}
      <DataTable
        what="images"
        query={images}
        view={view}
        columns={columns}
        keyOf={({ id }) => id}
        nameOf={imageName}
        {...(mayOperate
          ? {
              actions: actionsOf,
              toolbar: (
                <>
                  <ToolbarItem>{scan}</ToolbarItem>
                  {project.pushTo !== null && <ToolbarItem>{push}</ToolbarItem>}
                </>
              ),
            }
          : {})}
        empty={
          <Empty title="There is no image">
            {project.pushTo === null
              ? 'Scan one where it lies: by its registry, repository and digest.'
              : 'Push one with the registry key of the project, or scan one where it lies.'}
          </Empty>
        }
      />
      {opened === 'scan' && <ScanDialog project={project} onClose={() => setOpened(undefined)} />}
      {opened === 'push' && <PushDialog project={project} onClose={() => setOpened(undefined)} />}
      {dialog}
    </>
  );
}

/** Its first tag and architecture. */
export function imageName({ tags, digest, architecture }: ProjectImage): string {
  return `${tags.at(-1)?.name ?? shortDigest(digest)}, ${architecture}`;
}

/** The page of an image. */
function imagePath({ projectId, id }: Pick<ProjectImage, 'projectId' | 'id'>): string {
  return `/projects/${projectId}/images/${id}`;
}

export function Tags({ names }: { readonly names: readonly string[] }) {
  if (names.length === 0) return <span className="plimsoll-quiet">None</span>;
  return (
    <LabelGroup aria-label="Tags" numLabels={3}>
      {names.map(name => (
        <Label key={name} variant="outline" isCompact>
          {name}
        </Label>
      ))}
    </LabelGroup>
  );
}

function Security({ image }: { readonly image: ProjectImage }) {
  const { counts, digest, endOfLife } = image;
  if (counts === null) return <span className="plimsoll-quiet">Not known</span>;
  const isDoubtful = totalOf(counts) === 0 && (counts.undetermined > 0 || endOfLife !== null);
  return (
    <Link to={`/images/${digest}`}>
      <span className="pf-v6-screen-reader">{`Security report of ${imageName(image)}: `}</span>
      <SeverityCounts counts={severityCounts(counts)} none={isDoubtful ? 'None found, not all known' : 'None found'} />
      <div>
        <EndOfLife endOfLife={endOfLife} />
      </div>
    </Link>
  );
}

/** What is going on, and what failed last; what was done is in the list itself. */
function LatestRequests({ project }: { readonly project: Project }) {
  const requests = useQuery(requestsQuery(project.id, { limit: LATEST }));
  const shown = (requests.data?.items ?? []).filter(
    ({ status, warnings }, place) =>
      status === 'pending' ||
      status === 'in progress' ||
      (place === 0 && (status !== 'completed' || warnings.length > 0)),
  );
  return (
    <>
      {shown.map(request => (
        <Alert
          key={request.id}
          className="plimsoll-before"
          isInline
          variant={request.status === 'failed' ? 'danger' : request.status === 'completed' ? 'warning' : 'info'}
          title={
            <span className="plimsoll-name">
              {requestTitle(request)} {request.pullSpec ?? ''} <RequestLabel request={request} />
            </span>
          }
        >
          {request.statusMessage !== null && <p className="plimsoll-name">{request.statusMessage}.</p>}
          {request.warnings.map(({ message }) => (
            <p key={message} className="plimsoll-name">
              {message}.
            </p>
          ))}
          {request.retryAt !== null && (
            <p>
              It is tried again <Time at={request.retryAt} isRelative />.
            </p>
          )}
        </Alert>
      ))}
    </>
  );
}
