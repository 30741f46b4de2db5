/** Findings as rows of a table; each opens to everything that is known of it. */
import { Checkbox, Label } from '@patternfly/react-core';
import { ExpandableRowContent, type IAction, Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState } from 'react';
import type { Finding, Layer } from '../api/model.ts';
import { SeverityLabel } from '../display/severity.tsx';
import { RowActions } from '../table/data-table.tsx';
import { FindingDetails } from './finding-details.tsx';

/** One has no width: it takes what the others and the toggle leave, which otherwise would lie under the next cell. */
const COLUMNS = [
  { title: 'Severity', sort: 'severity', width: 10 },
  { title: 'Vulnerability', sort: 'name' },
  { title: 'Package', sort: 'package', width: 20 },
  { title: 'Fixed in', width: 10 },
  { title: 'Introduced in', width: 15 },
  { title: 'Exploited', width: 10 },
] as const;

/** Rows that can be chosen, and what can be done with one. */
export interface FindingChoice {
  readonly chosen: ReadonlySet<string>;
  readonly choose: (chosen: ReadonlySet<string>) => void;
  readonly actions: (finding: Finding) => IAction[];
}

/** A finding among those of a page. */
export function findingKey(finding: Finding): string {
  return `${finding.id} ${finding.package.purl} ${finding.layer} ${finding.package.locations[0] ?? ''}`;
}

export function FindingsRows({
  items,
  layers,
  sort,
  onSort,
  isBusy = false,
  choice,
}: {
  readonly items: readonly Finding[];
  readonly layers: readonly Layer[];
  readonly sort: string;
  readonly onSort: (sort: string) => void;
  readonly isBusy?: boolean;
  /** Missing for those who may only read. */
  readonly choice: FindingChoice | undefined;
}) {
  return (
    <Table
      aria-label="Findings"
      aria-busy={isBusy}
      variant="compact"
      isExpandable
      className="plimsoll-fixed"
      gridBreakPoint="grid-xl"
    >
      <Thead>
        <Tr>
          <Th screenReaderText="Details" className="plimsoll-fixed-toggle" />
          {choice !== undefined && (
            <Th modifier="wrap" className="plimsoll-fixed-select">
              <Checkbox
                id="choose-all"
                aria-label="Choose all findings of this page"
                isChecked={items.length > 0 && items.every(one => choice.chosen.has(findingKey(one)))}
                onChange={(_, isChosen) => choice.choose(new Set(isChosen ? items.map(findingKey) : []))}
              />
            </Th>
          )}
          {COLUMNS.map(column => (
            <Th
              key={column.title}
              {...('width' in column ? { width: column.width } : {})}
              modifier="wrap"
              {...(!('sort' in column)
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
          {choice !== undefined && <Th modifier="wrap" screenReaderText="Actions" className="plimsoll-fixed-actions" />}
        </Tr>
      </Thead>
      {items.map((finding, rowIndex) => (
        <FindingRows
          key={findingKey(finding)}
          finding={finding}
          rowIndex={rowIndex}
          layer={layers.find(({ position }) => position === finding.layer)}
          choice={choice}
        />
      ))}
    </Table>
  );
}

function FindingRows({
  finding,
  rowIndex,
  layer,
  choice,
}: {
  readonly finding: Finding;
  readonly rowIndex: number;
  readonly layer: Layer | undefined;
  readonly choice: FindingChoice | undefined;
}) {
  const [isOpen, setOpen] = useState(false);
  const key = findingKey(finding);
  return (
    <Tbody isExpanded={isOpen}>
      <Tr>
        <Td expand={{ rowIndex, isExpanded: isOpen, onToggle: () => setOpen(!isOpen), expandId: 'plimsoll-finding' }} />
        {choice !== undefined && (
          <Td className="plimsoll-fixed-select">
            <Checkbox
              id={`choose-${rowIndex}`}
              aria-label={`Choose ${finding.id} in ${finding.package.name}`}
              isChecked={choice.chosen.has(key)}
              onChange={(_, isChosen) => {
                const next = new Set(choice.chosen);
                if (isChosen) next.add(key);
                else next.delete(key);
                choice.choose(next);
              }}
            />
          </Td>
        )}
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
          <div>{finding.package.version}</div>
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
        {choice !== undefined && (
          <Td isActionCell className="plimsoll-fixed-actions">
            <RowActions items={choice.actions(finding)} name={`${finding.id} in ${finding.package.name}`} />
          </Td>
        )}
      </Tr>
      {isOpen && (
        <Tr isExpanded>
          <Td />
          <Td colSpan={COLUMNS.length + (choice === undefined ? 0 : 2)}>
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
