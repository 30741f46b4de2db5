/** The settings of a scan job, to be read. */
import { DescriptionList } from '@patternfly/react-core';
import type { Schedule, ScheduleSettings } from '../api/model.ts';
import { Fact } from '../display/fact.tsx';
import { formatThings } from '../display/format-number.ts';
import { Time } from '../display/time.tsx';
import { writeLabels } from '../form/labels.ts';

const PUSHED: Readonly<Record<string, string>> = { all: 'at any time', today: 'today', yesterday: 'yesterday' };

export function SettingsSummary({ job }: { readonly job: Schedule }) {
  const settings = job.settings as unknown as ScheduleSettings;
  const { targets, filters, recurrence, limit, platforms, sensorSelector } = settings;
  const labels = writeLabels(sensorSelector.labels);
  return (
    <DescriptionList columnModifier={{ default: '1Col', lg: '2Col' }} isCompact>
      <Fact term="Type">{job.scanType === 'OnDemand' ? 'On Demand: once, and when it is restarted' : 'Automatic'}</Fact>
      <Fact term="Repositories">
        {targets.map(({ repository, tags }) => (
          <div key={`${repository} ${tags.join()}`} className="plimsoll-name">
            <code>{repository}</code>
            {tags.length > 0 && <> with tags {tags.join(', ')}</>}
          </div>
        ))}
      </Fact>
      {job.scanType === 'OnDemand' && (
        <Fact term="Pushed">
          {PUSHED[filters.pushed.kind] ??
            `${filters.pushed.kind === 'exactlyDaysAgo' ? 'exactly' : 'in the last'} ${formatThings(Number(filters.pushed.days), 'day')}`}
        </Fact>
      )}
      {job.scanType === 'Automatic' && <Fact term="Recurrence">{recurrenceText(recurrence)}</Fact>}
      {job.scanType === 'Automatic' && (
        <Fact term="Next run">{job.isEnabled ? <Time at={job.nextDueAt} /> : 'Disabled'}</Fact>
      )}
      <Fact term="Images">
        {limit == null
          ? 'Those that are new'
          : limit.kind === 'pushedWithinDays'
            ? `All pushed in the last ${formatThings(Number(limit.days), 'day')}`
            : `The latest ${limit.count} of each repository`}
      </Fact>
      <Fact term="Platforms">{platforms.join(', ')}</Fact>
      <Fact term="Sensors">{labels === '' ? 'Any that reaches the registry' : labels}</Fact>
      <Fact term="Made by">{job.createdBy}</Fact>
      {job.skippedOverlaps > 0 && (
        <Fact term="Skipped">{formatThings(job.skippedOverlaps, 'due time')}, since a run was under way</Fact>
      )}
    </DescriptionList>
  );
}

function recurrenceText({ intervalDays, startTime, weekDay, timezone }: ScheduleSettings['recurrence']): string {
  const days = Number(intervalDays);
  if (days === 1) return `Every day at ${startTime} (${timezone})`;
  if (days === 7) return `Every ${(weekDay ?? '').charAt(0)}${(weekDay ?? '').slice(1).toLowerCase()} (${timezone})`;
  return `Every ${days} days`;
}
