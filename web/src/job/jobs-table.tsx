/** The scan jobs of a registry, with live progress; several can be cancelled or deleted at once. */
import { Button, Dropdown, DropdownItem, DropdownList, MenuToggle, ToolbarItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { api, bodyOf } from '../api/client.ts';
import type { BulkResult, Registry, Schedule } from '../api/model.ts';
import { formatCount, formatThings } from '../display/format-number.ts';
import { Time } from '../display/time.tsx';
import { Empty } from '../feedback/answer.tsx';
import { useConfirm } from '../feedback/confirm.tsx';
import { useChange } from '../feedback/use-change.ts';
import { RunProgress } from '../run/run-progress.tsx';
import { runQuery } from '../run/run-queries.ts';
import { useRole } from '../session/session.tsx';
import { type Column, DataTable } from '../table/data-table.tsx';
import { useListView } from '../table/use-list-view.ts';
import { useJobActions } from './job-actions.ts';
import { jobsQuery } from './job-queries.ts';
import { isActive, StateLabel } from './state-label.tsx';

type Bulk = 'cancel' | 'delete';

export function JobsTable({ registry }: { readonly registry: Registry }) {
  const view = useListView();
  const jobs = useQuery(jobsQuery(registry.id, view.cursor));
  const mayOperate = useRole('operator', registry.namespaceId);
  const actions = useJobActions(registry.namespaceId);
  const navigate = useNavigate();
  const [chosen, choose] = useState<ReadonlySet<string>>(new Set());
  const add = (
    <Button variant="primary" onClick={() => void navigate(`/registries/${registry.id}/jobs/new`)}>
      New scan job
    </Button>
  );
  const picked = (jobs.data?.items ?? []).filter(({ id }) => chosen.has(id));
  const columns: readonly Column<Schedule>[] = [
    {
      title: 'Name',
      width: 25,
      render: job => (
        <Link className="plimsoll-name" to={`/jobs/${job.id}`}>
          {job.name}
        </Link>
      ),
    },
    { title: 'Type', render: ({ scanType }) => (scanType === 'OnDemand' ? 'On Demand' : 'Automatic') },
    { title: 'State', width: 30, render: job => <JobState job={job} /> },
    {
      title: 'Next run',
      render: job => (job.isEnabled ? <Time at={job.nextDueAt} /> : <span className="plimsoll-quiet">Disabled</span>),
    },
    { title: 'Runs', render: ({ runCount }) => <span className="plimsoll-numbers">{formatCount(runCount)}</span> },
  ];
  return (
    <DataTable
      what="scan jobs"
      query={jobs}
      view={view}
      columns={columns}
      keyOf={({ id }) => id}
      nameOf={({ name }) => name}
      {...(mayOperate
        ? {
            actions,
            selection: { chosen, choose },
            toolbar: (
              <>
                <ToolbarItem>{add}</ToolbarItem>
                <ToolbarItem>
                  <BulkMenu registryId={registry.id} picked={picked} onDone={() => choose(new Set())} />
                </ToolbarItem>
              </>
            ),
          }
        : {})}
      empty={
        <Empty title="There is no scan job" action={mayOperate ? add : undefined}>
          A scan job says which images are scanned, and when.
        </Empty>
      }
    />
  );
}

function JobState({ job }: { readonly job: Schedule }) {
  const run = useQuery({ ...runQuery(job.currentRunId ?? ''), enabled: job.currentRunId !== null });
  return (
    <>
      <StateLabel item={job} />
      {isActive(job.state) && run.data !== undefined && (
        <Link
          to={`/runs/${run.data.id}`}
          aria-label={`Run ${run.data.number} of ${job.name}`}
          className="plimsoll-block"
        >
          <RunProgress run={run.data} />
        </Link>
      )}
    </>
  );
}

function BulkMenu({
  registryId,
  picked,
  onDone,
}: {
  readonly registryId: string;
  readonly picked: readonly Schedule[];
  readonly onDone: () => void;
}) {
  const [isOpen, setOpen] = useState(false);
  const confirm = useConfirm();
  const bulk = useChange({
    call: async (action: Bulk) => {
      const options = { params: { path: { registryId } }, body: { ids: picked.map(({ id }) => id) } };
      const call =
        action === 'cancel'
          ? api.POST('/api/v1/registries/{registryId}/schedules/cancel', options)
          : api.POST('/api/v1/registries/{registryId}/schedules/delete', options);
      return await bodyOf<BulkResult>(call);
    },
    stale: ['schedules', 'runs', 'registries'],
    done: (result, action) => tell(result, action),
    failed: 'The scan jobs were not changed',
    onDone,
  });
  const ask = async (action: Bulk) => {
    const names = picked.map(({ name }) => `"${name}"`).join(', ');
    const isSure = await confirm({
      title: `${action === 'cancel' ? 'Cancel' : 'Delete'} ${formatThings(picked.length, 'scan job')}?`,
      body:
        action === 'cancel'
          ? `${names}. Jobs that do not run are passed over; results stay.`
          : `${names}. Jobs that run are passed over: cancel them first. Images and reports stay.`,
      action: action === 'cancel' ? 'Cancel the runs' : 'Delete the scan jobs',
    });
    if (isSure) bulk.mutate(action);
  };
  return (
    <Dropdown
      isOpen={isOpen}
      onOpenChange={setOpen}
      onSelect={() => setOpen(false)}
      toggle={ref => (
        <MenuToggle ref={ref} isExpanded={isOpen} isDisabled={picked.length === 0} onClick={() => setOpen(!isOpen)}>
          With {formatCount(picked.length)} chosen
        </MenuToggle>
      )}
    >
      <DropdownList>
        <DropdownItem onClick={() => void ask('cancel')}>Cancel</DropdownItem>
        <DropdownItem isDanger onClick={() => void ask('delete')}>
          Delete
        </DropdownItem>
      </DropdownList>
    </Dropdown>
  );
}

function tell({ accepted, ignored, refused }: BulkResult, action: Bulk): string {
  const parts = [
    `${formatThings(accepted.length, 'scan job')} ${action === 'cancel' ? 'cancelled' : 'deleted'}`,
    ...(ignored.length > 0 ? [`${formatCount(ignored.length)} passed over`] : []),
    ...(refused.length > 0 ? [`${formatCount(refused.length)} refused: ${refused[0]?.violation.message}`] : []),
  ];
  return parts.join(', ');
}
