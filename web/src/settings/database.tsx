/** The vulnerability database: how old it is, of which sources it is made, what its last changes changed, and how it is renewed. */
import {
  ActionList,
  ActionListItem,
  Alert,
  Button,
  Card,
  CardBody,
  CardTitle,
  DescriptionList,
  FileUpload,
  Progress,
  Stack,
  StackItem,
} from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, bodyOf } from '../api/client.ts';
import type { VulnerabilityDatabase } from '../api/model.ts';
import { Fact } from '../display/fact.tsx';
import { formatBytes, formatCount, formatThings } from '../display/format-number.ts';
import { Time } from '../display/time.tsx';
import { Answer } from '../feedback/answer.tsx';
import { useChange } from '../feedback/use-change.ts';
import { FormDialog } from '../form/form-dialog.tsx';
import { databaseQuery } from '../overview/overview-queries.ts';
import { useRole } from '../session/session.tsx';

export function Database() {
  const database = useQuery(databaseQuery);
  return (
    <Answer of={database} what="the vulnerability database">
      {found => (
        <Stack hasGutter>
          <State database={found} />
          {found.current !== null && <Sources parts={found.current.parts} />}
          {found.rematches.length > 0 && <Changes changes={found.rematches} />}
        </Stack>
      )}
    </Answer>
  );
}

function State({ database }: { readonly database: VulnerabilityDatabase }) {
  const { current, pending, isBuilding } = database;
  return (
    <Card isCompact>
      <CardTitle component="h2">State</CardTitle>
      <CardBody>
        <Stack hasGutter>
          {current === null && pending === null && (
            <Alert isInline variant="warning" title="There is no vulnerability database yet" component="h3">
              Images are read, but nothing can be said of what is in them. Fetch the sources, or import their files
              where there is no internet: every image is judged as soon as they are here, and nothing is scanned again.
            </Alert>
          )}
          {pending !== null && (
            <Progress
              title="Packages are being judged by newer advisories"
              value={pending.total === 0 ? 0 : Math.floor((pending.judged / pending.total) * 100)}
              label={`${formatCount(pending.judged)} of ${formatCount(pending.total)}`}
              measureLocation="outside"
            />
          )}
          {pending === null && isBuilding && <p>The sources are being read.</p>}
          {current !== null && (
            <DescriptionList isCompact isHorizontal>
              <Fact term="Advisories">{formatCount(current.advisories)}</Fact>
              <Fact term="Built">
                <Time at={current.builtAt} /> (<Time at={current.builtAt} isRelative />)
              </Fact>
              <Fact term="Size">{formatBytes(current.sizeBytes)}</Fact>
            </DescriptionList>
          )}
          <StackItem>
            <Actions isBuilding={isBuilding} />
          </StackItem>
        </Stack>
      </CardBody>
    </Card>
  );
}

function Actions({ isBuilding }: { readonly isBuilding: boolean }) {
  const isAdmin = useRole('admin', 'server');
  const [isImporting, setImporting] = useState(false);
  const update = useChange({
    call: async () => await api.POST('/api/v1/vulnerability-database/update'),
    stale: ['database'],
    done: 'The sources are being fetched; this takes some minutes',
    failed: 'The sources are not being fetched',
  });
  if (!isAdmin) return null;
  return (
    <>
      <ActionList>
        <ActionListItem>
          <Button
            variant="secondary"
            isDisabled={isBuilding || update.isPending}
            onClick={() => update.mutate(undefined)}
          >
            Fetch the sources now
          </Button>
        </ActionListItem>
        <ActionListItem>
          <Button variant="secondary" isDisabled={isBuilding} onClick={() => setImporting(true)}>
            Import a file
          </Button>
        </ActionListItem>
      </ActionList>
      {isImporting && <ImportDialog onClose={() => setImporting(false)} />}
    </>
  );
}

