/** Configuration > Sensors: who reads images. */
import { Button, PageSection, Switch, ToolbarItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { api } from '../api/client.ts';
import type { Sensor, SensorToken } from '../api/model.ts';
import { formatCount, formatThings } from '../display/format-number.ts';
import { Time } from '../display/time.tsx';
import { Empty } from '../feedback/answer.tsx';
import { useConfirm } from '../feedback/confirm.tsx';
import { useChange } from '../feedback/use-change.ts';
import { writeLabels } from '../form/labels.ts';
import { useRole } from '../session/session.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { type Column, DataTable } from '../table/data-table.tsx';
import { InstallDialog } from './install-dialog.tsx';
import { sensorsQuery, sensorTokensQuery } from './sensor-queries.ts';
import { SensorState } from './sensor-state.tsx';

const COLUMNS: readonly Column<Sensor>[] = [
  {
    title: 'Name',
    render: ({ id, name, isBuiltIn, report }) => (
      <div className="plimsoll-name">
        <Link to={`/sensors/${id}`}>{name}</Link>
        <div className="plimsoll-quiet">{isBuiltIn ? 'Built into the server' : (report?.host ?? '')}</div>
      </div>
    ),
  },
  { title: 'State', render: sensor => <SensorState sensor={sensor} /> },
  { title: 'Checks', render: ({ report }) => <Checks report={report} /> },
  { title: 'Labels', render: ({ labels }) => writeLabels(labels) || '–' },
  { title: 'Work in hand', render: ({ report }) => formatCount(report?.tasks.length ?? 0) },
  { title: 'Version', render: ({ report }) => report?.version ?? '–' },
  { title: 'Heard of', render: ({ lastHeartbeatAt }) => <Time at={lastHeartbeatAt} isRelative missing="Never" /> },
];

export function SensorsPage() {
  const [params, setParams] = useSearchParams();
  const withRetired = params.has('retired');
  const sensors = useQuery(sensorsQuery(withRetired));
  const isAdmin = useRole('admin', 'server');
  const [isInstalling, setInstalling] = useState(false);
  const install = isAdmin ? <Button onClick={() => setInstalling(true)}>Install a sensor</Button> : undefined;
  return (
    <>
      <PageHeader title="Sensors" actions={install}>
        Sensors pull and read images. The server has one built in; further ones run near registries that the server
        cannot reach.
      </PageHeader>
      <PageSection>
        <DataTable
          what="sensors"
          query={sensors}
          columns={COLUMNS}
          keyOf={({ id }) => id}
          toolbar={
            <ToolbarItem alignSelf="center">
              <Switch
                id="retired"
                label="Retired ones, too"
                isChecked={withRetired}
                onChange={(_, isOn) => setParams(isOn ? { retired: '' } : {}, { replace: true })}
              />
            </ToolbarItem>
          }
          empty={
            <Empty title="There is no sensor" action={install}>
              Nothing can be scanned without one.
            </Empty>
          }
        />
      </PageSection>
      {isAdmin && <Tokens />}
      {isInstalling && <InstallDialog onClose={() => setInstalling(false)} />}
    </>
  );
}

function Checks({ report }: { readonly report: Sensor['report'] }) {
  if (report === null) return <>–</>;
  const failing = report.checks.filter(({ ok }) => !ok);
  return <>{failing.length === 0 ? 'All pass' : failing.map(({ name }) => name).join(', ')}</>;
}

/** Tokens that wait for their sensor. */
function Tokens() {
  const tokens = useQuery(sensorTokensQuery);
  const confirm = useConfirm();
  const revoke = useChange({
    call: async ({ id }: SensorToken) =>
      await api.DELETE('/api/v1/sensor-tokens/{tokenId}', { params: { path: { tokenId: id } } }),
    stale: ['sensors'],
    done: 'The token is taken back',
    failed: 'The token was not taken back',
  });
  const ask = async (token: SensorToken) => {
    const isSure = await confirm({
      title: `Take the token of "${token.name}" back?`,
      body: 'No sensor can introduce itself with it any more.',
      action: 'Take it back',
    });
    if (isSure) revoke.mutate(token);
  };
  if ((tokens.data?.items ?? []).length === 0) return null;
  return (
    <PageSection>
      <h2 className="pf-v6-c-title pf-m-lg">{formatThings(tokens.data?.items.length ?? 0, 'token')} not used yet</h2>
      <DataTable
        what="tokens"
        query={tokens}
        columns={[
          { title: 'For', render: ({ name }) => <span className="plimsoll-name">{name}</span> },
          { title: 'Labels', render: ({ labels }) => writeLabels(labels) || '–' },
          { title: 'Made by', render: ({ createdBy }) => createdBy },
          { title: 'Good until', render: ({ expiresAt }) => <Time at={expiresAt} isRelative /> },
        ]}
        keyOf={({ id }) => id}
        nameOf={({ name }) => name}
        actions={token => [{ title: 'Take back', isDanger: true, onClick: () => void ask(token) }]}
        empty={null}
      />
    </PageSection>
  );
}
