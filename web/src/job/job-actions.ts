/** What can be done with a scan job now, as entries of a menu: what its state allows, for who may. */
import type { IAction } from '@patternfly/react-table';
import { useNavigate } from 'react-router';
import { api } from '../api/client.ts';
import type { Schedule } from '../api/model.ts';
import { useConfirm } from '../feedback/confirm.tsx';
import { useChange } from '../feedback/use-change.ts';
import { useRole } from '../session/session.tsx';

type Verb =
  | 'cancel'
  | 'pause'
  | 'resume'
  | 'run-now'
  | 'restart'
  | 'from-the-beginning'
  | 'enable'
  | 'disable'
  | 'delete';
const STALE = ['schedules', 'runs', 'registries'];

const DONE: Readonly<Record<Verb, string>> = {
  cancel: 'is being cancelled',
  pause: 'is paused',
  resume: 'goes on',
  'run-now': 'runs',
  restart: 'is restarted',
  'from-the-beginning': 'is restarted from the beginning',
  enable: 'runs when it is due',
  disable: 'does not run by itself any more',
  delete: 'is deleted',
};

/** `onDeleted`: where to go when the page was about the job. */
export function useJobActions(namespaceId: string, onDeleted?: () => void): (job: Schedule) => IAction[] {
  const mayOperate = useRole('operator', namespaceId);
  const confirm = useConfirm();
  const navigate = useNavigate();
  const change = useChange({
    call: async ({ job, verb }: { job: Schedule; verb: Verb }) => await act(job.id, verb),
    stale: STALE,
    done: (_, { job, verb }) => `Scan job "${job.name}" ${DONE[verb]}`,
    failed: 'The scan job was not changed',
    onDone: (_, { verb }) => {
      if (verb === 'delete') onDeleted?.();
    },
  });
  return job => {
    if (!mayOperate) return [];
    const may = new Set(job.allowedActions);
    const entry = (title: string, verb: Verb): IAction => ({ title, onClick: () => change.mutate({ job, verb }) });
    const cancel = async () => {
      const isSure = await confirm({
        title: `Cancel the run of "${job.name}"?`,
        body: 'Nothing new is begun, and scans in hand get 30 seconds. Results stay; images that were not reached keep their previous report. A restart goes on with the rest.',
        action: 'Cancel the run',
      });
      if (isSure) change.mutate({ job, verb: 'cancel' });
    };
    const remove = async () => {
      const isSure = await confirm({
        title: `Delete the scan job "${job.name}"?`,
        body: 'The job and the record of its runs go. Images and their reports belong to the registry and stay.',
        action: 'Delete the scan job',
      });
      if (isSure) change.mutate({ job, verb: 'delete' });
    };
    return [
      ...(may.has('run-now') ? [entry('Run now', 'run-now')] : []),
      ...(may.has('pause') ? [entry('Pause', 'pause')] : []),
      ...(may.has('resume') ? [entry('Go on', 'resume')] : []),
      ...(may.has('restart')
        ? [
            entry('Restart: the rest, or all anew', 'restart'),
            entry('Restart from the beginning', 'from-the-beginning'),
          ]
        : []),
      ...(may.has('cancel') ? [{ title: 'Cancel', onClick: () => void cancel() }] : []),
      ...(may.has('update') ? [{ title: 'Edit settings', onClick: () => void navigate(`/jobs/${job.id}/edit`) }] : []),
      ...(job.scanType === 'Automatic'
        ? [job.isEnabled ? entry('Disable', 'disable') : entry('Enable', 'enable')]
        : []),
      ...(may.has('delete')
        ? [{ isSeparator: true }, { title: 'Delete', isDanger: true, onClick: () => void remove() }]
        : []),
    ];
  };
}

async function act(scheduleId: string, verb: Verb): Promise<unknown> {
  const params = { path: { scheduleId } };
  switch (verb) {
    case 'cancel':
      return await api.POST('/api/v1/schedules/{scheduleId}/cancel', { params });
    case 'pause':
      return await api.POST('/api/v1/schedules/{scheduleId}/pause', { params });
    case 'resume':
      return await api.POST('/api/v1/schedules/{scheduleId}/resume', { params });
    case 'run-now':
      return await api.POST('/api/v1/schedules/{scheduleId}/run-now', { params, body: { isDeep: false } });
    case 'restart':
      return await api.POST('/api/v1/schedules/{scheduleId}/restart', {
        params,
        body: { mode: 'resume', isDeep: false },
      });
    case 'from-the-beginning':
      return await api.POST('/api/v1/schedules/{scheduleId}/restart', {
        params,
        body: { mode: 'from-the-beginning', isDeep: false },
      });
    case 'enable':
    case 'disable':
      return await api.PATCH('/api/v1/schedules/{scheduleId}', { params, body: { isEnabled: verb === 'enable' } });
    case 'delete':
      return await api.DELETE('/api/v1/schedules/{scheduleId}', { params });
    default:
      return verb satisfies never;
  }
}
