/** Builds of a project: how its image is made from Git, adding a build, and those that were. */
import { Button, ToolbarItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import type { Build, BuildConfiguration, Project } from '../api/model.ts';
import { GradeLabel } from '../display/grade.tsx';
import { Time } from '../display/time.tsx';
import { Answer, Empty } from '../feedback/answer.tsx';
import { useRole } from '../session/session.tsx';
import { type Column, DataTable } from '../table/data-table.tsx';
import { useListView } from '../table/use-list-view.ts';
import { AddBuildDialog } from './add-build-dialog.tsx';
import { buildConfigurationQuery, buildsQuery } from './build-queries.ts';
import { BuildLabel, causeText } from './build-words.tsx';
import { ConfigureDialog } from './configure-dialog.tsx';

export function BuildsTab({ project }: { readonly project: Project }) {
  const configuration = useQuery(buildConfigurationQuery(project.id));
  const [isConfiguring, setConfiguring] = useState(false);
  const mayChange = useRole('operator', project.namespaceId) && project.status !== 'archived';
  if (!project.isHosted) {
    return (
      <Empty title="This project has no builds">
        Images are built for projects whose images are in the registry of this server. Without it you build, push and
        scan again by hand whenever a package of the image has an update.
      </Empty>
    );
  }
  return (
    <Answer of={configuration} what="the build service">
      {known => (
        <>
          {known === null ? (
            <Empty
              title="The build service is not set up"
              action={mayChange && <Button onClick={() => setConfiguring(true)}>Configure the build service</Button>}
            >
              It builds the image from a Git repository with a Dockerfile, scans and checks it, and builds it again by
              itself when a fix appears.
            </Empty>
          ) : (
            <Builds
              project={project}
              configuration={known}
              mayChange={mayChange}
              onConfigure={() => setConfiguring(true)}
            />
          )}
          {isConfiguring && (
            <ConfigureDialog project={project} configuration={known} onClose={() => setConfiguring(false)} />
          )}
        </>
      )}
    </Answer>
  );
}

function Builds({
  project,
  configuration,
  mayChange,
  onConfigure,
}: {
  readonly project: Project;
  readonly configuration: BuildConfiguration;
  readonly mayChange: boolean;
  readonly onConfigure: () => void;
}) {
  const view = useListView();
  const builds = useQuery(buildsQuery(project.id, view.cursor));
  const [isAdding, setAdding] = useState(false);
  const { source, dockerfile, isEnabled, autoRebuild } = configuration;
  const columns: readonly Column<Build>[] = [
    { title: 'Tag', render: ({ id, tag }) => <Link to={`/projects/${project.id}/builds/${id}`}>{tag}</Link> },
    { title: 'State', render: ({ state }) => <BuildLabel state={state} /> },
    { title: 'Why', render: causeText },
    {
      title: 'Grade',
      render: ({ images }) =>
        images.map(({ id, grade }) => (grade === null ? null : <GradeLabel key={id} grade={grade} />)),
    },
    {
      title: 'Published',
      render: ({ images, notPublished }) =>
        images.length > 0 && images.every(image => image.isPublished) ? 'Yes' : (notPublished ?? 'No'),
    },
    { title: 'Commit', render: ({ commit }) => commit !== null && <code>{commit.slice(0, 12)}</code> },
    { title: 'Added', render: ({ createdAt }) => <Time at={createdAt} isRelative /> },
  ];
  return (
    <>
      <p className="plimsoll-before plimsoll-name">
        {isEnabled ? 'Built from' : 'Switched off. It was built from'} <code>{source.url}</code>
        {source.ref !== '' && (
          <>
            , <code>{source.ref}</code>
          </>
        )}
        , by <code>{dockerfile}</code>.{' '}
        {autoRebuild ? 'Built again by itself when that makes it better.' : 'Built again only when somebody asks.'}
      </p>
      <DataTable
        what="builds"
        query={builds}
        view={view}
        columns={columns}
        keyOf={({ id }) => id}
        toolbar={
          mayChange && (
            <>
              <ToolbarItem>
                <Button isDisabled={!isEnabled} onClick={() => setAdding(true)}>
                  Add new build
                </Button>
              </ToolbarItem>
              <ToolbarItem>
                <Button variant="secondary" onClick={onConfigure}>
                  Configure the build service
                </Button>
              </ToolbarItem>
            </>
          )
        }
        empty={<Empty title="Nothing was built yet">Add a build: a version and a number make its tag.</Empty>}
      />
      {isAdding && <AddBuildDialog project={project} onClose={() => setAdding(false)} />}
    </>
  );
}
