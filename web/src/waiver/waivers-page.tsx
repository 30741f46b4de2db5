/** Security > Waivers: what is accepted, where, why and until when; also what was. */
import { Button, PageSection, ToolbarItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import type { Waiver } from '../api/model.ts';
import { vulnerabilityPath } from '../display/addresses.ts';
import { formatCount, formatThings } from '../display/format-number.ts';
import { formatDay } from '../display/format-time.ts';
import { Time } from '../display/time.tsx';
import { Empty } from '../feedback/answer.tsx';
import { registriesQuery } from '../registry/registry-queries.ts';
import { useNamespaces, useNamespaceView } from '../shell/namespace.ts';
import { NamespaceLabel } from '../shell/namespace-label.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { type Column, DataTable } from '../table/data-table.tsx';
import { FilterSelect } from '../table/filter-select.tsx';
import { SearchBox } from '../table/search-box.tsx';
import { useListView } from '../table/use-list-view.ts';
import { DownloadDialog } from './download-dialog.tsx';
import { useWaiverActions } from './waiver-actions.tsx';
import { waiversQuery } from './waiver-queries.ts';
import { WaiverReach, WaiverState } from './waiver-words.tsx';

const FILTERS = ['state', 'registry'];
const STATES = [
  { value: 'active', label: 'Active' },
  { value: 'expired', label: 'Expired' },
  { value: 'ended', label: 'Ended' },
] as const;
/** The server counts no further. */
const MAX_COUNTED = 10_000;

export function WaiversPage() {
  const view = useListView({ filters: FILTERS });
  const { namespace, where } = useNamespaceView();
  const { all: namespaces } = useNamespaces();
  const registries = useQuery(registriesQuery({ namespace }));
  const state = STATES.find(({ value }) => value === view.filters['state']?.[0])?.value;
  const registry = view.filters['registry']?.[0];
  const waivers = useQuery(
    waiversQuery({
      ...(namespace === undefined ? {} : { namespace }),
      ...(view.search === '' ? {} : { q: view.search }),
      ...(state === undefined ? {} : { state }),
      ...(registry === undefined ? {} : { registry }),
      ...(view.cursor === undefined ? {} : { cursor: view.cursor }),
    }),
  );
  const { actionsOf, dialog } = useWaiverActions();
  const [isDownloading, setDownloading] = useState(false);
  const isNarrowed = view.search !== '' || state !== undefined || registry !== undefined;
  const registryName = (id: string) => registries.data?.items.find(one => one.id === id)?.name;
  const columns: readonly Column<Waiver>[] = [
    {
      title: 'Weakness',
      width: 20,
      render: ({ vulnerability, package: name }) => (
        <div className="plimsoll-name">
          <Link to={`${vulnerabilityPath(vulnerability)}?waived=true`}>{vulnerability}</Link>
          <div className="plimsoll-quiet">{name === null ? 'in any package' : `in ${name}`}</div>
        </div>
      ),
    },
    {
      title: 'Where',
      width: 20,
      render: ({ scope, namespaceId }) => (
        <div className="plimsoll-name">
          <WaiverReach scope={scope} registryName={registryName} />
          {namespaces.length > 1 && (
            <div className="plimsoll-quiet">{namespaces.find(({ id }) => id === namespaceId)?.displayName}</div>
          )}
        </div>
      ),
    },
    { title: 'Reason', width: 25, render: ({ reason }) => <span className="plimsoll-wrap">{reason}</span> },
    {
      title: 'State',
      render: waiver => (
        <>
          <WaiverState state={waiver.state} />
          <div className="plimsoll-quiet">
            <Until waiver={waiver} />
          </div>
        </>
      ),
    },
    { title: 'Sets aside', width: 10, render: waiver => <SetsAside waiver={waiver} /> },
    {
      title: 'Made',
      width: 15,
      render: ({ createdBy, createdAt }) => (
        <>
          <Time at={createdAt} isRelative />
          <div className="plimsoll-quiet">by {createdBy}</div>
        </>
      ),
    },
  ];
  return (
    <>
      <PageHeader
        title="Waivers"
        labels={<NamespaceLabel />}
        actions={
          <Button variant="secondary" onClick={() => setDownloading(true)}>
            Download as a file
          </Button>
        }
      >
        Weaknesses that somebody accepts, each with a reason. Reports tell them, counts are without them.
      </PageHeader>
      <PageSection>
        <DataTable
          what="waivers"
          query={waivers}
          view={view}
          columns={columns}
          keyOf={({ id }) => id}
          nameOf={({ vulnerability }) => `the waiver of ${vulnerability}`}
          actions={actionsOf}
          toolbar={
            <>
              <ToolbarItem className="plimsoll-search">
                <SearchBox view={view} label="Search weaknesses, packages, reasons" />
              </ToolbarItem>
              <ToolbarItem>
                <FilterSelect view={view} name="state" label="Any state" options={STATES} />
              </ToolbarItem>
              <ToolbarItem>
                <FilterSelect
                  view={view}
                  name="registry"
                  label="Registry"
                  options={(registries.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name }))}
                />
              </ToolbarItem>
            </>
          }
          empty={
            isNarrowed ? (
              <Empty title="No waiver is like that">Change the search or the filters.</Empty>
            ) : (
              <Empty title={`Nothing is waived${where}`} action={<Link to="/images">To the images</Link>}>
                Open the security report of an image: whoever operates its namespace can waive what is found there.
              </Empty>
            )
          }
        />
      </PageSection>
      {dialog}
      {isDownloading && <DownloadDialog namespace={namespace} onClose={() => setDownloading(false)} />}
    </>
  );
}

function Until({ waiver: { state, expiresOn, endedAt, endedBy } }: { readonly waiver: Waiver }) {
  if (state === 'ended') {
    return (
      <>
        <Time at={endedAt} isRelative /> by {endedBy}
      </>
    );
  }
  if (expiresOn === null) return <>until it is ended</>;
  return <span title="The day ends by UTC">{`${state === 'expired' ? 'on' : 'until'} ${formatDay(expiresOn)}`}</span>;
}

function SetsAside({ waiver: { state, findings, images } }: { readonly waiver: Waiver }) {
  if (state !== 'active') return <span className="plimsoll-quiet">–</span>;
  if (findings === 0) return <span className="plimsoll-quiet">Nothing now</span>;
  const isMore = findings >= MAX_COUNTED;
  return (
    <>
      {isMore ? `over ${formatCount(findings)} findings` : formatThings(findings, 'finding')}
      <div className="plimsoll-quiet">in {formatThings(images, 'image')}</div>
    </>
  );
}
