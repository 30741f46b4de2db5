/** Security > Images: every distinct image, the worst first; all filters are in the address. */
import './image.css';
import { Button, PageSection, SearchInput, ToolbarItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { SEVERITIES, type Severity, severityLabel } from '../display/severity.tsx';
import { Empty } from '../feedback/answer.tsx';
import { registriesQuery } from '../registry/registry-queries.ts';
import { useNamespaceView } from '../shell/namespace.ts';
import { NamespaceLabel } from '../shell/namespace-label.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { DataTable } from '../table/data-table.tsx';
import { FilterSelect } from '../table/filter-select.tsx';
import { FilterSwitch, isOn } from '../table/filter-switch.tsx';
import { SearchBox } from '../table/search-box.tsx';
import { type ListViewState, useListView } from '../table/use-list-view.ts';
import { IMAGE_COLUMNS } from './image-columns.tsx';
import { type ImagesQuery, imagesQuery } from './image-queries.ts';

const FILTERS = [
  'registry',
  'repository',
  'severity',
  'fixable',
  'exploited',
  'package',
  'version',
  'cve',
  'state',
  'age',
];
const SEVERITY_OPTIONS = SEVERITIES.filter(value => value !== 'UNKNOWN').map(value => ({
  value,
  label: value === 'CRITICAL' ? 'Critical' : `${severityLabel(value)} or worse`,
}));
const STATES = [
  { value: 'scanned', label: 'Scanned' },
  { value: 'queued', label: 'Queued' },
  { value: 'failed', label: 'Failed' },
  { value: 'not-scanned', label: 'Not scanned' },
  { value: 'unsupported', label: 'Unsupported' },
  { value: 'layer-too-large', label: 'Layer too large' },
] as const;
const SORTS = [
  { value: 'worst', label: 'Worst first' },
  { value: 'scanned', label: 'Scanned last first' },
  { value: 'size', label: 'Largest first' },
  { value: 'name', label: 'By name' },
] as const;
const AGES = [
  { value: '1', label: 'Scanned today' },
  { value: '7', label: 'Scanned in the last week' },
  { value: '30', label: 'Scanned in the last month' },
  { value: '-30', label: 'Scanned over a month ago' },
] as const;
const PARAMETERS = [...FILTERS, 'order'];
const DAY_MS = 24 * 60 * 60 * 1000;

export function ImagesPage() {
  const view = useListView({ filters: PARAMETERS });
  const { namespace, where } = useNamespaceView();
  const images = useQuery(imagesQuery({ ...toQuery(view), ...(namespace === undefined ? {} : { namespace }) }));
  const registries = useQuery(registriesQuery({ namespace }));
  const isNarrowed = view.search !== '' || Object.values(view.filters).some(values => values.length > 0);
  const clear = () => view.change({ search: '', filters: Object.fromEntries(FILTERS.map(name => [name, []])) });
  // Sorts go one way; they are told in the menu, not in the head of the table.
  const columns = IMAGE_COLUMNS.map(({ sort: _, ...column }) => column);
  return (
    <>
      <PageHeader title="Images" labels={<NamespaceLabel />}>
        Every distinct image, wherever it is. A digest in two repositories is one image.
      </PageHeader>
      <PageSection>
        <DataTable
          what="images"
          query={images}
          view={view}
          columns={columns}
          keyOf={({ digest }) => digest}
          toolbar={
            <>
              <ToolbarItem className="plimsoll-search">
                <SearchBox view={view} label="Search repositories, tags, digests" />
              </ToolbarItem>
              <ToolbarItem>
                <FilterSelect view={view} name="severity" label="Severity" options={SEVERITY_OPTIONS} />
              </ToolbarItem>
              <ToolbarItem>
                <FilterSelect
                  view={view}
                  name="registry"
                  label="Registry"
                  options={(registries.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name }))}
                />
              </ToolbarItem>
              <ToolbarItem>
                <FilterSelect view={view} name="state" label="State" options={STATES} />
              </ToolbarItem>
              <ToolbarItem>
                <FilterSelect view={view} name="age" label="Age" options={AGES} />
              </ToolbarItem>
              <ToolbarItem>
                <TextFilter view={view} name="cve" label="CVE or other id" />
              </ToolbarItem>
              <ToolbarItem>
                <TextFilter view={view} name="package" label="Package, exactly" />
              </ToolbarItem>
              <ToolbarItem alignSelf="center">
                <FilterSwitch view={view} name="fixable" label="Only fixable" />
              </ToolbarItem>
              <ToolbarItem alignSelf="center">
                <FilterSwitch view={view} name="exploited" label="Only known exploited" />
              </ToolbarItem>
              <ToolbarItem>
                <FilterSelect view={view} name="order" label="Worst first" options={SORTS} />
              </ToolbarItem>
              {isNarrowed && (
                <ToolbarItem alignSelf="center">
                  <Button variant="link" isInline onClick={clear}>
                    Clear all
                  </Button>
                </ToolbarItem>
              )}
            </>
          }
          empty={
            isNarrowed ? (
              <Empty
                title="No image matches"
                action={
                  <Button variant="link" onClick={clear}>
                    Show all images
                  </Button>
                }
              />
            ) : (
              <Empty title={`No image is known${where} yet`} action={<Link to="/registries">To the registries</Link>}>
                Connect a registry and scan it, and its images appear here.
              </Empty>
            )
          }
        />
      </PageSection>
    </>
  );
}