function ImportDialog({ onClose }: { readonly onClose: () => void }) {
  const [file, setFile] = useState<File>();
  const load = useChange({
    call: async (wanted: File) =>
      await bodyOf(
        api.POST('/api/v1/vulnerability-database/import', {
          params: { query: { name: plainName(wanted.name) } },
          // The document cannot say that a body is a file of any kind.
          body: wanted as never,
          bodySerializer: body => body,
          headers: { 'content-type': 'application/octet-stream' },
        }),
      ),
    stale: ['database', 'overview'],
    done: ({ isUnchanged, problems }) =>
      isUnchanged
        ? 'Nothing in the file was new'
        : `The file is imported${problems.length === 0 ? '' : `; ${formatThings(problems.length, 'part')} of it could not be read`}`,
    failed: false,
    onDone: onClose,
  });
  return (
    <FormDialog
      title="Import advisories"
      action="Import"
      error={load.error}
      isBusy={load.isPending}
      isReady={file !== undefined}
      onSave={() => file !== undefined && load.mutate(file)}
      onClose={onClose}
    >
      <p>
        A file of any source that Plimsoll knows, as it was downloaded: an archive of OSV, a tracker, a feed. What is in
        it takes the place of what was known from that source.
      </p>
      <FileUpload
        id="advisories"
        filename={file?.name ?? ''}
        filenamePlaceholder="Drop a file here, or choose one"
        browseButtonText="Choose…"
        hideDefaultPreview
        aria-label="File of advisories"
        onFileInputChange={(_, chosen) => setFile(chosen)}
        onClearClick={() => setFile(undefined)}
      />
    </FormDialog>
  );
}

/** The server takes plain names alone; it is for messages. */
function plainName(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9._-]/g, '-').slice(-200);
  return /^[A-Za-z0-9]/.test(plain) ? plain : `file${plain}`.slice(0, 200);
}

function Sources({ parts }: { readonly parts: NonNullable<VulnerabilityDatabase['current']>['parts'] }) {
  return (
    <Card isCompact>
      <CardTitle component="h2">{formatThings(parts.length, 'source')}</CardTitle>
      <CardBody>
        <Table aria-label="Sources" variant="compact" gridBreakPoint="grid-lg">
          <Thead>
            <Tr>
              <Th width={15}>Source</Th>
              <Th width={20}>Part</Th>
              <Th modifier="wrap">Advisories</Th>
              <Th>As of</Th>
              <Th>Imported</Th>
              <Th width={30}>From</Th>
            </Tr>
          </Thead>
          <Tbody>
            {parts.map(({ source, name, advisories, asOf, importedAt, origin }) => (
              <Tr key={`${source} ${name}`}>
                <Td dataLabel="Source">{source}</Td>
                <Td dataLabel="Part" className="plimsoll-name">
                  {name === '' ? <span className="plimsoll-quiet">all of it</span> : name}
                </Td>
                <Td dataLabel="Advisories" className="plimsoll-numbers">
                  {formatCount(advisories)}
                </Td>
                <Td dataLabel="As of">
                  <Time at={asOf} />
                </Td>
                <Td dataLabel="Imported">
                  <Time at={importedAt} isRelative />
                </Td>
                <Td dataLabel="From" className="plimsoll-name plimsoll-quiet">
                  {origin}
                </Td>
              </Tr>
            ))}
          </Tbody>
        </Table>
      </CardBody>
    </Card>
  );
}

function Changes({ changes }: { readonly changes: VulnerabilityDatabase['rematches'] }) {
  return (
    <Card isCompact>
      <CardTitle component="h2">What the last changes changed</CardTitle>
      <CardBody>
        <Table aria-label="Last changes" variant="compact" gridBreakPoint="grid-lg">
          <Thead>
            <Tr>
              <Th>When</Th>
              <Th modifier="wrap">Packages judged again</Th>
              <Th modifier="wrap">New findings</Th>
              <Th>Gone</Th>
              <Th>Changed</Th>
              <Th modifier="wrap">Images concerned</Th>
            </Tr>
          </Thead>
          <Tbody>
            {changes.map(({ id, completedAt, ...counts }) => (
              <Tr key={id}>
                <Td dataLabel="When">
                  <Time at={completedAt} />
                </Td>
                {COUNTS.map(([key, title]) => (
                  <Td key={key} dataLabel={title} className="plimsoll-numbers">
                    {formatCount(counts[key])}
                  </Td>
                ))}
              </Tr>
            ))}
          </Tbody>
        </Table>
      </CardBody>
    </Card>
  );
}

const COUNTS = [
  ['packagesJudged', 'Packages judged again'],
  ['findingsNew', 'New findings'],
  ['findingsFixed', 'Gone'],
  ['findingsChanged', 'Changed'],
  ['imagesChanged', 'Images concerned'],
] as const;
