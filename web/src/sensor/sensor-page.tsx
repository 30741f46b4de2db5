/** One sensor: the checks of its host, what it does, its profile, and its end. */
import {
  ActionGroup,
  Alert,
  Button,
  Card,
  CardBody,
  CardTitle,
  DescriptionList,
  Form,
  Grid,
  GridItem,
  Label,
  List,
  ListItem,
  PageSection,
} from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { api, bodyOf } from '../api/client.ts';
import type { Sensor } from '../api/model.ts';
import { Fact } from '../display/fact.tsx';
import { formatBytes } from '../display/format-number.ts';
import { Time } from '../display/time.tsx';
import { useConfirm } from '../feedback/confirm.tsx';
import { PageAnswer } from '../feedback/page-answer.tsx';
import { useChange } from '../feedback/use-change.ts';
import { TextField } from '../form/fields.tsx';
import { FormFailure } from '../form/form-failure.tsx';
import { readLabels, writeLabels } from '../form/labels.ts';
import { ActionMenu } from '../job/job-page.tsx';
import { useRole } from '../session/session.tsx';
import { PageHeader } from '../shell/page-header.tsx';
import { toProfile, toProfileDraft } from './profile-draft.ts';
import { diagnosticsPath, sensorQuery } from './sensor-queries.ts';
import { SensorState } from './sensor-state.tsx';

export function SensorPage() {
  const { sensorId = '' } = useParams();
  const sensor = useQuery(sensorQuery(sensorId));
  return (
    <PageAnswer of={sensor} what="the sensor">
      {found => <Shown sensor={found} />}
    </PageAnswer>
  );
}

function Shown({ sensor }: { readonly sensor: Sensor }) {
  const isAdmin = useRole('admin', 'server');
  return (
    <>
      <PageHeader
        title={sensor.name}
        crumbs={[{ title: 'Sensors', to: '/sensors' }]}
        labels={<SensorState sensor={sensor} />}
        actions={isAdmin && sensor.state !== 'retired' ? <Actions sensor={sensor} /> : undefined}
      />
      <PageSection>
        {sensor.reason !== null && <Alert variant="warning" isInline title={sensor.reason} />}
        <Grid hasGutter>
          <GridItem md={6}>
            <Card isFullHeight>
              <CardTitle component="h2">Host checks</CardTitle>
              <CardBody>
                <HostChecks sensor={sensor} />
              </CardBody>
            </Card>
          </GridItem>
          <GridItem md={6}>
            <Card isFullHeight>
              <CardTitle component="h2">What it says of itself</CardTitle>
              <CardBody>
                <Facts sensor={sensor} />
              </CardBody>
            </Card>
          </GridItem>
          {isAdmin && sensor.state !== 'retired' && (
            <GridItem>
              <Card>
                <CardTitle component="h2">Profile</CardTitle>
                <CardBody>
                  <Profile key={sensor.profileVersion} sensor={sensor} />
                </CardBody>
              </Card>
            </GridItem>
          )}
        </Grid>
      </PageSection>
    </>
  );
}

function Actions({ sensor }: { readonly sensor: Sensor }) {
  const confirm = useConfirm();
  const navigate = useNavigate();
  const path = { params: { path: { sensorId: sensor.id } } };
  const drain = useChange({
    call: async (isDraining: boolean) =>
      await api.PATCH('/api/v1/sensors/{sensorId}', { ...path, body: { isDraining } }),
    stale: ['sensors'],
    done: (_, isDraining) =>
      isDraining ? `Sensor "${sensor.name}" takes nothing new` : `Sensor "${sensor.name}" takes work again`,
    failed: 'The sensor was not changed',
  });
  const retire = useChange({
    call: async () => await api.DELETE('/api/v1/sensors/{sensorId}', path),
    stale: ['sensors'],
    done: `Sensor "${sensor.name}" is retired`,
    failed: 'The sensor was not retired',
    onDone: () => void navigate('/sensors'),
  });
  const ask = async () => {
    const isSure = await confirm({
      title: `Retire the sensor "${sensor.name}"?`,
      body: 'Its secret opens nothing any more, and its work goes back to the queue. To use the machine again, install a sensor anew.',
      action: 'Retire the sensor',
    });
    if (isSure) retire.mutate(undefined);
  };
  return (
    <ActionMenu
      items={[
        {
          title: sensor.isDraining ? 'Take work again' : 'Drain: finish, take nothing new',
          onClick: () => drain.mutate(!sensor.isDraining),
        },
        { title: 'Download diagnostics', onClick: () => window.location.assign(diagnosticsPath(sensor.id)) },
        { isSeparator: true },
        { title: 'Retire', isDanger: true, onClick: () => void ask() },
      ]}
    />
  );
}

