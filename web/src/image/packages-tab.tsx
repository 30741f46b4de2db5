/** The packages of an image, with what is known against each, what stays after upgrades, and what nobody can say. */
import { ToolbarItem, Tooltip } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import type { ImagePackage, Layer } from '../api/model.ts';
import { severityCounts, totalOf } from '../display/counts.ts';
import { formatCount } from '../display/format-number.ts';
import { SeverityCounts } from '../display/severity.tsx';
import { Empty } from '../feedback/answer.tsx';
import { type Column, DataTable } from '../table/data-table.tsx';
import { FilterSwitch, isOn } from '../table/filter-switch.tsx';
import { SearchBox } from '../table/search-box.tsx';
import { useListView } from '../table/use-list-view.ts';
import { imagePackagesQuery, layersQuery } from './image-queries.ts';

const FILTERS = ['vulnerable', 'undetermined', 'byName'];

export function PackagesTab({ digest }: { readonly digest: string }) {
  const view = useListView({ filters: FILTERS });
  const layers = useQuery(layersQuery(digest));
  const packages = useQuery(
    imagePackagesQuery(digest, {
      limit: 50,
      sort: isOn(view, 'byName') ? 'name' : 'severity',
      ...(view.search === '' ? {} : { q: view.search }),
      ...(isOn(view, 'vulnerable') ? { vulnerable: 'true' } : {}),
      ...(isOn(view, 'undetermined') ? { undetermined: 'true' } : {}),
      ...(view.cursor === undefined ? {} : { cursor: view.cursor }),
    }),
  );
  return (
    <DataTable
      what="packages"
      query={packages}
      view={view}
      columns={columnsFor(layers.data ?? [])}
      keyOf={({ purl, layer, arch }) => `${purl} ${layer} ${arch}`}
      toolbar={
        <>
          <ToolbarItem className="plimsoll-search">
            <SearchBox view={view} label="Search packages" />
          </ToolbarItem>
          <ToolbarItem alignSelf="center">
            <FilterSwitch view={view} name="vulnerable" label="Only vulnerable" />
          </ToolbarItem>
          <ToolbarItem alignSelf="center">
            <FilterSwitch view={view} name="undetermined" label="Only undetermined" />
          </ToolbarItem>
          <ToolbarItem alignSelf="center">
            <FilterSwitch view={view} name="byName" label="By name" />
          </ToolbarItem>
        </>
      }
      empty={
        <Empty title="No package here">
          No package of this image matches, or none was found in it: programs without package data leave none.
        </Empty>
      }
    />
  );
}

function columnsFor(layers: readonly Layer[]): readonly Column<ImagePackage>[] {
  return [
    {
      title: 'Package',
      width: 25,
      render: ({ name, type, arch }) => (
        <span className="plimsoll-name">
          {name} <span className="plimsoll-quiet">{[type, arch].filter(one => one !== null).join(', ')}</span>
        </span>
      ),
    },
    { title: 'Version', width: 15, render: ({ version }) => <span className="plimsoll-name">{version}</span> },
    { title: 'Findings', width: 30, render: one => <Findings one={one} /> },
    {
      title: 'After upgrade',
      width: 10,
      render: ({ counts }) => (
        <span className="plimsoll-numbers">
          {totalOf(counts) === 0 ? '–' : formatCount(totalOf(counts) - counts.fixable)}
        </span>
      ),
    },
    {
      title: 'Introduced in',
      render: ({ layer }) => {
        const own = layers.find(({ position }) => position === layer);
        return own === undefined ? (
          <span className="plimsoll-quiet">No layer</span>
        ) : (
          <code className="plimsoll-instruction" title={own.createdBy ?? ''}>
            {own.position + 1}: {own.createdBy ?? 'not recorded'}
          </code>
        );
      },
    },
  ];
}

function Findings({ one }: { readonly one: ImagePackage }) {
  const { counts, doubts } = one;
  return (
    <>
      {(totalOf(counts) > 0 || doubts.length === 0) && (
        <SeverityCounts counts={severityCounts(counts)} what={`Findings of ${one.name}`} none="None" />
      )}
      {doubts.length > 0 && (
        <Tooltip content={doubts.join('; ')}>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the reason is for keyboards, too */}
          <span tabIndex={0} className="plimsoll-quiet">
            Undetermined: {doubts[0]}
          </span>
        </Tooltip>
      )}
    </>
  );
}
