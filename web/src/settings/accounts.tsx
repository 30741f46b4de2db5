/** Accounts: people and robots that may sign in. */
import { Button, Label, ToolbarItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, bodyOf } from '../api/client.ts';
import type { Account } from '../api/model.ts';
import { Time } from '../display/time.tsx';
import { Empty } from '../feedback/answer.tsx';
import { useConfirm } from '../feedback/confirm.tsx';
import { useChange } from '../feedback/use-change.ts';
import { TextField } from '../form/fields.tsx';
import { FormDialog } from '../form/form-dialog.tsx';
import { mistakesOf } from '../form/violations.ts';
import { useSession } from '../session/session.tsx';
import { useNamespaces } from '../shell/namespace.ts';
import { type Column, DataTable } from '../table/data-table.tsx';
import { useListView } from '../table/use-list-view.ts';
import { MembersDialog } from './members-dialog.tsx';
import { accountsQuery } from './settings-queries.ts';

type Dialog =
  | { readonly kind: 'new' }
  | { readonly kind: 'edit' | 'password'; readonly account: Account }
  | { readonly kind: 'roles' };

export function Accounts() {
  const view = useListView();
  const accounts = useQuery(accountsQuery(view.cursor));
  const { account: me } = useSession();
  const { all: namespaces } = useNamespaces();
  const [dialog, setDialog] = useState<Dialog>();
  const confirm = useConfirm();
  const path = (account: Account) => ({ params: { path: { accountId: account.id } } });
  const enable = useChange({
    call: async (account: Account) =>
      await api.PATCH('/api/v1/accounts/{accountId}', { ...path(account), body: { isDisabled: !account.isDisabled } }),
    stale: ['accounts'],
    done: (_, { name, isDisabled }) => `Account "${name}" is ${isDisabled ? 'enabled' : 'disabled'}`,
    failed: 'The account was not changed',
  });
  const remove = useChange({
    call: async (account: Account) => await api.DELETE('/api/v1/accounts/{accountId}', path(account)),
    stale: ['accounts', 'members', 'api-keys'],
    done: (_, { name }) => `Account "${name}" is removed`,
    failed: 'The account was not removed',
  });
  const askRemove = async (account: Account) => {
    const isSure = await confirm({
      title: `Remove the account "${account.name}"?`,
      body: 'Its sessions end and its API keys are refused. What it did stays in the audit log.',
      action: 'Remove the account',
    });
    if (isSure) remove.mutate(account);
  };
  const askEnable = async (account: Account) => {
    const isSure =
      account.isDisabled ||
      (await confirm({
        title: `Disable the account "${account.name}"?`,
        body: 'It is signed out everywhere, and its API keys rest until it is enabled again.',
        action: 'Disable the account',
      }));
    if (isSure) enable.mutate(account);
  };
  const rolesOf = ({ roles }: Account) =>
    roles
      .map(
        ({ namespaceId, role }) =>
          `${role} ${namespaceId === null ? 'everywhere' : `in ${namespaces.find(({ id }) => id === namespaceId)?.displayName ?? namespaceId}`}`,
      )
      .join(', ');
  const columns: readonly Column<Account>[] = [
    {
      title: 'Name',
      render: ({ name, displayName, email, isDisabled }) => (
        <div className="plimsoll-name">
          {name} {isDisabled && <Label isCompact>Disabled</Label>}
          <div className="plimsoll-quiet">
            {[displayName === name ? '' : displayName, email ?? ''].filter(Boolean).join(' · ')}
          </div>
        </div>
      ),
    },
    { title: 'Roles', width: 30, render: account => rolesOf(account) || <span className="plimsoll-quiet">None</span> },
    {
      title: 'Signs in by',
      render: ({ hasPassword, oidc }) =>
        [hasPassword ? 'password' : '', oidc === null ? '' : 'provider'].filter(Boolean).join(', ') || 'API keys alone',
    },
    { title: 'Last sign-in', render: ({ lastSignInAt }) => <Time at={lastSignInAt} isRelative missing="Never" /> },
  ];
  return (
    <>
      <DataTable
        what="accounts"
        query={accounts}
        view={view}
        columns={columns}
        keyOf={({ id }) => id}
        nameOf={({ name }) => name}
        actions={account => [
          { title: 'Edit', onClick: () => setDialog({ kind: 'edit', account }) },
          { title: 'Give another password', onClick: () => setDialog({ kind: 'password', account }) },
          ...(account.id === me.id
            ? []
            : [
                { title: account.isDisabled ? 'Enable' : 'Disable', onClick: () => void askEnable(account) },
                { title: 'Remove', isDanger: true, onClick: () => void askRemove(account) },
              ]),
        ]}
        toolbar={
          <>
            <ToolbarItem>
              <Button onClick={() => setDialog({ kind: 'new' })}>New account</Button>
            </ToolbarItem>
            <ToolbarItem>
              <Button variant="secondary" onClick={() => setDialog({ kind: 'roles' })}>
                Roles everywhere
              </Button>
            </ToolbarItem>
          </>
        }
        empty={<Empty title="There is no account" />}
      />
      {dialog?.kind === 'new' && <AccountDialog onClose={() => setDialog(undefined)} />}
      {dialog?.kind === 'edit' && <AccountDialog account={dialog.account} onClose={() => setDialog(undefined)} />}
      {dialog?.kind === 'password' && <PasswordDialog account={dialog.account} onClose={() => setDialog(undefined)} />}
      {dialog?.kind === 'roles' && <MembersDialog namespace={undefined} onClose={() => setDialog(undefined)} />}
    </>
  );
}

