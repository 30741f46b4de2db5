/** The images of a run, and why those failed that failed. */
import { FormSelect, FormSelectOption, ToolbarItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { RunImage } from '../api/model.ts';
import { ShortDigest, shortDigest } from '../display/digest.tsx';
import { formatBytes } from '../display/format-number.ts';
import { Time } from '../display/time.tsx';
import { Empty } from '../feedback/answer.tsx';
import { type Column, DataTable } from '../table/data-table.tsx';
import { useListView } from '../table/use-list-view.ts';
import { runImagesQuery } from './run-queries.ts';

const STATES: Readonly<Record<RunImage['state'], string>> = {
  queued: 'Waiting',
  running: 'Being scanned',
  scanned: 'Scanned',
  failed: 'Failed',
  'not-reached': 'Not reached',
  'skipped-known': 'Known already',
  'skipped-platform': 'Of another platform',
  'skipped-not-scannable': 'Not scannable',
};
const WITH_REPORT: ReadonlySet<RunImage['state']> = new Set(['scanned', 'skipped-known']);
const FILTERS = ['state'];

const COLUMNS: readonly Column<RunImage>[] = [
  {
    title: 'Image',
    width: 35,
    render: ({ repository, tags, digest, state }) => (
      <div className="plimsoll-name">
        {repository}
        {tags.length > 0 && <>: {tags.slice(0, 5).join(', ')}</>}
        {tags.length > 5 && ` and ${tags.length - 5} more`}
        <div>
          {WITH_REPORT.has(state) ? (
            <Link to={`/images/${digest}`}>
              <code>{shortDigest(digest)}</code>
            </Link>
          ) : (
            <ShortDigest digest={digest} />
          )}
        </div>
      </div>
    ),
  },
  {
    title: 'State',
    render: ({ state, attempts }) => `${STATES[state]}${attempts > 1 ? ` (attempt ${attempts})` : ''}`,
  },
  {
    title: 'Why',
    width: 35,
    render: ({ errorCode, reason }) => <span className="plimsoll-name">{reason ?? errorCode ?? ''}</span>,
  },
  { title: 'Pulled', render: ({ bytesPulled }) => (bytesPulled === 0 ? '–' : formatBytes(bytesPulled)) },
  { title: 'Ended', render: ({ endedAt }) => <Time at={endedAt} /> },
];

export function RunImages({ runId }: { readonly runId: string }) {
  const view = useListView({ filters: FILTERS });
  const state = (Object.keys(STATES) as RunImage['state'][]).find(known => known === view.filters['state']?.[0]);
  const images = useQuery(runImagesQuery(runId, { state, cursor: view.cursor }));
  return (
    <DataTable
      what="images"
      query={images}
      view={view}
      columns={COLUMNS}
      keyOf={({ digest, repository }) => `${repository}@${digest}`}
      toolbar={
        <ToolbarItem>
          <FormSelect
            aria-label="State of images"
            value={state ?? ''}
            onChange={(_, wanted) => view.change({ filters: { state: wanted === '' ? [] : [wanted] } })}
          >
            <FormSelectOption value="" label="All states" />
            {Object.entries(STATES).map(([value, label]) => (
              <FormSelectOption key={value} value={value} label={label} />
            ))}
          </FormSelect>
        </ToolbarItem>
      }
      empty={
        <Empty title={state === undefined ? 'No image is selected yet' : 'No image is in this state'}>
          {state === undefined ? 'Images come in as repositories are listed.' : undefined}
        </Empty>
      }
    />
  );
}
