/** API keys: my own, or everybody's for whoever runs the server. */
import { Button, Label, ToolbarItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, bodyOf } from '../api/client.ts';
import type { ApiKey, Role } from '../api/model.ts';
import { Time } from '../display/time.tsx';
import { Empty } from '../feedback/answer.tsx';
import { useConfirm } from '../feedback/confirm.tsx';
import { useChange } from '../feedback/use-change.ts';
import { SelectField, TextField } from '../form/fields.tsx';
import { FormDialog } from '../form/form-dialog.tsx';
import { SecretDialog } from '../form/secret-dialog.tsx';
import { mistakesOf } from '../form/violations.ts';
import { useNamespaces } from '../shell/namespace.ts';
import { type Column, DataTable } from '../table/data-table.tsx';
import { useListView } from '../table/use-list-view.ts';
import { ROLE_OPTIONS } from './roles.ts';
import { apiKeysQuery } from './settings-queries.ts';

export function ApiKeys({ account }: { readonly account?: 'all' }) {
  const view = useListView();
  const keys = useQuery(apiKeysQuery({ account, cursor: view.cursor }));
  const { all: namespaces } = useNamespaces();
  const [isMaking, setMaking] = useState(false);
  const [secret, setSecret] = useState<string>();
  const confirm = useConfirm();
  const revoke = useChange({
    call: async (key: ApiKey) =>
      await api.DELETE('/api/v1/api-keys/{apiKeyId}', { params: { path: { apiKeyId: key.id } } }),
    stale: ['api-keys'],
    done: (_, key) => `API key "${key.name}" is revoked`,
    failed: 'The key was not revoked',
  });
  const ask = async (key: ApiKey) => {
    const isSure = await confirm({
      title: `Revoke the API key "${key.name}"?`,
      body: `Whatever uses the key ${key.prefix}… is refused from now on. It cannot be undone.`,
      action: 'Revoke the key',
    });
    if (isSure) revoke.mutate(key);
  };
  const columns: readonly Column<ApiKey>[] = [
    {
      title: 'Name',
      render: ({ name, prefix }) => (
        <div className="plimsoll-name">
          {name}
          <div className="plimsoll-quiet">
            <code>{prefix}…</code>
          </div>
        </div>
      ),
    },
    { title: 'Role', render: ({ role }) => role },
    {
      title: 'Where',
      render: ({ namespaceId }) =>
        namespaceId === null
          ? 'Wherever its account has a role'
          : (namespaces.find(({ id }) => id === namespaceId)?.displayName ?? namespaceId),
    },
    { title: 'Made', render: ({ createdAt }) => <Time at={createdAt} /> },
    { title: 'Last used', render: ({ lastUsedAt }) => <Time at={lastUsedAt} isRelative missing="Never" /> },
    {
      title: 'Ends',
      render: ({ expiresAt, revokedAt }) =>
        revokedAt === null ? <Time at={expiresAt} missing="Never" /> : <Label variant="outline">Revoked</Label>,
    },
  ];
  return (
    <>
      <DataTable
        what="API keys"
        query={keys}
        view={view}
        columns={columns}
        keyOf={({ id }) => id}
        nameOf={({ name }) => name}
        actions={key =>
          key.revokedAt === null ? [{ title: 'Revoke', isDanger: true, onClick: () => void ask(key) }] : []
        }
        toolbar={
          account === undefined && (
            <ToolbarItem>
              <Button onClick={() => setMaking(true)}>New API key</Button>
            </ToolbarItem>
          )
        }
        empty={
          <Empty title="There is no API key">
            Keys are for programs: the API takes them as a bearer, and the registry as a password.
          </Empty>
        }
      />
      {isMaking && (
        <NewKey
          onClose={() => setMaking(false)}
          onMade={made => {
            setMaking(false);
            setSecret(made);
          }}
        />
      )}
      {secret !== undefined && (
        <SecretDialog title="The new API key" what="the key" secret={secret} onClose={() => setSecret(undefined)}>
          Send it as <code>Authorization: Bearer KEY</code>, or as the password of a registry log-in.
        </SecretDialog>
      )}
    </>
  );
}

function NewKey({ onClose, onMade }: { readonly onClose: () => void; readonly onMade: (key: string) => void }) {
  const { all: namespaces } = useNamespaces();
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [namespaceId, setNamespace] = useState('');
  const [expires, setExpires] = useState('');
  const make = useChange({
    call: async () =>
      await bodyOf(
        api.POST('/api/v1/api-keys', {
          body: {
            name: name.trim(),
            role,
            namespaceId: namespaceId === '' ? null : namespaceId,
            expiresAt: expires === '' ? null : `${expires}T00:00:00Z`,
          },
        }),
      ),
    stale: ['api-keys'],
    failed: false,
    onDone: ({ key }) => onMade(key),
  });
  const mistakes = mistakesOf(make.error);
  return (
    <FormDialog
      title="New API key"
      action="Make the key"
      error={make.error}
      fields={['name', 'role', 'expiresAt']}
      isBusy={make.isPending}
      isReady={name.trim() !== ''}
      onSave={() => make.mutate(undefined)}
      onClose={onClose}
    >
      <TextField
        label="Name"
        isRequired
        value={name}
        onChange={setName}
        help="What it is for: deploy pipeline"
        wrong={mistakes.of('name')}
      />
      <SelectField
        label="Role"
        value={role}
        onChange={setRole}
        options={ROLE_OPTIONS}
        wrong={mistakes.of('role')}
        help="At most what you may yourself."
      />
      <SelectField
        label="Where"
        value={namespaceId}
        onChange={setNamespace}
        options={[
          { value: '', label: 'Wherever I have a role' },
          ...namespaces.map(({ id, displayName }) => ({ value: id, label: displayName })),
        ]}
      />
      <TextField
        label="Ends on"
        type="date"
        value={expires}
        onChange={setExpires}
        help="Never when empty."
        wrong={mistakes.of('expiresAt')}
      />
    </FormDialog>
  );
}
