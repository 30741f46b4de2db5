/** The layers of an image, lowest first: what made each, and what it brought. */
import { useQuery } from '@tanstack/react-query';
import type { Layer } from '../api/model.ts';
import { severityCounts, totalOf } from '../display/counts.ts';
import { ShortDigest } from '../display/digest.tsx';
import { formatBytes, formatCount } from '../display/format-number.ts';
import { SeverityCounts } from '../display/severity.tsx';
import { Empty } from '../feedback/answer.tsx';
import { type Column, DataTable } from '../table/data-table.tsx';
import { layersQuery } from './image-queries.ts';

const COLUMNS: readonly Column<Layer>[] = [
  { title: 'Layer', isFit: true, render: ({ position }) => <span className="plimsoll-numbers">{position + 1}</span> },
  {
    title: 'Instruction',
    width: 40,
    render: ({ createdBy }) =>
      createdBy === null ? (
        <span className="plimsoll-quiet">Not recorded</span>
      ) : (
        <code className="plimsoll-wrap">{createdBy}</code>
      ),
  },
  { title: 'Size', render: ({ sizeBytes }) => <span className="plimsoll-numbers">{formatBytes(sizeBytes)}</span> },
  {
    title: 'Packages',
    render: ({ packageCount }) => <span className="plimsoll-numbers">{formatCount(packageCount)}</span>,
  },
  {
    title: 'Findings',
    width: 25,
    render: ({ counts, packageCount, position }) =>
      totalOf(counts) === 0 && counts.undetermined > 0 ? (
        <span className="plimsoll-quiet">Undetermined: {formatCount(counts.undetermined)}</span>
      ) : (
        <SeverityCounts
          counts={severityCounts(counts)}
          what={`Findings of layer ${position + 1}`}
          none={packageCount === 0 ? '–' : 'None'}
        />
      ),
  },
  { title: 'Digest', isFit: true, render: ({ digest }) => <ShortDigest digest={digest} /> },
];

export function LayersTab({ digest }: { readonly digest: string }) {
  const { data, ...query } = useQuery(layersQuery(digest));
  const page = { ...query, data: data === undefined ? undefined : { items: data, nextCursor: null } };
  return (
    <DataTable
      what="layers"
      query={page as Parameters<typeof DataTable<Layer>>[0]['query']}
      columns={COLUMNS}
      keyOf={({ position }) => String(position)}
      empty={<Empty title="No layers">This image has none.</Empty>}
    />
  );
}
