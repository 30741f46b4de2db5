/** Where a job or a run is: its state in words, with the reason behind it. */
import { Label, type LabelProps, Tooltip } from '@patternfly/react-core';
import type { Run, Schedule } from '../api/model.ts';

type State = Run['state'];
type Status = NonNullable<LabelProps['status']> | 'none';

const STATES: Readonly<Record<State, readonly [string, Status]>> = {
  Created: ['Saved', 'none'],
  BaselineCreated: ['Saved', 'none'],
  BaselineQueued: ['Waiting', 'none'],
  BaselineRunning: ['Running', 'info'],
  BaselineCompleted: ['Done', 'success'],
  Queued: ['Waiting', 'none'],
  Running: ['Running', 'info'],
  Paused: ['Paused', 'warning'],
  Completed: ['Done', 'success'],
  Finished: ['Finished', 'success'],
  Error: ['Error', 'danger'],
  Failed: ['Failed', 'danger'],
  Canceled: ['Cancelled', 'none'],
  Unknown: ['Sensor silent', 'warning'],
};

/** Whether work goes on, or will. */
export function isActive(state: State): boolean {
  return ['BaselineQueued', 'BaselineRunning', 'Queued', 'Running', 'Paused', 'Unknown'].includes(state);
}

/** `item`: a job, or a run. */
export function StateLabel({
  item,
}: {
  readonly item:
    | Pick<Run, 'state' | 'pauseReason' | 'noImagesMatched' | 'reason'>
    | Pick<Schedule, 'state' | 'pauseReason' | 'desiredState'>;
}) {
  const isCancelling = 'desiredState' in item && item.desiredState === 'Canceled' && isActive(item.state);
  const hasMatchedNothing = 'noImagesMatched' in item && item.noImagesMatched && !isActive(item.state);
  const [known, status] = STATES[item.state];
  const text = isCancelling ? 'Cancelling' : hasMatchedNothing ? 'Nothing matched' : known;
  const shown = hasMatchedNothing ? 'warning' : status;
  const reason = item.pauseReason ?? ('reason' in item ? item.reason : null);
  const label = (
    <Label variant="outline" {...(shown === 'none' ? {} : { status: shown })}>
      {text}
    </Label>
  );
  return reason === null ? label : <Tooltip content={reason}>{<span>{label}</span>}</Tooltip>;
}
