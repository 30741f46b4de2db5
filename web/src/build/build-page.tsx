/** One build: how far it is, its log as it comes, what was built, and what changed since the build before. */
import {
  Alert,
  Button,
  Card,
  CardBody,
  CardTitle,
  DescriptionList,
  List,
  ListItem,
  PageSection,
  Stack,
} from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { api, bodyOf } from '../api/client.ts';
import type { Build, Project } from '../api/model.ts';
import { formatThings } from '../display/format-number.ts';
import { GradeLabel } from '../display/grade.tsx';
import { Time } from '../display/time.tsx';
import { useConfirm } from '../feedback/confirm.tsx';
import { NotFound } from '../feedback/not-found.tsx';
import { PageAnswer } from '../feedback/page-answer.tsx';
import { useChange } from '../feedback/use-change.ts';
import { projectQuery } from '../project/project-queries.ts';
import { useRole } from '../session/session.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { buildQuery } from './build-queries.ts';
import { BuildLabel, causeText, isOver } from './build-words.tsx';
import { useBuildLog } from './use-build-log.ts';
import './build.css';
import { Fact } from '../display/fact.tsx';

export function BuildPage() {
  const { projectId = '', buildId = '' } = useParams();
  const project = useQuery(projectQuery(projectId));
  const build = useQuery(buildQuery(buildId));
  return (
    <PageAnswer of={project} what="the project">
      {known => (
        <PageAnswer of={build} what="the build">
          {found =>
            found.projectId === known.id ? <Shown project={known} build={found} /> : <NotFound what="build" />
          }
        </PageAnswer>
      )}
    </PageAnswer>
  );
}

function Shown({ project, build }: { readonly project: Project; readonly build: Build }) {
  const { failure, changes, notPublished } = build;
  return (
    <>
      <PageHeader
        title={`Build ${build.tag}`}
        crumbs={[
          { title: 'Projects', to: '/projects' },
          { title: project.name, to: `/projects/${project.id}/builds` },
        ]}
        labels={<BuildLabel state={build.state} />}
        actions={<Actions project={project} build={build} />}
      >
        {causeText(build)}, <Time at={build.createdAt} isRelative />
      </PageHeader>
      <PageSection>
        <Stack hasGutter>
          {failure !== null && (
            <Alert variant="danger" isInline title={failure.message}>
              {failure.tail.length > 0 && <pre className="plimsoll-pre">{failure.tail.join('\n')}</pre>}
              <p>
                {failure.step === 'clone'
                  ? 'Look at the Git source in the settings of the build service.'
                  : 'Look at the settings of the build service, then at the Dockerfile.'}
              </p>
            </Alert>
          )}
          {notPublished !== null && <Alert variant="info" isInline title={`Not published: ${notPublished}`} />}
          <Facts project={project} build={build} />
          {changes !== null && <Changes changes={changes} />}
          <Log build={build} />
        </Stack>
      </PageSection>
    </>
  );
}

function Actions({ project, build }: { readonly project: Project; readonly build: Build }) {
  const mayChange = useRole('operator', project.namespaceId) && project.status !== 'archived';
  const confirm = useConfirm();
  const navigate = useNavigate();
  const params = { path: { buildId: build.id } };
  const cancel = useChange({
    call: async (_: undefined) => await bodyOf(api.POST('/api/v1/builds/{buildId}/cancel', { params })),
    stale: ['builds', 'projects'],
    done: 'The build is being cancelled',
    failed: 'The build was not cancelled',
  });
  const retry = useChange({
    call: async (_: undefined) => await bodyOf(api.POST('/api/v1/builds/{buildId}/retry', { params })),
    stale: ['builds', 'projects'],
    done: ({ tag }) => `Build ${tag} is waiting`,
    failed: 'It was not tried again',
    onDone: ({ id }) => void navigate(`/projects/${project.id}/builds/${id}`),
  });
  const ask = async () => {
    const body = 'Nothing is pushed. Its number is not used again.';
    const isSure = await confirm({ title: `Cancel build ${build.tag}?`, body, action: 'Cancel the build' });
    if (isSure) cancel.mutate(undefined);
  };
  if (!mayChange) return null;
  if (build.state === 'failed' || build.state === 'cancelled') {
    return (
      <Button isLoading={retry.isPending} isDisabled={retry.isPending} onClick={() => retry.mutate(undefined)}>
        Build it again
      </Button>
    );
  }
  const isCancellable = !isOver(build) && build.state !== 'scanning';
  if (!isCancellable) return null;
  return (
    <Button variant="secondary" isLoading={cancel.isPending} isDisabled={cancel.isPending} onClick={() => void ask()}>
      Cancel the build…
    </Button>
  );
}

