/** Webhooks: who is told of what. */
import { Button, Label, ToolbarItem } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { api } from '../api/client.ts';
import type { Webhook } from '../api/model.ts';
import { Empty } from '../feedback/answer.tsx';
import { useConfirm } from '../feedback/confirm.tsx';
import { useChange } from '../feedback/use-change.ts';
import { SecretDialog } from '../form/secret-dialog.tsx';
import { useNamespaces } from '../shell/namespace.ts';
import { type Column, DataTable } from '../table/data-table.tsx';
import { webhooksQuery } from './settings-queries.ts';
import { WebhookDialog } from './webhook-dialog.tsx';
import { kindTitle } from './webhook-kinds.ts';

export function Webhooks() {
  const webhooks = useQuery(webhooksQuery);
  const { all: namespaces } = useNamespaces();
  const confirm = useConfirm();
  const [edited, setEdited] = useState<Webhook | 'new'>();
  const [secret, setSecret] = useState<string>();
  const path = ({ id }: Webhook) => ({ params: { path: { webhookId: id } } });
  const test = useChange({
    call: async (webhook: Webhook) => await api.POST('/api/v1/webhooks/{webhookId}/test', path(webhook)),
    stale: ['webhooks'],
    done: (_, { name }) => `A test is on its way to "${name}"; see its deliveries`,
    failed: 'The test was not sent',
  });
  const remove = useChange({
    call: async (webhook: Webhook) => await api.DELETE('/api/v1/webhooks/{webhookId}', path(webhook)),
    stale: ['webhooks'],
    done: (_, { name }) => `Webhook "${name}" is removed`,
    failed: 'The webhook was not removed',
  });
  const ask = async (webhook: Webhook) => {
    const isSure = await confirm({
      title: `Remove the webhook "${webhook.name}"?`,
      body: `Nothing more is sent to ${webhook.url}. The log of its deliveries goes.`,
      action: 'Remove the webhook',
    });
    if (isSure) remove.mutate(webhook);
  };
  const columns: readonly Column<Webhook>[] = [
    {
      title: 'Name',
      render: ({ id, name, url, isEnabled }) => (
        <div className="plimsoll-name">
          <Link to={`/webhooks/${id}`}>{name}</Link> {!isEnabled && <Label isCompact>Disabled</Label>}
          <div className="plimsoll-quiet">{url}</div>
        </div>
      ),
    },
    {
      title: 'Namespace',
      render: ({ namespaceId }) => namespaces.find(({ id }) => id === namespaceId)?.displayName ?? '–',
    },
    { title: 'Events', width: 40, render: ({ kinds }) => kinds.map(kindTitle).join(', ') },
  ];
  return (
    <>
      <DataTable
        what="webhooks"
        query={webhooks}
        columns={columns}
        keyOf={({ id }) => id}
        nameOf={({ name }) => name}
        actions={webhook => [
          { title: 'Edit', onClick: () => setEdited(webhook) },
          { title: 'Send a test', onClick: () => test.mutate(webhook) },
          { title: 'Remove', isDanger: true, onClick: () => void ask(webhook) },
        ]}
        toolbar={
          <ToolbarItem>
            <Button onClick={() => setEdited('new')}>New webhook</Button>
          </ToolbarItem>
        }
        empty={
          <Empty title="There is no webhook">
            A webhook tells another system what happened: new findings, runs that failed.
          </Empty>
        }
      />
      {edited !== undefined && (
        <WebhookDialog
          webhook={edited === 'new' ? undefined : edited}
          onClose={made => {
            setEdited(undefined);
            setSecret(made);
          }}
        />
      )}
      {secret !== undefined && (
        <SecretDialog
          title="The secret of the webhook"
          what="the secret"
          secret={secret}
          onClose={() => setSecret(undefined)}
        >
          Deliveries are signed with it, as Standard Webhooks 1.0 says.
        </SecretDialog>
      )}
    </>
  );
}
