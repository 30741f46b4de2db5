/** The findings of an image: filtered, sorted and paged by the server. What is waived is apart. */
import { Button, ToggleGroup, ToggleGroupItem, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { SearchIcon } from '@patternfly/react-icons/dist/esm/icons/search-icon';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import type { Finding } from '../api/model.ts';
import { formatCount, formatThings } from '../display/format-number.ts';
import { SEVERITIES, type Severity, severityLabel } from '../display/severity.tsx';
import { Answer, Empty } from '../feedback/answer.tsx';
import { useRole } from '../session/session.tsx';
import { Pager } from '../table/data-table.tsx';
import { FilterSelect } from '../table/filter-select.tsx';
import { FilterSwitch, isOn } from '../table/filter-switch.tsx';
import { SearchBox } from '../table/search-box.tsx';
import { type ListViewState, useListView } from '../table/use-list-view.ts';
import type { WaivedPlace } from '../waiver/waive-dialog.tsx';
import { FindingsRows, findingKey } from './finding-rows.tsx';
import { type FindingsQuery, findingsQuery, layersQuery, waivedFindingsQuery } from './image-queries.ts';
import { WaivedRows } from './waived-rows.tsx';

const WaiveDialog = lazy(async () => ({ default: (await import('../waiver/waive-dialog.tsx')).WaiveDialog }));

const FILTERS = ['severity', 'fixable', 'exploited', 'layer', 'show'];
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
  place,
}: {
  readonly digest: string;
  readonly view: ListViewState;
  /** Of the image, without filters and without what is waived. */
  readonly total: number;
  /** Where the image lies; without it nothing can be waived. */
  readonly place: WaivedPlace | undefined;
}) {
  const showsWaived = view.filters['show']?.[0] === 'waived';
  const findings = useQuery(findingsQuery(digest, { ...toQuery(view), ...(showsWaived ? { waived: 'only' } : {}) }));
  const waived = useQuery(waivedFindingsQuery(digest));
  const layers = useQuery(layersQuery(digest));
  const mayWaive = useRole('operator', place?.namespaceId ?? 'server') && place !== undefined;
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [asked, setAsked] = useState<readonly Finding[]>();
  const isNarrowed =
    view.search !== '' || FILTERS.some(name => name !== 'show' && (view.filters[name]?.length ?? 0) > 0);
  const layerOptions = (layers.data ?? [])
    .filter(({ counts }) => SEVERITIES.some(severity => counts[severity.toLowerCase() as 'high'] > 0))
    .map(({ position, createdBy }) => ({
      value: String(position),
      label: `Layer ${position + 1}: ${(createdBy ?? 'instruction not recorded').slice(0, 60)}`,
    }));
  const picked = (findings.data?.items ?? []).filter(one => chosen.has(findingKey(one)));
  const show = (wanted: readonly string[]) => {
    setChosen(new Set());
    view.change({ filters: { show: wanted } });
  };
  const all = showsWaived ? (waived.data?.count ?? 0) : total;
  return (
    <>
      <Toolbar>
        <ToolbarContent>
          {(showsWaived || (waived.data?.count ?? 0) > 0) && (
            <ToolbarItem>
              <ToggleGroup aria-label="Which findings">
                <ToggleGroupItem
                  text={`Counted (${formatCount(total)})`}
                  buttonId="findings-counted"
                  isSelected={!showsWaived}
                  onChange={() => show([])}
                />
                <ToggleGroupItem
                  text={`Waived (${waived.data?.text ?? '…'})`}
                  buttonId="findings-waived"
                  isSelected={showsWaived}
                  onChange={() => show(['waived'])}
                />
              </ToggleGroup>
            </ToolbarItem>
          )}
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
          {mayWaive && !showsWaived && total > 0 && (
            <ToolbarItem>
              <Button variant="secondary" isDisabled={picked.length === 0} onClick={() => setAsked(picked)}>
                {picked.length === 0 ? 'Waive …' : `Waive ${formatThings(picked.length, 'finding')} …`}
              </Button>
            </ToolbarItem>
          )}
        </ToolbarContent>
      </Toolbar>
      <Answer
        of={findings}
        what={showsWaived ? 'waived findings' : 'findings'}
        isEmpty={({ items }) => items.length === 0 && view.cursor === undefined}
        empty={
          isNarrowed ? (
            <Empty title="No finding matches">
              Without search and filters there {all === 1 ? 'is' : 'are'} {formatCount(all)}.
            </Empty>
          ) : showsWaived ? (
            <Empty
              title="Nothing is waived here"
              action={
                <Button variant="link" onClick={() => show([])}>
                  Show what is counted
                </Button>
              }
            />
          ) : (
            <Empty title="No findings" icon={SearchIcon}>
              Nothing that is known affects what could be judged. What could not be judged is told above
              {(waived.data?.count ?? 0) > 0 && '; what is waived is apart'}.
            </Empty>
          )
        }
      >
        {({ items, nextCursor }) => (
          <>
            {showsWaived ? (
              <WaivedRows items={items} layers={layers.data ?? []} place={place} isBusy={findings.isFetching} />
            ) : (
              <FindingsRows
                items={items}
                layers={layers.data ?? []}
                sort={view.sort ?? 'severity'}
                onSort={sort => view.change({ sort: sort === 'severity' ? undefined : sort })}
                isBusy={findings.isFetching}
                choice={
                  mayWaive
                    ? {
                        chosen,
                        choose: setChosen,
                        actions: one => [{ title: 'Waive …', onClick: () => setAsked([one]) }],
                      }
                    : undefined
                }
              />
            )}
            <Pager view={view} nextCursor={nextCursor ?? undefined} />
          </>
        )}
      </Answer>
      {asked !== undefined && place !== undefined && (
        <Suspense>
          <WaiveDialog
            findings={asked.map(one => ({ id: one.id, package: one.package.name }))}
            place={place}
            onClose={isDone => {
              setAsked(undefined);
              if (isDone) setChosen(new Set());
            }}
          />
        </Suspense>
      )}
    </>
  );
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