function Facts({ project, build }: { readonly project: Project; readonly build: Build }) {
  const { causes, source, commit, repository, tag, digest, baseImages, builder, images } = build;
  return (
    <DescriptionList
      isCompact
      orientation={{ sm: 'vertical', md: 'horizontal' }}
      horizontalTermWidthModifier={{ default: '12rem' }}
    >
      {causes.length > 0 && (
        <Fact term="Why">
          <List isPlain>
            {causes.map(({ kind, detail }) => (
              <ListItem key={`${kind}${detail}`}>{detail}</ListItem>
            ))}
          </List>
        </Fact>
      )}
      {source !== null && (
        <Fact term="Source">
          <code>{source.url}</code> {source.ref}, {source.dockerfile}
        </Fact>
      )}
      {commit !== null && (
        <Fact term="Commit">
          <code>{commit}</code>
        </Fact>
      )}
      {baseImages.length > 0 && (
        <Fact term="Built on">
          <List isPlain>
            {baseImages.map(base => (
              <ListItem key={base.reference}>
                {base.reference} <code>{base.digest.slice(0, 19)}</code>
              </ListItem>
            ))}
          </List>
        </Fact>
      )}
      {digest !== null && (
        <Fact term="Image">
          {repository}:{tag} <code>{digest.slice(0, 19)}</code>
        </Fact>
      )}
      {images.length > 0 && (
        <Fact term="Checks and grade">
          <List isPlain>
            {images.map(image => (
              <ListItem key={image.id}>
                <Link to={`/projects/${project.id}/images/${image.id}`}>
                  {image.isCertified ? 'Checks passed' : 'Checks failed'}
                  {image.isPublished && ', published'}
                </Link>{' '}
                <GradeLabel grade={image.grade} />
              </ListItem>
            ))}
          </List>
        </Fact>
      )}
      {builder !== null && <Fact term="Builder">{builder}</Fact>}
      {build.startedAt !== null && (
        <Fact term="Begun">
          <Time at={build.startedAt} />
        </Fact>
      )}
      {build.finishedAt !== null && (
        <Fact term="Ended">
          <Time at={build.finishedAt} />
        </Fact>
      )}
    </DescriptionList>
  );
}

function Changes({ changes }: { readonly changes: NonNullable<Build['changes']> }) {
  const { since, packages, packageCount, findingsGone, findingsNew } = changes;
  return (
    <Card>
      <CardTitle component="h2">What changed since {since}</CardTitle>
      <CardBody>
        <List isPlain className="plimsoll-name">
          {findingsGone.length > 0 && <ListItem>Gone: {findingsGone.join(', ')}</ListItem>}
          {findingsNew.length > 0 && <ListItem>New: {findingsNew.join(', ')}</ListItem>}
          {packages.map(({ name, before, after }) => (
            <ListItem key={`${name}${before}${after}`}>
              {name} {before ?? 'added'} → {after ?? 'removed'}
            </ListItem>
          ))}
          {packageCount > packages.length && (
            <ListItem>and {formatThings(packageCount - packages.length, 'package')} more</ListItem>
          )}
          {packageCount === 0 && <ListItem>No package changed.</ListItem>}
        </List>
      </CardBody>
    </Card>
  );
}

function Log({ build }: { readonly build: Build }) {
  const client = useQueryClient();
  const renew = useCallback(() => void client.invalidateQueries({ queryKey: ['builds'] }), [client]);
  const { text, isCut, isAway } = useBuildLog(build.id, renew);
  return (
    <Card>
      <CardTitle component="h2">Log</CardTitle>
      <CardBody>
        {isAway && !isOver(build) && <p className="plimsoll-before">The log broke off; it is asked for again.</p>}
        {isCut && <p className="plimsoll-before">The beginning is left out here.</p>}
        {text === '' ? (
          <p>{isOver(build) ? 'It has none.' : 'Nothing was written yet.'}</p>
        ) : (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
          <section className="plimsoll-log" aria-label="Log of the build" tabIndex={0}>
            <pre>{text}</pre>
          </section>
        )}
        <p className="plimsoll-apart">
          <a href={`/api/v1/builds/${build.id}/log`}>The whole log as text</a>
        </p>
      </CardBody>
    </Card>
  );
}
