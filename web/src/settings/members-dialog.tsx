/** Who has a role in a namespace, or everywhere. */
import {
  ActionGroup,
  Alert,
  Button,
  Form,
  Label,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
} from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api/client.ts';
import type { Member, Namespace, Role } from '../api/model.ts';
import { Empty } from '../feedback/answer.tsx';
import { useConfirm } from '../feedback/confirm.tsx';
import { useChange } from '../feedback/use-change.ts';
import { SelectField, TextField } from '../form/fields.tsx';
import { FormFailure } from '../form/form-failure.tsx';
import { type Column, DataTable } from '../table/data-table.tsx';
import { ROLE_OPTIONS } from './roles.ts';
import { membersQuery } from './settings-queries.ts';

const COLUMNS: readonly Column<Member>[] = [
  {
    title: 'Account',
    render: ({ account, displayName }) => (
      <div className="plimsoll-name">
        {displayName}
        {displayName !== account && <div className="plimsoll-quiet">{account}</div>}
      </div>
    ),
  },
  { title: 'Role', render: ({ role }) => role },
  {
    title: 'Given by',
    render: ({ origin }) => (origin === 'oidc' ? <Label variant="outline">A group of the provider</Label> : 'An admin'),
  },
];

/** `namespace` missing: roles that hold everywhere. */
export function MembersDialog({
  namespace,
  onClose,
}: {
  readonly namespace: Namespace | undefined;
  readonly onClose: () => void;
}) {
  const members = useQuery(membersQuery(namespace?.id));
  const confirm = useConfirm();
  const [account, setAccount] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const where = namespace === undefined ? 'everywhere' : `in ${namespace.displayName}`;
  const stale = ['members', 'accounts', 'session'];
  const give = useChange({
    call: async () => {
      const body = { role };
      const name = account.trim();
      if (namespace === undefined)
        return await api.PUT('/api/v1/members/{account}', { params: { path: { account: name } }, body });
      return await api.PUT('/api/v1/namespaces/{namespaceId}/members/{account}', {
        params: { path: { namespaceId: namespace.id, account: name } },
        body,
      });
    },
    stale,
    done: `${account} is ${role} ${where}`,
    failed: false,
    onDone: () => setAccount(''),
  });
  const take = useChange({
    call: async ({ account: name }: Member) => {
      if (namespace === undefined)
        return await api.DELETE('/api/v1/members/{account}', { params: { path: { account: name } } });
      return await api.DELETE('/api/v1/namespaces/{namespaceId}/members/{account}', {
        params: { path: { namespaceId: namespace.id, account: name } },
      });
    },
    stale,
    done: (_, member) => `${member.account} has no role ${where} any more`,
    failed: 'The role was not taken',
  });
  const ask = async (member: Member) => {
    const isSure = await confirm({
      title: `Take the role ${member.role} of ${member.account} ${where}?`,
      body: 'It holds from the next request on. The account and its keys stay.',
      action: 'Take the role',
    });
    if (isSure) take.mutate(member);
  };
  return (
    <Modal isOpen variant="medium" onClose={onClose} aria-labelledby="members-title">
      <ModalHeader title={`Who has a role ${where}`} labelId="members-title" />
      <ModalBody>
        {namespace === undefined && (
          <Alert
            variant="info"
            isInline
            isPlain
            title="These roles hold in all namespaces and for the server itself."
          />
        )}
        <DataTable
          what="members"
          query={members}
          columns={COLUMNS}
          keyOf={({ accountId, origin }) => `${accountId} ${origin}`}
          nameOf={member => member.account}
          actions={member =>
            member.origin === 'manual'
              ? [{ title: 'Take the role', isDanger: true, onClick: () => void ask(member) }]
              : []
          }
          empty={<Empty title="Nobody yet" />}
        />
        <Form
          onSubmit={event => {
            event.preventDefault();
            give.mutate(undefined);
          }}
        >
          <FormFailure error={give.error} title="The role was not given" />
          <TextField label="Account" isRequired value={account} onChange={setAccount} help="Its name" />
          <SelectField label="Role" value={role} onChange={setRole} options={ROLE_OPTIONS} />
          <ActionGroup>
            <Button
              type="submit"
              variant="secondary"
              isLoading={give.isPending}
              isDisabled={give.isPending || account.trim() === ''}
            >
              Give the role
            </Button>
          </ActionGroup>
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button onClick={onClose}>Close</Button>
      </ModalFooter>
    </Modal>
  );
}
