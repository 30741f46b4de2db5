/** Runs, latest first. */

import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { Run } from '../api/model.ts';
import { formatSpan } from '../display/format-time.ts';
import { Time, useNow } from '../display/time.tsx';
import { Empty } from '../feedback/answer.tsx';
import { isActive, StateLabel } from '../job/state-label.tsx';
import { type Column, DataTable } from '../table/data-table.tsx';
import { useListView } from '../table/use-list-view.ts';
import { RunProgress } from './run-progress.tsx';
import { runsQuery } from './run-queries.ts';

/** How each kind is called. */
export const RUN_KINDS: Readonly<Record<Run['kind'], string>> = {
  baseline: 'First scan of everything that matches',
  incremental: 'What is new',
  forced: 'Everything, known or not',
  image: 'One image',
};

const COLUMNS: readonly Column<Run>[] = [
  { title: 'Run', render: run => <Link to={`/runs/${run.id}`}>Run {run.number}</Link> },
  { title: 'State', render: run => <StateLabel item={run} /> },
  { title: 'Scans', render: run => RUN_KINDS[run.kind] },
  { title: 'Images', width: 25, render: run => <RunProgress run={run} /> },
  { title: 'Began', render: run => <Time at={run.startedAt ?? run.createdAt} /> },
  { title: 'Took', render: run => <Duration run={run} /> },
];

/** Of a registry, or of a job. */
export function RunsTable(of: { readonly registry?: string; readonly schedule?: string }) {
  const view = useListView();
  const runs = useQuery(runsQuery({ ...of, cursor: view.cursor }));
  return (
    <DataTable
      what="runs"
      query={runs}
      view={view}
      columns={COLUMNS}
      keyOf={({ id }) => id}
      empty={<Empty title="It has not run yet">Runs are listed here, the latest first.</Empty>}
    />
  );
}

/** How long a run took, or has taken. */
export function Duration({ run }: { readonly run: Pick<Run, 'startedAt' | 'completedAt' | 'state'> }) {
  const isRunning = run.startedAt !== null && run.completedAt === null && isActive(run.state);
  const now = useNow(isRunning, 1000);
  if (run.startedAt === null) return <>–</>;
  const end = run.completedAt === null ? now : Date.parse(run.completedAt);
  return <span className="plimsoll-numbers">{formatSpan(end - Date.parse(run.startedAt))}</span>;
}
