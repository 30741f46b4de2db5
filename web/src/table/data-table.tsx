/** A table of things that the server lists, with its four states; narrow screens show each row as a card. */
import { Button, MenuToggle, Toolbar, ToolbarContent, ToolbarGroup, ToolbarItem } from '@patternfly/react-core';
import { AngleLeftIcon } from '@patternfly/react-icons/dist/esm/icons/angle-left-icon';
import { AngleRightIcon } from '@patternfly/react-icons/dist/esm/icons/angle-right-icon';
import { EllipsisVIcon } from '@patternfly/react-icons/dist/esm/icons/ellipsis-v-icon';
import { ActionsColumn, type IAction, Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Answer } from '../feedback/answer.tsx';
import { nextSort } from './url-state.ts';
import type { ListViewState } from './use-list-view.ts';

/** A page of a list, as the API gives it. */
export interface PageOf<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string | null;
}

/** A column. */
export interface Column<T> {
  readonly title: string;
  readonly render: (row: T) => ReactNode;
  /** The server's name of it, where the server can order by it. */
  readonly sort?: string;
  /** Percent of the width. */
  readonly width?: 10 | 15 | 20 | 25 | 30 | 35 | 40 | 45 | 50 | 60;
  readonly isFit?: boolean;
}

interface Props<T> {
  /** `registries`: for screen readers, and when it cannot be loaded. */
  readonly what: string;
  readonly query: UseQueryResult<PageOf<T>>;
  readonly columns: readonly Column<T>[];
  readonly keyOf: (row: T) => string;
  readonly empty: ReactNode;
  readonly view?: ListViewState;
  /** Above the table: search, filters, buttons. */
  readonly toolbar?: ReactNode;
  readonly actions?: (row: T) => IAction[];
  /** Names of a row for its menu. */
  readonly nameOf?: (row: T) => string;
  readonly selection?: { readonly chosen: ReadonlySet<string>; readonly choose: (chosen: ReadonlySet<string>) => void };
}

export function DataTable<T>({
  what,
  query,
  columns,
  keyOf,
  empty,
  view,
  toolbar,
  actions,
  nameOf,
  selection,
}: Props<T>) {
  return (
    <>
      {toolbar !== undefined && (
        <Toolbar>
          <ToolbarContent>{toolbar}</ToolbarContent>
        </Toolbar>
      )}
      <Answer
        of={query}
        what={what}
        isEmpty={({ items }) => items.length === 0 && view?.cursor === undefined}
        empty={empty}
      >
        {({ items, nextCursor }) => (
          <>
            <Table aria-label={capital(what)} aria-busy={query.isFetching} variant="compact" gridBreakPoint="grid-lg">
              <Thead>
                <Tr>
                  {selection !== undefined && (
                    <Th
                      aria-label="Choose all rows of this page"
                      select={{
                        isSelected: items.length > 0 && items.every(row => selection.chosen.has(keyOf(row))),
                        onSelect: (_, isChosen) => selection.choose(new Set(isChosen ? items.map(keyOf) : [])),
                      }}
                    />
                  )}
                  {columns.map(column => (
                    <HeaderCell key={column.title} column={column} view={view} />
                  ))}
                  {actions !== undefined && <Th screenReaderText="Actions" />}
                </Tr>
              </Thead>
              <Tbody>
                {items.map((row, rowIndex) => (
                  <Tr key={keyOf(row)}>
                    {selection !== undefined && (
                      <Td
                        select={{
                          rowIndex,
                          isSelected: selection.chosen.has(keyOf(row)),
                          onSelect: (_, isChosen) => selection.choose(toggled(selection.chosen, keyOf(row), isChosen)),
                        }}
                      />
                    )}
                    {columns.map(({ title, render, isFit }) => (
                      <Td key={title} dataLabel={title} {...(isFit === true ? { modifier: 'fitContent' } : {})}>
                        {render(row)}
                      </Td>
                    ))}
                    {actions !== undefined && (
                      <Td isActionCell>
                        <RowActions items={actions(row)} name={nameOf?.(row) ?? keyOf(row)} />
                      </Td>
                    )}
                  </Tr>
                ))}
              </Tbody>
            </Table>
            {view !== undefined && <Pager view={view} nextCursor={nextCursor ?? undefined} />}
          </>
        )}
      </Answer>
    </>
  );
}

function HeaderCell<T>({ column, view }: { readonly column: Column<T>; readonly view: ListViewState | undefined }) {
  const { title, sort, width, isFit } = column;
  const now = view?.sort;
  return (
    <Th
      {...(width === undefined ? {} : { width })}
      modifier={isFit === true ? 'fitContent' : 'wrap'}
      {...(sort === undefined || view === undefined
        ? {}
        : {
            sort: {
              columnIndex: 0,
              sortBy:
                now?.replace(/^-/, '') === sort
                  ? { index: 0, direction: now.startsWith('-') ? ('desc' as const) : ('asc' as const) }
                  : {},
              onSort: () => view.change({ sort: nextSort(now, sort) }),
            },
          })}
    >
      {title}
    </Th>
  );
}

/** The menu at the end of a row; none where nothing can be done. */
export function RowActions({ items, name }: { readonly items: IAction[]; readonly name: string }) {
  return items.length === 0 ? null : (
    <ActionsColumn
      items={items}
      popperProps={{ position: 'right' }}
      actionsToggle={({ onToggle, isOpen, isDisabled, toggleRef }) => (
        <MenuToggle
          ref={toggleRef}
          variant="plain"
          aria-label={`Actions for ${name}`}
          icon={<EllipsisVIcon />}
          onClick={onToggle}
          isExpanded={isOpen}
          isDisabled={isDisabled}
        />
      )}
    />
  );
}

/** The ways to the page before and the next one; nothing when there is one page. */
export function Pager({ view, nextCursor }: { readonly view: ListViewState; readonly nextCursor: string | undefined }) {
  const { goBack } = view;
  if (goBack === undefined && nextCursor === undefined) return null;
  return (
    <Toolbar>
      <ToolbarContent>
        <ToolbarGroup align={{ default: 'alignEnd' }}>
          <ToolbarItem>
            <Button
              variant="plain"
              aria-label="Page before"
              icon={<AngleLeftIcon />}
              isDisabled={goBack === undefined}
              onClick={goBack}
            />
          </ToolbarItem>
          <ToolbarItem alignSelf="center">{view.page === undefined ? 'A later page' : `Page ${view.page}`}</ToolbarItem>
          <ToolbarItem>
            <Button
              variant="plain"
              aria-label="Next page"
              icon={<AngleRightIcon />}
              isDisabled={nextCursor === undefined}
              onClick={() => nextCursor !== undefined && view.goToNext(nextCursor)}
            />
          </ToolbarItem>
        </ToolbarGroup>
      </ToolbarContent>
    </Toolbar>
  );
}

function toggled(chosen: ReadonlySet<string>, key: string, isChosen: boolean): ReadonlySet<string> {
  const next = new Set(chosen);
  if (isChosen) next.add(key);
  else next.delete(key);
  return next;
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
