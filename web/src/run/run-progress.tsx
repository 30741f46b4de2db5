/** How far a run is: images done of those that it selected. */
import { Progress, ProgressSize, ProgressVariant } from '@patternfly/react-core';
import type { Run } from '../api/model.ts';
import { formatCount, formatThings } from '../display/format-number.ts';
import { isActive } from '../job/state-label.tsx';

/** Images of a run that need nothing more, and all that it selected. */
function progressOf({ counters: c }: Pick<Run, 'counters'>): { readonly done: number; readonly all: number } {
  return { done: c.digestsSelected - c.digestsQueued - c.digestsRunning - c.digestsNotReached, all: c.digestsSelected };
}

export function RunProgress({ run }: { readonly run: Run }) {
  const { done, all } = progressOf(run);
  const { digestsFailed } = run.counters;
  const isListing = isActive(run.state) && run.listingCompletedAt === null;
  const words = `${formatCount(done)} of ${formatThings(all, 'image')}${digestsFailed > 0 ? `, ${formatCount(digestsFailed)} failed` : ''}${isListing ? ', still listing' : ''}`;
  return (
    <Progress
      id={`progress-${run.id}`}
      aria-label={`Run ${run.number}`}
      size={ProgressSize.sm}
      value={all === 0 ? 0 : done}
      max={Math.max(1, all)}
      valueText={words}
      title={words}
      measureLocation="none"
      {...(isActive(run.state) ? {} : { variant: variantOf(run) })}
    />
  );
}

/** Of a run that is over. */
function variantOf({ state, counters }: Run): ProgressVariant {
  if (state === 'Error' || state === 'Failed') return ProgressVariant.danger;
  return counters.digestsFailed > 0 || state === 'Canceled' ? ProgressVariant.warning : ProgressVariant.success;
}
