/** Builds in words: how they are, and why they were made. */
import { Label, type LabelProps } from '@patternfly/react-core';
import type { Build } from '../api/model.ts';

const STATES: Readonly<Record<Build['state'], readonly [string, NonNullable<LabelProps['status']> | undefined]>> = {
  queued: ['Waiting', undefined],
  cloning: ['Cloning', 'info'],
  building: ['Building', 'info'],
  pushing: ['Pushing', 'info'],
  scanning: ['Being scanned', 'info'],
  succeeded: ['Succeeded', 'success'],
  failed: ['Failed', 'danger'],
  cancelled: ['Cancelled', 'warning'],
};

/** How a build is. */
export function BuildLabel({ state }: { readonly state: Build['state'] }) {
  const [text, status] = STATES[state];
  return (
    <Label variant="outline" {...(status === undefined ? {} : { status })}>
      {text}
    </Label>
  );
}

const CAUSES: Readonly<Record<Build['cause'], string>> = {
  manual: 'Somebody asked',
  advisory: 'A fix appeared',
  'base-image': 'The base image moved',
  'package-update': 'Newer packages',
  retry: 'Tried again',
};

/** Why it was made. */
export function causeText({ cause, requestedBy }: Pick<Build, 'cause' | 'requestedBy'>): string {
  return cause === 'manual' ? `${requestedBy} asked` : CAUSES[cause];
}

/** Whether something may still happen to it. */
export function isOver({ state }: Pick<Build, 'state'>): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled';
}