function AccountDialog({ account, onClose }: { readonly account?: Account; readonly onClose: () => void }) {
  const [name, setName] = useState(account?.name ?? '');
  const [displayName, setDisplayName] = useState(account?.displayName ?? '');
  const [email, setEmail] = useState(account?.email ?? '');
  const [password, setPassword] = useState('');
  const save = useChange({
    call: async () => {
      const shown = displayName.trim() === '' ? {} : { displayName: displayName.trim() };
      if (account !== undefined) {
        const body = { ...shown, email: email.trim() === '' ? null : email.trim() };
        return await bodyOf(
          api.PATCH('/api/v1/accounts/{accountId}', { params: { path: { accountId: account.id } }, body }),
        );
      }
      const body = {
        name: name.trim(),
        ...shown,
        ...(email.trim() === '' ? {} : { email: email.trim() }),
        ...(password === '' ? {} : { password }),
      };
      return await bodyOf(api.POST('/api/v1/accounts', { body }));
    },
    stale: ['accounts', 'session'],
    done: account === undefined ? `Account "${name}" is made; give it a role next` : `Account "${name}" is saved`,
    failed: false,
    onDone: onClose,
  });
  const mistakes = mistakesOf(save.error);
  return (
    <FormDialog
      title={account === undefined ? 'New account' : `Account ${account.name}`}
      action="Save"
      error={save.error}
      fields={['name', 'displayName', 'email', 'password']}
      isBusy={save.isPending}
      isReady={name.trim() !== ''}
      onSave={() => save.mutate(undefined)}
      onClose={onClose}
    >
      <TextField
        label="Name"
        isRequired
        isDisabled={account !== undefined}
        value={name}
        onChange={setName}
        wrong={mistakes.of('name')}
        help="What one signs in with."
      />
      <TextField label="Shown as" value={displayName} onChange={setDisplayName} wrong={mistakes.of('displayName')} />
      <TextField label="E-mail" type="email" value={email} onChange={setEmail} wrong={mistakes.of('email')} />
      {account === undefined && (
        <TextField
          label="Password"
          type="password"
          autoComplete="new-password"
          value={password}
          onChange={setPassword}
          wrong={mistakes.of('password')}
          help="Without one it signs in at the OpenID provider, or uses API keys alone."
        />
      )}
    </FormDialog>
  );
}

function PasswordDialog({ account, onClose }: { readonly account: Account; readonly onClose: () => void }) {
  const [password, setPassword] = useState('');
  const save = useChange({
    call: async () =>
      await api.PUT('/api/v1/accounts/{accountId}/password', {
        params: { path: { accountId: account.id } },
        body: { password },
      }),
    stale: ['accounts'],
    done: `Account "${account.name}" has another password, and is signed out everywhere`,
    failed: false,
    onDone: onClose,
  });
  return (
    <FormDialog
      title={`Another password for ${account.name}`}
      action="Give it"
      variant="small"
      error={save.error}
      fields={['password']}
      isBusy={save.isPending}
      isReady={password !== ''}
      onSave={() => save.mutate(undefined)}
      onClose={onClose}
    >
      <TextField
        label="Password"
        type="password"
        autoComplete="new-password"
        isRequired
        value={password}
        onChange={setPassword}
        wrong={mistakesOf(save.error).of('password')}
        help="All its sessions end."
      />
    </FormDialog>
  );
}