function TextFilter({
  view,
  name,
  label,
}: {
  readonly view: ListViewState;
  readonly name: string;
  readonly label: string;
}) {
  const value = view.filters[name]?.[0] ?? '';
  const [text, setText] = useState({ of: value, now: value });
  const now = text.of === value ? text.now : value;
  const set = (wanted: string) => view.change({ filters: { [name]: wanted.trim() === '' ? [] : [wanted.trim()] } });
  return (
    <SearchInput
      aria-label={label}
      placeholder={label}
      value={now}
      onChange={(_, typed) => setText({ of: value, now: typed })}
      onSearch={(_, typed) => set(typed)}
      onBlur={() => {
        if (now.trim() !== value) set(now);
      }}
      onClear={() => {
        setText({ of: value, now: '' });
        set('');
      }}
    />
  );
}

function toQuery(view: ListViewState): ImagesQuery {
  const value = (name: string) => view.filters[name]?.[0];
  const one = <T extends string>(name: string, known: readonly T[]): T | undefined =>
    known.find(option => option === value(name));
  const severity = one<Severity>('severity', SEVERITIES);
  const state = one(
    'state',
    STATES.map(option => option.value),
  );
  const sort = one(
    'order',
    SORTS.map(option => option.value),
  );
  const days = Number(
    one(
      'age',
      AGES.map(option => option.value),
    ) ?? 0,
  );
  // To the day, or every moment would be another question.
  const day = new Date(Math.floor(Date.now() / DAY_MS) * DAY_MS - (Math.abs(days) - 1) * DAY_MS).toISOString();
  const texts = ['registry', 'repository', 'package', 'version', 'cve'] as const;
  return {
    ...Object.fromEntries(texts.flatMap(name => (value(name) === undefined ? [] : [[name, value(name)]]))),
    ...(view.search === '' ? {} : { q: view.search }),
    ...(severity === undefined ? {} : { severity }),
    ...(state === undefined ? {} : { state }),
    ...(sort === undefined ? {} : { sort }),
    ...(isOn(view, 'fixable') ? { fixable: 'true' } : {}),
    ...(isOn(view, 'exploited') ? { exploited: 'true' } : {}),
    ...(days > 0 ? { scannedAfter: day } : days < 0 ? { scannedBefore: day } : {}),
    ...(view.cursor === undefined ? {} : { cursor: view.cursor }),
  };
}