function HostChecks({ sensor: { report } }: { readonly sensor: Sensor }) {
  if (report === null) return <p className="plimsoll-quiet">It has not reported yet.</p>;
  return (
    <List isPlain>
      {report.checks.map(({ name, ok, detail }) => (
        <ListItem key={name} className="plimsoll-name">
          <Label variant="outline" isCompact status={ok ? 'success' : 'danger'}>
            {ok ? 'passes' : 'fails'}
          </Label>{' '}
          <strong>{name}</strong> {detail}
        </ListItem>
      ))}
    </List>
  );
}

function Facts({ sensor }: { readonly sensor: Sensor }) {
  const { report, labels, lastHeartbeatAt, createdAt, profileVersion, appliedProfileVersion, isBuiltIn } = sensor;
  return (
    <DescriptionList isCompact isHorizontal>
      <Fact term="Kind">{isBuiltIn ? 'Built into the server' : 'A process of its own'}</Fact>
      <Fact term="Labels">{writeLabels(labels) || 'None'}</Fact>
      <Fact term="Heard of">
        <Time at={lastHeartbeatAt} isRelative missing="Never" />
      </Fact>
      <Fact term="Introduced">
        <Time at={createdAt} />
      </Fact>
      <Fact term="Profile">
        {appliedProfileVersion === profileVersion
          ? `Version ${profileVersion} holds`
          : `Version ${profileVersion} is on its way, ${appliedProfileVersion ?? 'none'} holds`}
      </Fact>
      {report !== null && (
        <>
          <Fact term="Host">{report.host}</Fact>
          <Fact term="Platform">{report.platform}</Fact>
          <Fact term="Version">{report.version}</Fact>
          <Fact term="Running since">
            <Time at={report.startedAt} />
          </Fact>
          <Fact term="Cache">
            {formatBytes(report.cacheBytes)}, {formatBytes(report.cacheFreeBytes)} of the disk free
          </Fact>
          <Fact term="Work in hand">
            {report.tasks.length === 0
              ? 'None'
              : report.tasks.map(({ id, progress }) => (
                  <div key={id}>{progress.detail ?? `${formatBytes(progress.bytesPulled)} pulled`}</div>
                ))}
          </Fact>
        </>
      )}
    </DescriptionList>
  );
}

function Profile({ sensor }: { readonly sensor: Sensor }) {
  const [name, setName] = useState(sensor.name);
  const [labels, setLabels] = useState(writeLabels(sensor.labels));
  const [draft, setDraft] = useState(() => toProfileDraft(sensor.profile));
  const save = useChange({
    call: async () =>
      await bodyOf(
        api.PATCH('/api/v1/sensors/{sensorId}', {
          params: { path: { sensorId: sensor.id } },
          body: { name: name.trim(), labels: readLabels(labels), profile: toProfile(draft, sensor.profile) },
        }),
      ),
    stale: ['sensors'],
    done: 'The profile is saved; it holds from the next heartbeat on',
    failed: false,
  });
  const field = (key: keyof typeof draft, label: string, help: string) => (
    <GridItem sm={6} lg={4}>
      <TextField
        label={label}
        help={help}
        value={draft[key]}
        onChange={value => setDraft({ ...draft, [key]: value })}
      />
    </GridItem>
  );
  return (
    <Form
      onSubmit={event => {
        event.preventDefault();
        save.mutate(undefined);
      }}
    >
      <FormFailure error={save.error} title="The profile was not saved" />
      <Grid hasGutter>
        <GridItem sm={6} lg={4}>
          <TextField label="Name" isRequired value={name} onChange={setName} />
        </GridItem>
        <GridItem sm={6} lg={4}>
          <TextField label="Labels" value={labels} onChange={setLabels} help="zone=dc1, gpu" />
        </GridItem>
        {field('concurrency', 'Tasks at a time', '1 to 20')}
        {field('platforms', 'Platforms', 'Listed where a job names none; "all" for every one')}
        {field('bandwidthMBs', 'Bandwidth, MB/s', 'All images together; as fast as it goes when empty')}
        {field('cpuPercent', 'Share of the cores, %', '0: as many as useful')}
        {field('cacheGiB', 'Cache, GiB', 'Facts of layers; the least recently used go first')}
        {field('maxImageGiB', 'Largest image, GiB', 'Stored layers together')}
        {field('timeoutMinutes', 'Time for an image, minutes', 'At most 360')}
        {field('diskFloorGB', 'Free disk, GB', 'No image is begun with less')}
        {field('stateFloorGB', 'Free for its state, GB', 'Where the sensor keeps its own')}
      </Grid>
      <ActionGroup>
        <Button type="submit" isLoading={save.isPending} isDisabled={save.isPending || name.trim() === ''}>
          Save
        </Button>
      </ActionGroup>
    </Form>
  );
}
