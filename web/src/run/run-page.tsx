/** One run: its phases, what it counted, what went wrong, each image, and what happened when. */
import {
  Alert,
  Card,
  CardBody,
  CardTitle,
  DescriptionList,
  DescriptionListDescription,
  DescriptionListGroup,
  DescriptionListTerm,
  Grid,
  GridItem,
  List,
  ListItem,
  PageSection,
  ProgressStep,
  ProgressStepper,
  Title,
} from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from 'react-router';
import { api } from '../api/client.ts';
import type { Registry, Run } from '../api/model.ts';
import { formatBytes, formatCount, formatThings } from '../display/format-number.ts';
import { Time } from '../display/time.tsx';
import { useConfirm } from '../feedback/confirm.tsx';
import { PageAnswer } from '../feedback/page-answer.tsx';
import { useChange } from '../feedback/use-change.ts';
import { useJobActions } from '../job/job-actions.ts';
import { ActionMenu } from '../job/job-page.tsx';
import { jobQuery } from '../job/job-queries.ts';
import { isActive, StateLabel } from '../job/state-label.tsx';
import { registryQuery } from '../registry/registry-queries.ts';
import { useRole } from '../session/session.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { RunEvents } from './run-events.tsx';
import { RunImages } from './run-images.tsx';
import { RunProgress } from './run-progress.tsx';
import { runQuery } from './run-queries.ts';
import { Duration, RUN_KINDS } from './runs-table.tsx';

export function RunPage() {
  const { runId = '' } = useParams();
  const run = useQuery(runQuery(runId));
  return (
    <PageAnswer of={run} what="the run">
      {found => <WithRegistry run={found} />}
    </PageAnswer>
  );
}

function WithRegistry({ run }: { readonly run: Run }) {
  const registry = useQuery(registryQuery(run.registryId));
  return (
    <PageAnswer of={registry} what="the registry">
      {found => <Shown run={run} registry={found} />}
    </PageAnswer>
  );
}

function Shown({ run, registry }: { readonly run: Run; readonly registry: Registry }) {
  const job = useQuery({ ...jobQuery(run.scheduleId ?? ''), enabled: run.scheduleId !== null });
  return (
    <>
      <PageHeader
        title={`Run ${run.number}`}
        crumbs={[
          { title: 'Registries', to: '/registries' },
          { title: registry.name, to: `/registries/${registry.id}/jobs` },
          ...(job.data === undefined ? [] : [{ title: job.data.name, to: `/jobs/${job.data.id}` }]),
        ]}
        labels={<StateLabel item={run} />}
        actions={<RunActions run={run} registry={registry} />}
      >
        {RUN_KINDS[run.kind]}
        {run.mode === 'resume' ? ', the rest of the run before' : ''}.
      </PageHeader>
      <PageSection>
        <RunProgress run={run} />
        {run.reason !== null && !isActive(run.state) && (
          <Alert variant={run.state === 'Canceled' ? 'info' : 'danger'} isInline title={run.reason} />
        )}
        {run.pauseReason !== null && (
          <Alert variant="warning" isInline title={`Held: ${run.pauseReason}`}>
            {run.resumeAt !== null && (
              <>
                It goes on <Time at={run.resumeAt} isRelative />.
              </>
            )}
          </Alert>
        )}
        {run.noImagesMatched && (
          <Alert variant="warning" isInline title="Nothing matched">
            <Patterns run={run} />
          </Alert>
        )}
      </PageSection>
      <PageSection>
        <Grid hasGutter>
          <GridItem lg={6}>
            <Card isFullHeight>
              <CardTitle component="h2">Phases</CardTitle>
              <CardBody>
                <Phases run={run} />
              </CardBody>
            </Card>
          </GridItem>
          <GridItem lg={6}>
            <Card isFullHeight>
              <CardTitle component="h2">Counters</CardTitle>
              <CardBody>
                <Counters run={run} />
              </CardBody>
            </Card>
          </GridItem>
        </Grid>
      </PageSection>
      {run.errors.length > 0 && (
        <PageSection>
          <RunErrors run={run} />
        </PageSection>
      )}
      <PageSection>
        <Title headingLevel="h2">Images</Title>
        <RunImages runId={run.id} />
      </PageSection>
      <PageSection>
        <Title headingLevel="h2">What happened</Title>
        <RunEvents runId={run.id} />
      </PageSection>
    </>
  );
}

/** Those of its job; a run of a single image has none and can only be cancelled. */
function RunActions({ run, registry }: { readonly run: Run; readonly registry: Registry }) {
  const job = useQuery({ ...jobQuery(run.scheduleId ?? ''), enabled: run.scheduleId !== null });
  const mayOperate = useRole('operator', registry.namespaceId);
  const confirm = useConfirm();
  const actionsOf = useJobActions(registry.namespaceId);
  const cancel = useChange({
    call: async () => await api.POST('/api/v1/runs/{runId}/cancel', { params: { path: { runId: run.id } } }),
    stale: ['runs'],
    done: 'The run is being cancelled',
    failed: 'The run was not cancelled',
  });
  if (job.data !== undefined) return <ActionMenu items={actionsOf(job.data)} />;
  if (run.scheduleId !== null || !mayOperate || !isActive(run.state)) return null;
  const ask = async () => {
    if (
      await confirm({
        title: `Cancel run ${run.number}?`,
        body: 'What has been scanned stays.',
        action: 'Cancel the run',
      })
    )
      cancel.mutate(undefined);
  };
  return <ActionMenu items={[{ title: 'Cancel', onClick: () => void ask() }]} />;
}

