/** Namespaces, and who has which role in them. */
import { Button, ToolbarItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api/client.ts';
import type { Namespace } from '../api/model.ts';
import { Time } from '../display/time.tsx';
import { Empty } from '../feedback/answer.tsx';
import { useConfirm } from '../feedback/confirm.tsx';
import { useChange } from '../feedback/use-change.ts';
import { TextField } from '../form/fields.tsx';
import { FormDialog } from '../form/form-dialog.tsx';
import { mistakesOf } from '../form/violations.ts';
import { hasRole, useSession } from '../session/session.tsx';
import { type Column, DataTable } from '../table/data-table.tsx';
import { useListView } from '../table/use-list-view.ts';
import { MembersDialog } from './members-dialog.tsx';
import { namespaceListQuery } from './settings-queries.ts';

export function Namespaces() {
  const session = useSession();
  const isServerAdmin = hasRole(session, 'admin', 'server');
  const view = useListView();
  const namespaces = useQuery(namespaceListQuery(view.cursor));
  const confirm = useConfirm();
  const [edited, setEdited] = useState<Namespace | 'new'>();
  const [membersOf, setMembersOf] = useState<Namespace>();
  const remove = useChange({
    call: async ({ id }: Namespace) =>
      await api.DELETE('/api/v1/namespaces/{namespaceId}', { params: { path: { namespaceId: id } } }),
    stale: ['namespaces'],
    done: (_, { displayName }) => `Namespace "${displayName}" is removed`,
    failed: 'The namespace was not removed',
  });
  const ask = async (namespace: Namespace) => {
    const isSure = await confirm({
      title: `Remove the namespace "${namespace.displayName}"?`,
      body: 'Roles in it and API keys of it go. It must have no registries left.',
      action: 'Remove the namespace',
    });
    if (isSure) remove.mutate(namespace);
  };
  const columns: readonly Column<Namespace>[] = [
    {
      title: 'Name',
      render: ({ name, displayName }) => (
        <div className="plimsoll-name">
          {displayName}
          {displayName !== name && <div className="plimsoll-quiet">{name}</div>}
        </div>
      ),
    },
    { title: 'Made', render: ({ createdAt }) => <Time at={createdAt} /> },
  ];
  return (
    <>
      <DataTable
        what="namespaces"
        query={namespaces}
        view={view}
        columns={columns}
        keyOf={({ id }) => id}
        nameOf={({ displayName }) => displayName}
        actions={namespace => [
          ...(hasRole(session, 'admin', namespace.id)
            ? [
                { title: 'Members', onClick: () => setMembersOf(namespace) },
                { title: 'Rename', onClick: () => setEdited(namespace) },
              ]
            : []),
          ...(isServerAdmin ? [{ title: 'Remove', isDanger: true, onClick: () => void ask(namespace) }] : []),
        ]}
        toolbar={
          isServerAdmin && (
            <ToolbarItem>
              <Button onClick={() => setEdited('new')}>New namespace</Button>
            </ToolbarItem>
          )
        }
        empty={
          <Empty title="There is no namespace">A namespace holds registries, and says who may do what with them.</Empty>
        }
      />
      {edited !== undefined && (
        <NamespaceDialog namespace={edited === 'new' ? undefined : edited} onClose={() => setEdited(undefined)} />
      )}
      {membersOf !== undefined && <MembersDialog namespace={membersOf} onClose={() => setMembersOf(undefined)} />}
    </>
  );
}

function NamespaceDialog({
  namespace,
  onClose,
}: {
  readonly namespace: Namespace | undefined;
  readonly onClose: () => void;
}) {
  const [name, setName] = useState(namespace?.name ?? '');
  const [displayName, setDisplayName] = useState(namespace?.displayName ?? '');
  const save = useChange({
    call: async () => {
      const body = { name: name.trim(), ...(displayName.trim() === '' ? {} : { displayName: displayName.trim() }) };
      if (namespace === undefined) return await api.POST('/api/v1/namespaces', { body });
      return await api.PATCH('/api/v1/namespaces/{namespaceId}', {
        params: { path: { namespaceId: namespace.id } },
        body,
      });
    },
    stale: ['namespaces', 'session'],
    done: `Namespace "${name}" is saved`,
    failed: false,
    onDone: onClose,
  });
  const mistakes = mistakesOf(save.error);
  return (
    <FormDialog
      title={namespace === undefined ? 'New namespace' : `Rename ${namespace.displayName}`}
      action="Save"
      error={save.error}
      fields={['name', 'displayName']}
      isBusy={save.isPending}
      isReady={name.trim() !== ''}
      onSave={() => save.mutate(undefined)}
      onClose={onClose}
    >
      <TextField
        label="Name"
        isRequired
        value={name}
        onChange={setName}
        help="Part of image names in the hosted registry: lower case"
        wrong={mistakes.of('name')}
      />
      <TextField label="Shown as" value={displayName} onChange={setDisplayName} wrong={mistakes.of('displayName')} />
    </FormDialog>
  );
}
