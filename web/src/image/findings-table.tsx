/** The findings of an image: filtered, sorted and paged by the server; each opens to everything that is known of it. */
import { ExpandableSection, Label, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { SearchIcon } from '@patternfly/react-icons/dist/esm/icons/search-icon';
import { ExpandableRowContent, Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Finding, Layer } from '../api/model.ts';
import { formatCount, formatThings } from '../display/format-number.ts';
import { SEVERITIES, type Severity, SeverityLabel, severityLabel } from '../display/severity.tsx';
import { Answer, Empty } from '../feedback/answer.tsx';
import { Pager } from '../table/data-table.tsx';
import { FilterSelect } from '../table/filter-select.tsx';
import { FilterSwitch, isOn } from '../table/filter-switch.tsx';
import { SearchBox } from '../table/search-box.tsx';
import { type ListViewState, useListView } from '../table/use-list-view.ts';
import { FindingDetails } from './finding-details.tsx';
import { type FindingsQuery, findingsQuery, layersQuery } from './image-queries.ts';

const FILTERS = ['severity', 'fixable', 'exploited', 'layer'];
const SORTS = ['severity', 'name', 'package'];
const OPTIONS = SEVERITIES.map(value => ({ value, label: severityLabel(value) }));

/** The view of the findings in the address. */
export function useFindingsView(): ListViewState {
  return useListView({ filters: FILTERS, sorts: SORTS });
}

export function FindingsTable({
  digest,
  view,
  total,
}: {
  readonly digest: string;
  readonly view: ListViewState;
  /** Of the image, without filters. */
  readonly total: number;
}) {
  const query = toQuery(view);
  const findings = useQuery(findingsQuery(digest, query));
  const waived = useQuery(findingsQuery(digest, { waived: 'only', limit: 100 }));
  const layers = useQuery(layersQuery(digest));
  const isNarrowed = view.search !== '' || Object.values(view.filters).some(values => values.length > 0);
  const layerOptions = (layers.data ?? [])
    .filter(({ counts }) => SEVERITIES.some(severity => counts[severity.toLowerCase() as 'high'] > 0))
    .map(({ position, createdBy }) => ({
      value: String(position),
      label: `Layer ${position + 1}: ${(createdBy ?? 'instruction not recorded').slice(0, 60)}`,
    }));
  return (
    <>
      <Toolbar>
        <ToolbarContent>
          <ToolbarItem className="plimsoll-search">
            <SearchBox view={view} label="Search findings and packages" />
          </ToolbarItem>
          <ToolbarItem>
            <FilterSelect view={view} name="severity" label="Severity" options={OPTIONS} isSeveral />
          </ToolbarItem>
          {layerOptions.length > 1 && (
            <ToolbarItem>
              <FilterSelect view={view} name="layer" label="Layer" options={layerOptions} />
            </ToolbarItem>
          )}
          <ToolbarItem alignSelf="center">
            <FilterSwitch view={view} name="fixable" label="Only fixable" />
          </ToolbarItem>
          <ToolbarItem alignSelf="center">
            <FilterSwitch view={view} name="exploited" label="Only known exploited" />
          </ToolbarItem>
        </ToolbarContent>
      </Toolbar>
      <Answer
        of={findings}
        what="findings"
        isEmpty={({ items }) => items.length === 0}
        empty={
          isNarrowed ? (
            <Empty title="No finding matches">There are {formatCount(total)} without search and filters.</Empty>
          ) : (
            <Empty title="No findings" icon={SearchIcon}>
              Nothing that is known affects what could be judged. What could not be judged is told above.
            </Empty>
          )
        }
      >
        {({ items, nextCursor }) => (
          <>
            <Rows
              items={items}
              layers={layers.data ?? []}
              sort={view.sort ?? 'severity'}
              onSort={sort => view.change({ sort: sort === 'severity' ? undefined : sort })}
              isBusy={findings.isFetching}
              label="Findings"
            />
            <Pager view={view} nextCursor={nextCursor ?? undefined} />
          </>
        )}
      </Answer>
      {(waived.data?.items.length ?? 0) > 0 && (
        <ExpandableSection
          toggleText={`Set aside by rules: ${formatThings(waived.data?.items.length ?? 0, 'finding')}${waived.data?.nextCursor != null ? ' and more' : ''}`}
        >
          <p className="plimsoll-quiet">Told, but not counted: each says by which rule. The report has all of them.</p>
          <Rows items={waived.data?.items ?? []} layers={layers.data ?? []} label="Findings that are set aside" />
        </ExpandableSection>
      )}
    </>
  );
}

/** One has no width: it takes what the others and the toggle leave, which otherwise would lie under the next cell. */
const COLUMNS = [
  { title: 'Severity', sort: 'severity', width: 10 },
  { title: 'Vulnerability', sort: 'name' },
  { title: 'Package', sort: 'package', width: 15 },
  { title: 'Installed', width: 10 },
  { title: 'Fixed in', width: 10 },
  { title: 'Introduced in', width: 15 },
  { title: 'Exploited', width: 10 },
] as const;

function Rows({
  items,
  layers,
  sort,
  onSort,
  isBusy = false,
  label,
}: {
  readonly items: readonly Finding[];
  readonly layers: readonly Layer[];
  readonly sort?: string;
  readonly onSort?: (sort: string) => void;
  readonly isBusy?: boolean;
  readonly label: string;
}) {
  return (
    <Table
      aria-label={label}
      aria-busy={isBusy}
      variant="compact"
      isExpandable
      className="plimsoll-fixed"
      gridBreakPoint="grid-xl"
    >
      <Thead>
        <Tr>
          <Th screenReaderText="Details" className="plimsoll-fixed-toggle" />
          {COLUMNS.map(column => (
            <Th
              key={column.title}
              {...('width' in column ? { width: column.width } : {})}
              modifier="wrap"
              {...(onSort === undefined || !('sort' in column)
                ? {}
                : {
                    sort: {
                      columnIndex: 0,
                      // The server sorts the worst first, names from A.
                      sortBy:
                        sort === column.sort
                          ? { index: 0, direction: sort === 'severity' ? ('desc' as const) : ('asc' as const) }
                          : {},
                      onSort: () => onSort(column.sort),
                    },
                  })}
            >
              {column.title}
            </Th>
          ))}
        </Tr>
      </Thead>
      {items.map((finding, rowIndex) => (
        <FindingRows
          key={`${finding.id} ${finding.package.purl} ${finding.layer} ${finding.package.locations[0] ?? ''}`}
          finding={finding}
          rowIndex={rowIndex}
          layer={layers.find(({ position }) => position === finding.layer)}
        />
      ))}
    </Table>
  );
}

function FindingRows({
  finding,
  rowIndex,
  layer,
}: {
  readonly finding: Finding;
  readonly rowIndex: number;
  readonly layer: Layer | undefined;
}) {
  const [isOpen, setOpen] = useState(false);
  return (
    <Tbody isExpanded={isOpen}>
      <Tr>
        <Td expand={{ rowIndex, isExpanded: isOpen, onToggle: () => setOpen(!isOpen), expandId: 'plimsoll-finding' }} />
        <Td dataLabel="Severity">
          <SeverityLabel severity={finding.severity} />
        </Td>
        <Td dataLabel="Vulnerability" className="plimsoll-name">
          <button type="button" className="plimsoll-plain-link" onClick={() => setOpen(!isOpen)}>
            {finding.id}
          </button>
          {finding.title !== null && <div className="plimsoll-quiet plimsoll-two-lines">{finding.title}</div>}
        </Td>
        <Td dataLabel="Package" className="plimsoll-name">
          {finding.package.name} <span className="plimsoll-quiet">{finding.package.type}</span>
        </Td>
        <Td dataLabel="Installed" className="plimsoll-name">
          {finding.package.version}
        </Td>
        <Td dataLabel="Fixed in" className="plimsoll-name">
          <FixedIn finding={finding} />
        </Td>
        <Td dataLabel="Introduced in">
          {layer === undefined ? (
            <span className="plimsoll-quiet">No layer</span>
          ) : (
            <code className="plimsoll-instruction" title={layer.createdBy ?? ''}>
              {layer.position + 1}: {layer.createdBy ?? 'not recorded'}
            </code>
          )}
        </Td>
        <Td dataLabel="Exploited">
          {finding.isKnownExploited && (
            <Label status="danger" isCompact>
              Known
            </Label>
          )}{' '}
          {finding.epss !== null && (
            <span className="plimsoll-numbers">{(finding.epss.probability * 100).toFixed(1)} %</span>
          )}
          {!finding.isKnownExploited && finding.epss === null && <span className="plimsoll-quiet">–</span>}
        </Td>
      </Tr>
      {isOpen && (
        <Tr isExpanded>
          <Td />
          <Td colSpan={COLUMNS.length}>
            <ExpandableRowContent>
              <FindingDetails finding={finding} layer={layer} />
            </ExpandableRowContent>
          </Td>
        </Tr>
      )}
    </Tbody>
  );
}

const FIX_WORDS: Readonly<Record<string, string>> = {
  'not-fixed': 'No fix yet',
  'will-not-fix': 'Will not be fixed',
  unknown: 'Not known',
};

function FixedIn({ finding: { fix } }: { readonly finding: Finding }) {
  if (fix.version !== null) return <>{fix.version}</>;
  return <span className="plimsoll-quiet">{FIX_WORDS[fix.kind] ?? fix.kind}</span>;
}

function toQuery(view: ListViewState): FindingsQuery {
  const severity = (view.filters['severity'] ?? []).filter((one): one is Severity =>
    SEVERITIES.some(known => known === one),
  );
  const layer = Number.parseInt(view.filters['layer']?.[0] ?? '', 10);
  return {
    limit: 50,
    ...(view.search === '' ? {} : { q: view.search }),
    ...(severity.length === 0 ? {} : { severity }),
    ...(isOn(view, 'fixable') ? { fixable: 'true' } : {}),
    ...(isOn(view, 'exploited') ? { exploited: 'true' } : {}),
    ...(Number.isNaN(layer) ? {} : { layer }),
    ...(view.sort === 'name' || view.sort === 'package' ? { sort: view.sort } : {}),
    ...(view.cursor === undefined ? {} : { cursor: view.cursor }),
  };
}