function Phases({ run }: { readonly run: Run }) {
  const isOver = !isActive(run.state);
  const phases = [
    { id: 'queued', title: 'Waiting', from: run.createdAt, to: run.startedAt },
    { id: 'listing', title: 'Listing repositories and tags', from: run.listingStartedAt, to: run.listingCompletedAt },
    { id: 'scanning', title: 'Scanning images', from: run.scanningStartedAt, to: run.scanningCompletedAt },
    { id: 'done', title: 'Done', from: run.completedAt, to: run.completedAt },
  ];
  return (
    <>
      <ProgressStepper isVertical aria-label="Phases of the run">
        {phases.map(({ id, title, from, to }) => {
          const variant = to !== null ? 'success' : from === null ? 'pending' : isOver ? 'warning' : 'info';
          return (
            <ProgressStep
              key={id}
              id={`phase-${id}`}
              titleId={`phase-${id}-title`}
              variant={variant}
              isCurrent={variant === 'info'}
              aria-label={`${title}: ${to !== null ? 'done' : from === null ? 'not begun' : isOver ? 'cut short' : 'under way'}`}
              description={
                from !== null && (
                  <span>
                    <Time at={from} />
                  </span>
                )
              }
            >
              {title}
            </ProgressStep>
          );
        })}
      </ProgressStepper>
      <p>
        It took <Duration run={run} />.
      </p>
    </>
  );
}

function Counters({ run: { counters: c } }: { readonly run: Run }) {
  const rows: readonly (readonly [string, number | string])[] = [
    ['Repositories listed', c.repositoriesListed],
    ['Tags seen', c.tagsSeen],
    ['Tags that match', c.tagsMatched],
    ['Images selected', c.digestsSelected],
    ['Scanned', c.digestsScanned],
    ['Failed', c.digestsFailed],
    ['Waiting', c.digestsQueued],
    ['Being scanned', c.digestsRunning],
    ['Known already', c.digestsSkippedKnown],
    ['Of other platforms', c.digestsSkippedPlatform],
    ['Not scannable', c.digestsSkippedNotScannable],
    ['Not reached', c.digestsNotReached],
    ['Pulled', `${formatBytes(c.bytesPulled)} in ${formatThings(c.pullsCounted, 'request')}`],
  ];
  // Zeros of what did not happen say nothing.
  const always = new Set(['Images selected', 'Scanned', 'Failed']);
  return (
    <DescriptionList isCompact isHorizontal>
      {rows
        .filter(([term, value]) => value !== 0 || always.has(term))
        .map(([term, value]) => (
          <DescriptionListGroup key={term}>
            <DescriptionListTerm>{term}</DescriptionListTerm>
            <DescriptionListDescription className="plimsoll-numbers">
              {typeof value === 'number' ? formatCount(value) : value}
            </DescriptionListDescription>
          </DescriptionListGroup>
        ))}
    </DescriptionList>
  );
}

interface RunError {
  readonly code: string;
  readonly message: string;
  readonly at: string;
  readonly count: number;
  readonly repository?: string;
}

function RunErrors({ run }: { readonly run: Run }) {
  const errors = run.errors as readonly RunError[];
  return errors.map(({ code, message, at, count, repository }) => (
    <Alert key={code} variant="danger" isInline title={<span className="plimsoll-name">{message}</span>}>
      <a href={`/api/errors/${encodeURIComponent(code)}`} target="_blank" rel="noreferrer">
        {code}
      </a>
      {count > 1 && `, ${formatCount(count)} times`}, last <Time at={at} />
      {repository !== undefined && <span className="plimsoll-name"> in {repository}</span>}
    </Alert>
  ));
}

interface PatternFigures {
  readonly pattern: string;
  readonly seen: number;
  readonly matched: number;
  readonly excluded: number;
  readonly suggestions: readonly string[];
}

/** What each entry of the job saw and matched, and names that may have been meant. */
function Patterns({ run }: { readonly run: Run }) {
  const targets = run.patterns as readonly {
    readonly repository: PatternFigures;
    readonly tags: readonly PatternFigures[];
  }[];
  const figures = targets.flatMap(({ repository, tags }) => [
    { what: 'repositories', ...repository },
    ...tags.map(tag => ({ what: 'tags', ...tag })),
  ]);
  return (
    <List>
      {figures.map(({ what, pattern, seen, matched, excluded, suggestions }) => (
        <ListItem key={`${what}${pattern}`} className="plimsoll-name">
          <code>{pattern}</code> matched {formatCount(matched)} of {formatCount(seen)} {what}
          {excluded > 0 && `, ${formatCount(excluded)} left out by date or limit`}
          {suggestions.length > 0 && `; perhaps you meant ${suggestions.join(', ')}`}
        </ListItem>
      ))}
    </List>
  );
}
